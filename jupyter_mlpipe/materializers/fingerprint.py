"""Digests of values: whether one changed, and whether two are equal."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import cloudpickle
import xxhash
from blake3 import blake3

from jupyter_mlpipe.materializers.data_facts import (
    array_facts,
    arrow_facts,
    figure_facts,
    frame_facts,
    tensor_facts,
)
from jupyter_mlpipe.materializers.facts import code_facts, leaf
from jupyter_mlpipe.materializers.pickling import refuse_meaningless

_VERSION = b"jupyter_mlpipe value 1"
"""Goes into every content digest; changes whenever equal values would get other digests."""
_FAMILIES = (array_facts, frame_facts, code_facts, arrow_facts, tensor_facts, figure_facts)
_ATOMS = frozenset({type(None), bool, int, float, complex})


def content_digest(value: Any) -> str | None:
    """64 hexadecimal digits that equal values share, in every process and on every machine.

    Type, order, names, flags and the sharing of mutable parts count; how memory is laid out
    does not. None for a value that cannot be compared, such as a generator or a lock.
    """
    canonical = _CanonicalPickler()
    try:
        return canonical.digest(value).hex()
    except Exception:  # noqa: BLE001  # any class may refuse in a way of its own: it is opaque
        return None


def fingerprint(value: Any) -> bytes | None:
    """16 bytes that change with the value; comparable in this process only.

    An unchanged value has the same ones again. Equal values may have different ones. None for
    a value that cannot be looked into.
    """
    if type(value) in _ATOMS:
        return xxhash.xxh3_128_digest(f"{type(value).__name__} {value!r}".encode())
    sink = xxhash.xxh3_128()
    try:
        _QuickPickler(_Sink(sink)).dump(value)
    except Exception:  # noqa: BLE001  # any class may refuse in a way of its own: it is opaque
        return None
    return sink.digest()


class _Sink:
    """Looks like a file to pickle."""

    def __init__(self, hasher: Any) -> None:
        self.write = hasher.update


class _FactPickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    def __init__(self, sink: _Sink) -> None:
        super().__init__(sink, protocol=5)

    def reducer_override(self, obj: Any) -> Any:
        if not isinstance(obj, memoryview):  # may not be stored, but can be compared
            refuse_meaningless(obj)
        for facts in _FAMILIES:
            found = facts(obj, self._token)
            if found is not None:
                return found
        return super().reducer_override(obj)

    def _token(self, memory: Any) -> bytes:
        raise NotImplementedError


class _QuickPickler(_FactPickler):
    def _token(self, memory: Any) -> bytes:
        return xxhash.xxh3_128_digest(memory)


class _CanonicalPickler(_FactPickler):
    """Replaces what differs between processes: identity of leaves, and the order of sets."""

    def __init__(self) -> None:
        self._stream = blake3(_VERSION)
        self._leaves: dict[Hashable, int] = {}
        self._sets: dict[int, tuple[int, Any]] = {}
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
        key = leaf(obj)
        return None if key is None else self._leaves.setdefault(key, len(self._leaves))

    def _set(self, members: Any) -> Any:
        if id(members) in self._sets and type(members) is set:
            return "set again", self._sets[id(members)][0]
        self._sets[id(members)] = (len(self._sets), members)
        digests = sorted(_CanonicalPickler().digest(member) for member in members)
        return type(members).__name__, b"".join(digests)

    def _token(self, memory: Any) -> bytes:
        return blake3(memory).digest()


def _encoded(key: Hashable) -> bytes:
    """A leaf's key as bytes; `repr` is exact for all that occurs in one."""
    return repr(key).encode("utf-8", "surrogatepass")
