"""Looks at a value through code of its class, which may write to it: a property that remembers."""

from __future__ import annotations

import contextlib
import io
import types
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jupyter_mlpipe.materializers.attributes import EMPTY, attributes_of, slots_of, value_in
from jupyter_mlpipe.materializers.builtin_types import is_atom
from jupyter_mlpipe.materializers.identity import identity

_MOST = 500
"""Objects whose attributes are put back; what lies deeper is seldom written to by a look."""
_LOOKED_THROUGH = 5_000
"""Objects that are looked at to find those."""
_WIDE = 100
"""Items of each that are followed."""
_APART = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
"""What is the notebook's or a library's own, and no part of a value."""


@contextlib.contextmanager
def untouched(value: Any) -> Iterator[None]:
    """Afterwards the attributes of the value, and of what it consists of, are what they were.

    What is printed meanwhile goes nowhere, for nobody asked for it. What containers hold is left
    as it is: a thread of the user's may be filling one.
    """
    kept = [_Kept(attributes, attributes.copy(), slots) for attributes, slots in _within(value)]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        for one in kept:
            one.put_back()


@dataclass(frozen=True, slots=True)
class _Kept:
    attributes: dict[str, Any]
    before: dict[str, Any]
    slots: Sequence[_Slot]

    def put_back(self) -> None:
        if not _is_same(self.attributes, self.before):
            self.attributes.clear()
            self.attributes.update(self.before)
        for slot in self.slots:
            slot.put_back()


@dataclass(frozen=True, slots=True)
class _Slot:
    """An attribute of a class with `__slots__`; it is set past what the class says to that."""

    owner: Any
    place: types.MemberDescriptorType
    before: Any

    def put_back(self) -> None:
        now = value_in(self.place, self.owner)
        if now is self.before:
            return
        if self.before is EMPTY:
            self.place.__delete__(self.owner)
        else:
            self.place.__set__(self.owner, self.before)


def _within(value: Any) -> Iterator[tuple[dict[str, Any], Sequence[_Slot]]]:
    """Attributes of the value and of what it leads to, each once, the nearest first."""
    waiting, seen, found = [value], {identity(value)}, 0
    for item in waiting:  # grows as it goes
        if type(item) in (list, tuple, dict):
            inner: Iterable[Any] = item.values() if type(item) is dict else item
        else:
            found_in, slots = _attributes(item), _slots(item)
            if found_in is None and not slots:
                continue
            attributes = {} if found_in is None else found_in
            yield attributes, slots
            found += 1
            inner = (*attributes.values(), *(slot.before for slot in slots))
        if found == _MOST or len(waiting) > _LOOKED_THROUGH:
            return
        for one in islice(inner, _WIDE):
            if not is_atom(type(one)) and identity(one) not in seen:
                seen.add(identity(one))
                waiting.append(one)


def _attributes(item: Any) -> dict[str, Any] | None:
    return None if isinstance(item, _APART) else attributes_of(item)


def _slots(item: Any) -> list[_Slot]:
    if isinstance(item, _APART):
        return []
    return [_Slot(item, place, value) for place, value in slots_of(item).items()]


def _is_same(attributes: dict[str, Any], before: dict[str, Any]) -> bool:
    if len(attributes) != len(before):
        return False
    pairs = zip(attributes.items(), before.items(), strict=True)
    return all(one == other and new is old for (one, new), (other, old) in pairs)
