"""The exact codec: a pickled envelope, and one file for each large block of memory."""

from __future__ import annotations

import mmap
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_mlpipe.materializers.classes import with_content
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.pickling import ExactPickler, bounded_recursion
from jupyter_mlpipe.model.errors import ValueNotLoadableError, ValueNotStorableError

_ENVELOPE = "value.pickle"
_LARGE = 64 * 1024
"""Bytes from which a block of memory is worth a file of its own."""
_ADVICE = (
    (("generator", "coroutine"), "Turn it into a list."),
    (("TextIO", "Buffered", "FileIO"), "Keep its path, and open it in the step that reads it."),
    (("recursion",), "It is nested too deeply; keep it in a flatter form."),
)


def dump(value: Any, directory: Path, shared: frozenset[int] = frozenset()) -> None:
    """Write `value` into the empty `directory`; nothing of it is changed or consumed.

    Where code of a class has a say in what comes back, it is read again and compared. A class
    that forgets or makes up something is passed by.

    Args:
        value: Anything that pickle or cloudpickle can take apart.
        directory: Where the files go.
        shared: Addresses of memory that several of its arrays look at.

    Raises:
        ValueNotStorableError: Something inside cannot be taken apart.
    """
    try:
        if _write(value, directory, shared) and not _comes_back(value, directory):
            _write(value, directory, shared, bare=True)
            if not _comes_back(value, directory):
                raise pickle.PicklingError("its class brings back something else")  # noqa: TRY301
    except Exception as error:  # any class of the user's or a library's may raise anything
        raise ValueNotStorableError(_why_not(value, error)) from error


def _write(value: Any, directory: Path, shared: frozenset[int], *, bare: bool = False) -> bool:
    """Whether what was written may come back as something else."""
    large: list[memoryview] = []

    def keep_inside(buffer: pickle.PickleBuffer) -> bool:
        data = buffer.raw()
        if data.nbytes >= _LARGE:
            large.append(data)
        return data.nbytes < _LARGE

    with (directory / _ENVELOPE).open("wb") as file, bounded_recursion():
        pickler = ExactPickler(file, keep_inside, shared, bare=bare)
        pickler.dump(with_content(value))
    for data, path in zip(large, _buffer_paths(directory), strict=False):
        path.write_bytes(data)
    return pickler.doubtful


def _comes_back(value: Any, directory: Path) -> bool:
    digest = content_digest(value)
    return digest is None or digest == content_digest(load(directory))


def load(directory: Path) -> Any:
    """Bring the value back; large memory is mapped copy-on-write, so nothing is read yet.

    Raises:
        ValueNotLoadableError: A definition or package that it needs is missing here.
    """
    buffers = list(_map_files(directory))
    try:
        with (directory / _ENVELOPE).open("rb") as file:
            return _Unpickler(file, buffers=buffers).load()
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


def _buffer_paths(directory: Path) -> Iterator[Path]:
    number = 0
    while True:
        yield directory / f"memory-{number}.bin"
        number += 1


def _map_files(directory: Path) -> Iterator[mmap.mmap]:
    for path in _buffer_paths(directory):
        if not path.exists():
            return
        with path.open("rb") as file:
            yield mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


def _why_not(value: Any, error: Exception) -> str:
    reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    kind = type(value)
    advice = next(
        (advice for words, advice in _ADVICE if any(word in reason for word in words)),
        "Make it in the step that uses it, and keep the data it is made from.",
    )
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    return f"A value of type {name} cannot be stored: {reason}. {advice}"
