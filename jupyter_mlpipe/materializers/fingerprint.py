"""Digests of values: whether one changed, and whether two are equal."""

from __future__ import annotations

import copyreg
import marshal
import operator
import sys
from collections.abc import Hashable
from types import CodeType, FunctionType
from typing import Any, ClassVar

import cloudpickle
import xxhash
from blake3 import blake3

from jupyter_mlpipe.materializers.attributes import unasked
from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.builtin_types import is_container, is_scalar
from jupyter_mlpipe.materializers.classes import with_content
from jupyter_mlpipe.materializers.data_facts import (
    array_facts,
    arrow_facts,
    frame_facts,
    polars_facts,
    sparse_facts,
    tensor_facts,
    tree_facts,
    vectorizer_facts,
)
from jupyter_mlpipe.materializers.dataset_tables import dataset_facts
from jupyter_mlpipe.materializers.exceptions import exception_facts
from jupyter_mlpipe.materializers.facts import (
    Facts,
    code_facts,
    constant_facts,
    fact,
    iterator_facts,
    leaf,
    partial_facts,
    path_facts,
    type_facts,
)
from jupyter_mlpipe.materializers.figure_facts import figure_facts
from jupyter_mlpipe.materializers.keras_facts import keras_facts
from jupyter_mlpipe.materializers.making import with_forgotten
from jupyter_mlpipe.materializers.meaningless import refuse_meaningless
from jupyter_mlpipe.materializers.moments import Moment
from jupyter_mlpipe.materializers.own_state import (
    OF_THE_PROCESS,
    forgotten_by_library,
    taken_apart_by_itself,
    whole_state,
)
from jupyter_mlpipe.materializers.pickling import bounded_recursion
from jupyter_mlpipe.materializers.plotly_facts import plotly_facts
from jupyter_mlpipe.materializers.quick_facts import (
    quick_array_facts,
    quick_arrow_facts,
    quick_frame_facts,
    quick_text_facts,
)

_VERSION = b"jupyter_mlpipe value 4"
"""Goes into every content digest; changes whenever equal values would get other digests."""
_SMALL = 64
"""Items up to which looking at each is faster than pickling."""
_DEFINITIONS = (type, FunctionType)
_VARIED = frozenset({"torch", "matplotlib"})
"""Packages of which one object of a class may have facts and another none."""
_HOOKS = (
    *("__reduce__", "__reduce_ex__", "__getstate__", "__getattribute__"),
    *("__getnewargs__", "__getnewargs_ex__"),
)


def content_digest(value: Any, moment: Moment | None = None) -> str | None:
    """64 hexadecimal digits that equal values share, in every process and on every machine.

    Type, order, names, flags and the sharing of mutable parts count; how memory is laid out
    does not. None for a value that cannot be compared, such as a generator or a lock.

    Args:
        value: Anything.
        moment: What is known of its memory already.
    """
    canonical = _CanonicalPickler(moment or Moment())
    try:
        with bounded_recursion():
            return canonical.digest(_locked(with_content(value))).hex()
    except Exception:  # noqa: BLE001  # any class may refuse in a way of its own: it is opaque
        return None


def _locked(value: Any) -> Any:
    """That an array refuses to be written to is content; inside of others libraries set that."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, numpy.ndarray) or value.flags.writeable:
        return value
    return "read-only", value


def fingerprint(
    value: Any,
    buffers: BufferDigests | None = None,
    expected: bytes | None = None,
    *,
    lenient: bool = False,
) -> bytes | None:
    """16 bytes that change with the value; comparable in this process only.

    An unchanged value has the same ones again. Equal values may have different ones. None for
    a value that cannot be looked into, or that is another one each time it is looked into.

    Args:
        value: Anything.
        buffers: Digests the large arrays in it; those that remember nothing by default.
        expected: Those it had before.
        lenient: Whether what no other process could have, such as a lock, counts by identity.
    """
    buffers = buffers or BufferDigests(None)
    flat = flat_digest(value)
    if flat is not None:
        return flat
    try:
        facts = quick_array_facts(value, buffers.digest)
        if facts is not None:
            return xxhash.xxh3_128_digest(repr(facts[1]).encode())
        found, wayward = _pickled_digest(value, buffers, lenient)
        if wayward and expected != found != _pickled_digest(value, buffers, lenient)[0]:
            return None
    except Exception:  # noqa: BLE001  # any class may refuse in a way of its own: it is opaque
        return None
    return found


def flat_digest(value: Any) -> bytes | None:
    """The short way of `fingerprint`, for numbers and small containers of numbers and texts."""
    if is_scalar(kind := type(value)):
        return xxhash.xxh3_128_digest(f"{kind.__name__} {value!r}".encode())
    if flat_parts(value) is None:
        return None
    # This version of the format tells nothing of which equal items are one object.
    return xxhash.xxh3_128_digest(marshal.dumps(value, 2))


def flat_parts(value: Any) -> tuple[Any, ...] | None:
    """What a small container of nothing but numbers and texts holds; None of all others."""
    if not is_container(type(value)) or len(value) > _SMALL:
        return None
    parts = parts_of(value)
    for part in parts:
        if (kind := type(part)) is not str and not is_scalar(kind):
            return None
    return parts


def parts_of(container: Any) -> tuple[Any, ...]:
    """Keys and values of a dict, items of any other container of Python's own."""
    if type(container) is dict:
        return (*container, *container.values())
    return tuple(container)


