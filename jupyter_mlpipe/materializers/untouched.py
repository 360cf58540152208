"""Looks at a value through code of its class, which may write to it: a property that remembers."""

from __future__ import annotations

import contextlib
import io
import types
from collections.abc import Iterator
from itertools import islice
from typing import Any

from jupyter_mlpipe.materializers.attributes import attributes_of
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
    kept = [(attributes, attributes.copy()) for attributes in _within(value)]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        for attributes, before in kept:
            if not _is_same(attributes, before):
                attributes.clear()
                attributes.update(before)


def _within(value: Any) -> Iterator[dict[str, Any]]:
    """Attributes of the value and of what it leads to, each once, the nearest first."""
    waiting, seen, found = [value], {identity(value)}, 0
    for item in waiting:  # grows as it goes
        inner = item if type(item) in (list, tuple, dict) else _attributes(item)
        if inner is None:
            continue
        if inner is not item:
            yield inner
            found += 1
        if found == _MOST or len(waiting) > _LOOKED_THROUGH:
            return
        for one in islice(inner.values() if type(inner) is dict else inner, _WIDE):
            if not is_atom(type(one)) and identity(one) not in seen:
                seen.add(identity(one))
                waiting.append(one)


def _attributes(item: Any) -> dict[str, Any] | None:
    return None if isinstance(item, _APART) else attributes_of(item)


def _is_same(attributes: dict[str, Any], before: dict[str, Any]) -> bool:
    if len(attributes) != len(before):
        return False
    pairs = zip(attributes.items(), before.items(), strict=True)
    return all(one == other and new is old for (one, new), (other, old) in pairs)
