"""Conditions on a field that may have any of several values, which are parameters."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, bindparam, false

SEVERAL = (tuple, list, set, frozenset)


def listed(name: str, values: Collection[object]) -> dict[str, Any]:
    """Parameters for values of which a field may have any.

    The last one is repeated up to a power of two, so that there are few shapes.
    """
    known = list(values)
    count = 1 << (len(known) - 1).bit_length() if known else 0
    known += known[-1:] * (count - len(known))
    return {f"{name}_{place}": value for place, value in enumerate(known)}


def count_of(value: object) -> int | None:
    """How many parameters `listed` makes of a value; None for what is to be absent."""
    if isinstance(value, SEVERAL):
        return len(listed("", value))
    return None if value is None else 1


def is_one_of(column: ColumnElement[Any], name: str, count: int | None) -> ColumnElement[bool]:
    """Whether a column holds one of the `listed` parameters; without a count, nothing."""
    if count is None:
        return column.is_(None)
    if count == 0:
        return false()
    names = [f"{name}_{place}" for place in range(count)]
    if count == 1:
        return column == bindparam(names[0], type_=column.type)
    return column.in_([bindparam(one, type_=column.type) for one in names])
