"""Whether a function of the notebook always gives the same result for the same arguments."""

from __future__ import annotations

import builtins
import functools
from collections.abc import Container, Mapping
from types import FunctionType
from typing import Any

from jupyter_mlpipe.analysis.bytecode import global_names
from jupyter_mlpipe.analysis.origins import is_of_notebook

CachedFunction = type(functools.cache(len))
_BUILTINS = frozenset(dir(builtins)) - {
    *("open", "input", "print", "id", "hash", "globals", "locals", "vars"),
}
_MODULES = frozenset(
    {"math", "cmath", "operator", "_operator", "itertools", "functools", "string", "fractions"}
)
"""Modules whose functions always give the same result for the same arguments."""


def is_pure(
    function: FunctionType, namespace: Mapping[str, Any], constants: Container[str] = frozenset()
) -> bool:
    """Whether it surely does, and does nothing besides; `constants` are never bound anew."""
    return _is_pure(function, namespace, constants, set())


def _is_pure(
    function: FunctionType,
    namespace: Mapping[str, Any],
    constants: Container[str],
    seen: set[FunctionType],
) -> bool:
    seen.add(function)
    names = global_names(function.__code__)
    if function.__closure__ or names.is_open or names.writes:
        return False
    return all(
        name in constants or _is_fixed(name, namespace, constants, seen) for name in names.reads
    )


def _is_fixed(
    name: str,
    namespace: Mapping[str, Any],
    constants: Container[str],
    seen: set[FunctionType],
) -> bool:
    if name not in namespace:
        return name in _BUILTINS
    value = namespace[name]
    if type(value) is CachedFunction:
        value = value.__wrapped__
    if isinstance(value, FunctionType) and is_of_notebook(value, namespace):
        return value in seen or _is_pure(value, namespace, constants, seen)
    return getattr(value, "__module__", getattr(value, "__name__", "")) in _MODULES
