"""Functions of the notebook that remember results (`lru_cache`), and what a step did to them.

What one remembers may stem from data that were something else then, and no other process knows it.
"""

from __future__ import annotations

import functools
from collections.abc import Container, Mapping
from types import FunctionType
from typing import Any

from jupyter_mlpipe.analysis.bytecode import global_names
from jupyter_mlpipe.model.run import Immovable

REMEMBERS = "it remembers results"
_CachedFunction = type(functools.cache(len))


def remembered(namespace: Mapping[str, Any]) -> Mapping[str, tuple[int, int]]:
    """By name: how many results were computed, and how many are kept."""
    infos = {n: v.cache_info() for n, v in list(namespace.items()) if type(v) is _CachedFunction}
    return {name: (info.misses, info.currsize) for name, info in infos.items()}


def remembered_since(
    before: Mapping[str, tuple[int, int]], namespace: Mapping[str, Any], data: Container[str]
) -> tuple[Immovable, ...]:
    """Functions that remember something else than before, of what they made from `data`."""
    return tuple(
        Immovable(name, "definition", REMEMBERS)
        for name, now in sorted(remembered(namespace).items())
        if now != before.get(name, (0, 0)) and _reads_data(namespace[name], namespace, data, set())
    )


def _reads_data(
    value: Any, namespace: Mapping[str, Any], data: Container[str], seen: set[FunctionType]
) -> bool:
    """Whether what a function of the notebook gives depends on variables."""
    function = value.__wrapped__ if type(value) is _CachedFunction else value
    if type(function) is not FunctionType or function in seen:
        return False
    if function.__globals__ is not namespace:
        return False  # one of a module cannot name the notebook's variables
    seen.add(function)
    names = global_names(function.__code__)
    if names.hidden or names.hiding or any(name in data for name in names.reads):
        return True
    return any(_reads_data(namespace.get(n), namespace, data, seen) for n in names.reads)
