"""Texts that a step may make paths of: in its cell, in functions it may call, in what it reads."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from types import CodeType, FunctionType
from typing import Any

from jupyter_mlpipe.engine.attempt import Attempt

_LONGEST = 1024
_MOST = 100
"""Items of a container that are looked at."""
_DEEP = 2
"""How far containers lie within each other that are looked into."""


def places_of(attempt: Attempt) -> frozenset[str]:
    """Whole paths, and pieces that paths are put together from."""
    closure, namespace = attempt.surroundings.closure, attempt.scope.variables.namespace
    found = set(attempt.signature.strings)
    for code in closure.codes:
        found.update(_in_code(code))
    for name in closure.reads & namespace.keys():
        found.update(_in_value(namespace[name], _DEEP))
    for module in filter(None, map(sys.modules.get, closure.modules)):
        for value in list(vars(module).values()):
            function = type(value) is FunctionType
            found.update(_in_code(value.__code__) if function else _in_value(value, 1))
    return frozenset(text for text in found if 0 < len(text) < _LONGEST)


def _in_code(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _in_code(constant)
        else:
            yield from _in_value(constant, _DEEP)


def _in_value(value: Any, depth: int) -> Iterator[str]:
    """By exact type, for code of the user's must not run."""
    kind = type(value)
    if kind is str:
        yield value
    elif kind.__module__ == "pathlib":
        yield os.fspath(value)
    elif kind in (list, tuple, set, frozenset, dict) and depth:
        parts: Iterable[Any] = value.values() if kind is dict else value
        for part in list(islice(parts, _MOST)):
            yield from _in_value(part, depth - 1)