def still_holds(container: Any, parts: tuple[Any, ...]) -> bool:
    """Whether it holds the very objects that `parts_of` gave of it."""
    now = parts_of(container) if type(container) is dict else container
    return len(now) == len(parts) and all(map(operator.is_, now, parts))


def _pickled_digest(
    value: Any,
    buffers: BufferDigests,
    lenient: bool,
) -> tuple[bytes, bool]:
    sink = xxhash.xxh3_128()
    pickler = _QuickPickler(_Sink(sink), buffers, lenient=lenient)
    with bounded_recursion():
        pickler.dump(with_content(value))
    return sink.digest(), pickler.wayward


class _Sink:
    """Looks like a file to pickle."""

    def __init__(self, hasher: Any) -> None:
        self.write = hasher.update


class _FactPickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    families: ClassVar[tuple[Facts, ...]]

    def __init__(self, sink: _Sink) -> None:
        super().__init__(sink, protocol=5)
        self.wayward = False
        """Whether Python code of a class was asked what its objects consist of."""
        self._plain: dict[int, type] = {}

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if id(kind) in self._plain:
            return NotImplemented
        if kind is not memoryview:  # may not be stored, but can be compared
            refuse_meaningless(obj)
        for facts in self.families:
            found = facts(obj, self._token)
            if found is not None:
                return found
        state = whole_state(obj)
        if state is not None:
            return (*fact("object", kind), state)
        if forgotten := forgotten_by_library(obj):
            return with_forgotten(obj, forgotten)
        reduced = taken_apart_by_itself(obj) or unasked(obj) or super().reducer_override(obj)
        if reduced is NotImplemented and not issubclass(kind, _DEFINITIONS):
            answers = _answers_itself(kind)
            self.wayward = self.wayward or answers
            if not answers and not _VARIED & {
                base.__module__.partition(".")[0] for base in kind.__mro__
            }:
                self._plain[id(kind)] = kind
        return reduced

    def _token(self, array: Any) -> bytes:
        raise NotImplementedError


def _answers_itself(kind: type) -> bool:
    """Whether code that is written in Python says what to pickle of its objects."""
    found = (vars(base).get(hook) for base in kind.__mro__ for hook in _HOOKS)
    return kind in copyreg.dispatch_table or any(isinstance(one, FunctionType) for one in found)


class _QuickPickler(_FactPickler):
    families = (
        *(
            exception_facts,
            quick_array_facts,
            quick_text_facts,
            array_facts,
            quick_frame_facts,
            frame_facts,
        ),
        *(
            constant_facts,
            code_facts,
            partial_facts,
            type_facts,
            quick_arrow_facts,
            tensor_facts,
            tree_facts,
            sparse_facts,
            figure_facts,
            keras_facts,
        ),
    )

    def __init__(self, sink: _Sink, buffers: BufferDigests, *, lenient: bool) -> None:
        super().__init__(sink)
        self._token = buffers.digest  # type: ignore[method-assign]  # one call less an array
        self._lenient = lenient

    def reducer_override(self, obj: Any) -> Any:
        """As for any value, but for what is asked to count by identity."""
        if self._lenient and isinstance(obj, OF_THE_PROCESS):
            return fact("place", id(obj))
        return super().reducer_override(obj)


class _CanonicalPickler(_FactPickler):
    """Replaces what differs between processes: identity of leaves, and the order of sets."""

    families = (
        *(exception_facts, array_facts, frame_facts, constant_facts, code_facts, type_facts),
        *(iterator_facts, path_facts, partial_facts),
        *(
            arrow_facts,
            polars_facts,
            tensor_facts,
            tree_facts,
            sparse_facts,
            vectorizer_facts,
            figure_facts,
            plotly_facts,
            dataset_facts,
            keras_facts,
        ),
    )

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._stream = blake3(_VERSION)
        self._leaves: dict[Hashable, int] = {}
        self._sets: dict[int, tuple[int, Any]] = {}
        self._codes: dict[int, tuple[bytes, CodeType]] = {}
        super().__init__(_Sink(self._stream))

    def digest(self, value: Any) -> bytes:
        self.dump(value)
        for key in self._leaves:
            part = _encoded(key)
            self._stream.update(len(part).to_bytes(8))
            self._stream.update(part)
        return self._stream.digest()

    def persistent_id(self, obj: Any) -> Any:
        """What pickle asks for first, about each object; None for "go on as usual"."""
        if type(obj) is set or type(obj) is frozenset:
            return self._set(obj)
        key = self._code(obj) if type(obj) is CodeType else leaf(obj)
        return None if key is None else self._leaves.setdefault(key, len(self._leaves))

    def _code(self, code: CodeType) -> Hashable:
        """Functions made by one line have one code, until they are loaded one by one."""
        if id(code) not in self._codes:
            digest = _CanonicalPickler(self._moment).digest(code_facts(code, self._token))
            self._codes[id(code)] = (digest, code)
        return CodeType, self._codes[id(code)][0]

    def _set(self, members: Any) -> Any:
        if id(members) in self._sets and type(members) is set:
            return "set again", self._sets[id(members)][0]
        self._sets[id(members)] = (len(self._sets), members)
        digests = sorted(_CanonicalPickler(self._moment).digest(member) for member in members)
        return type(members).__name__, b"".join(digests)

    def _token(self, array: Any) -> bytes:
        return self._moment.token(array)


def _encoded(key: Hashable) -> bytes:
    """A leaf's key as bytes; `repr` is exact for all that occurs in one."""
    return repr(key).encode("utf-8", "surrogatepass")
