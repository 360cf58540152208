"""Collections that hold their objects only as long as others do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

WEAK_MAPPINGS = (WeakKeyDictionary, WeakValueDictionary)
_WEAK = (*WEAK_MAPPINGS, WeakSet)


def weakly_held(values: Iterable[Any]) -> Iterator[Any]:
    """What weak collections hold that are among the values, or attributes of one of them."""
    for value in values:
        for part in (value, *getattr(value, "__dict__", {}).values()):
            if type(part) in WEAK_MAPPINGS:
                yield from (one for item in part.items() for one in item)
            elif type(part) in _WEAK:
                yield from part
