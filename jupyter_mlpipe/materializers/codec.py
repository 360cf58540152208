"""The exact codec: a pickled envelope, and one file for each large block of memory."""

from __future__ import annotations

import io
import itertools
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from jupyter_mlpipe.materializers.classes import with_content
from jupyter_mlpipe.materializers.files import Files, Memory
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.pickling import ExactPickler, bounded_recursion
from jupyter_mlpipe.model.errors import ValueNotLoadableError, ValueNotStorableError

_ENVELOPE = "value.pickle"
_LARGE = 64 * 1024
"""Bytes from which a block of memory is worth a file of its own."""
_ADVICE = (
    (("generator", "coroutine"), "Turn it into a list."),
    (("TextIO", "Buffered", "FileIO"), "Keep its path, and open it in the step that reads it."),
    (("that exec",), "Keep the values that it made, each under a name of its own."),
    (("recursion",), "It is nested too deeply; keep it in a flatter form."),
)


def dump(value: Any, files: Files, shared: frozenset[int] = frozenset()) -> None:
    """Hand out the files of `value`; nothing of it is changed or consumed.

    Where code of a class has a say in what comes back, it is read again and compared. A class
    that forgets or makes up something is passed by.

    Args:
        value: Anything that pickle or cloudpickle can take apart.
        files: Where the files go.
        shared: What of it is shared, as `shared_memory` tells.

    Raises:
        ValueNotStorableError: Something inside cannot be taken apart.
    """
    envelope = files.directory / _ENVELOPE
    try:
        large, doubtful = _take_apart(value, envelope, shared)
        if doubtful and not _comes_back(value, envelope, large):
            large, _ = _take_apart(value, envelope, shared, bare=True)
            if not _comes_back(value, envelope, large):
                raise pickle.PicklingError("its class brings back something else")  # noqa: TRY301
    except Exception as error:  # any class of the user's or a library's may raise anything
        raise ValueNotStorableError(_why_not(value, error)) from error
    for memory, name in zip(large, _buffer_names(), strict=False):
        files.put(name, memory)


def _take_apart(
    value: Any, envelope: Path, shared: frozenset[int], *, bare: bool = False
) -> tuple[list[Memory], bool]:
    """Write the envelope; the large memory, and whether it may come back as something else."""
    large: list[Memory] = []

    def keep_inside(buffer: pickle.PickleBuffer) -> bool:
        data = buffer.raw()
        if data.nbytes >= _LARGE:
            large.append(Memory(data, _row(memoryview(buffer))))
        return data.nbytes < _LARGE

    with envelope.open("wb") as file, bounded_recursion():
        pickler = ExactPickler(file, keep_inside, shared, bare=bare)
        pickler.dump(with_content(value))
    return large, pickler.doubtful


def _row(memory: memoryview) -> int:
    """Bytes of what follows each other in memory: in a block of columns, those of one."""
    shape = memory.shape or ()
    if len(shape) < 2 or not memory.nbytes:
        return 0
    return memory.nbytes // shape[0 if memory.c_contiguous else -1]


def _comes_back(value: Any, envelope: Path, large: Iterable[Memory]) -> bool:
    digest = content_digest(value)
    if digest is None:
        return True
    copies = [bytearray(memory.data) for memory in large]
    with envelope.open("rb") as file:
        return digest == content_digest(_put_together(file, copies))


def load(files: Files) -> Any:
    """Bring the value back; large memory is mapped copy-on-write, so nothing is read yet.

    Raises:
        ValueNotLoadableError: A definition or package that it needs is missing here.
    """
    buffers = itertools.takewhile(
        lambda memory: memory is not None, map(files.get, _buffer_names())
    )
    return _put_together(io.BytesIO(files.get(_ENVELOPE)), buffers)


def _put_together(envelope: BinaryIO, buffers: Iterable[Any]) -> Any:
    try:
        return _Unpickler(envelope, buffers=buffers).load()
    except ValueNotLoadableError:
        raise
    except ImportError as error:
        raise ValueNotLoadableError(
            f"The value needs {error.name or error}, which is not installed here. "
            "Install it, then try again."
        ) from error
    except Exception as error:  # any class of the user's or a library's may raise anything
        raise ValueNotLoadableError(
            f"The value cannot be brought back here: {type(error).__name__}: {error}. "
            "Compare the installed packages with those it was made with, or make it again."
        ) from error


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return super().find_class(module, name)
        except AttributeError as error:
            advice = (
                "Run the cell that defines it, then try again."
                if module == "__main__"
                else f"Install the version of {module.partition('.')[0]} it was made with."
            )
            place = "" if module == "__main__" else f" of {module}"
            raise ValueNotLoadableError(
                f"The value needs `{name}`{place}, which is not defined here. {advice}",
                definition=name.partition(".")[0] if module == "__main__" else "",
            ) from error


def _buffer_names() -> Iterable[str]:
    return (f"memory-{number}.bin" for number in itertools.count())


def _why_not(value: Any, error: Exception) -> str:
    reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    kind = type(value)
    advice = next(
        (advice for words, advice in _ADVICE if any(word in reason for word in words)),
        "Make it in the step that uses it, and keep the data it is made from.",
    )
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    return f"A value of type {name} cannot be stored: {reason}. {advice}"
