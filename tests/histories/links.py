"""Which variables share memory that can change."""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any

import numpy as np
import pandas as pd


def linked(values: Mapping[str, Any]) -> list[str]:
    """Pairs of names of which one can show what is changed through the other."""
    reached = {name: _parts(value) for name, value in values.items()}
    names = sorted(reached)
    return [
        f"{one} {other}"
        for place, one in enumerate(names)
        for other in names[place + 1 :]
        if reached[one] & reached[other]
    ]


def _parts(value: Any) -> set[int]:
    found: set[int] = set()
    waiting = [value]
    while waiting:
        part = waiting.pop()
        inner = _inner(part)
        if inner is not None and id(part) not in found:
            found.add(id(part))
            waiting += inner
    return found


def _inner(part: Any) -> list[Any] | None:
    """What a thing that can change leads to; None for one that cannot."""
    if isinstance(part, list | tuple):
        return list(part)
    if isinstance(part, dict):
        return list(part.values())
    if isinstance(part, np.ndarray):
        return [] if part.base is None else [part.base]
    if isinstance(part, pd.DataFrame):
        return []
    if isinstance(part, FunctionType):
        cells = [cell.cell_contents for cell in part.__closure__ or ()]
        return [*cells, *(part.__defaults__ or ())]
    return [vars(part)] if type(part).__module__ == "__main__" else None
