"""Values that hold what `id()` gave: a place in memory, which means nothing in another process."""

from __future__ import annotations

import gc
import re
import sys
import types
from collections.abc import Iterable, Set
from typing import Any

from jupyter_mlpipe.materializers.identity import identity

_LONGEST = 100
"""Characters of a text that may tell a place."""
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]{6,16}|(?<![\d.])\d{8,20}(?![\d.])")
_PASSED_OVER = (types.ModuleType, type, types.CodeType, types.FrameType)
_MOST = 5_000_000


def holds_place(value: Any, places: Set[int]) -> bool:
    """Whether a value is, or leads to, one of the numbers that `id` gave to code of the user's.

    By true types alone. What is too large to be looked through counts as if it did.
    """
    if not places:
        return False
    own = vars(value).values() if issubclass(type(value), type) else ()
    waiting, seen = [value, *own], set[int]()
    kept: list[Any] = []  # what was seen keeps its place
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind is int or kind is str:
            if _tells(item, places):
                return True
        elif not issubclass(kind, _PASSED_OVER) and (place := identity(item)) not in seen:
            if len(seen) > _MOST or _is_array_of(item, places):
                return True
            seen.add(place)
            kept.append(item)
            waiting.extend(_inside(item))
    return False


def _tells(item: int | str, places: Set[int]) -> bool:
    if isinstance(item, int):
        return item in places
    if len(item) > _LONGEST:
        return False
    numbers = _NUMBER.findall(item)
    return any(int(n, 16 if n[1:2] in "xX" else 10) in places for n in numbers)


def _inside(item: Any) -> Iterable[Any]:
    """Not the namespace that a function looks its names up in."""
    if type(item) is types.FunctionType:
        return (item.__closure__, item.__defaults__, item.__kwdefaults__, item.__dict__)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(item, numpy.ndarray) and item.dtype.hasobject:
        return [*item.ravel().tolist(), *gc.get_referents(item)]
    return gc.get_referents(item)


def _is_array_of(item: Any, places: Set[int]) -> bool:
    numpy = sys.modules.get("numpy")
    if numpy is None or not issubclass(type(item), numpy.ndarray):
        return False
    if item.dtype.kind not in "iu" or item.dtype.itemsize < 8 or not item.size:
        return False
    if item.max() < min(places):
        return False
    return bool(numpy.isin(item, list(places)).any())
