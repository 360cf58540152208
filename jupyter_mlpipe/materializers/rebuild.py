"""What stored envelopes call to bring values back.

The names and parameters here are part of the stored format: artifacts that exist refer to them
by `jupyter_mlpipe.materializers.rebuild`. Add new ones, and change none.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from typing import Any


def dates(data: Any, dtype: Any, shape: tuple[int, ...], order: Any) -> Any:
    """An array of dates or durations over the integers in `data`; no bytes are copied."""
    import numpy as np

    return np.frombuffer(data, dtype="i8").view(dtype).reshape(shape, order=order)


def view(
    memory: Any, dtype: Any, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
) -> Any:
    """An array over bytes that other arrays may look at as well; `offset` in bytes."""
    import numpy as np

    return np.ndarray(shape, dtype, memory, offset, strides)


def object_view(memory: Any, shape: tuple[int, ...], strides: tuple[int, ...], start: int) -> Any:
    """The same for Python objects; `start` counts elements of `memory`."""
    import numpy as np

    return np.lib.stride_tricks.as_strided(memory[start:], shape, strides)


def read_only(array: Any) -> Any:
    """An array that refuses to be written to, over memory that others may write to."""
    array.flags.writeable = False
    return array


def function(code: types.CodeType, cells: tuple[types.CellType, ...] | None) -> Any:
    """A function of the notebook, bound to the namespace that is being loaded into."""
    namespace = sys.modules["__main__"].__dict__
    return types.FunctionType(code, namespace, code.co_name, None, cells)


def set_function(made: Any, attributes: Mapping[str, Any]) -> None:
    """Give a function back its name, defaults and attributes."""
    for name, value in attributes.items():
        setattr(made, name, value)


def empty_cell() -> types.CellType:
    """A closure's variable, filled later so that a function can refer to itself."""
    return types.CellType()


def set_cell(cell: types.CellType, content: tuple[Any]) -> None:
    """Fill a closure's variable."""
    (cell.cell_contents,) = content


def attribute_dict(kind: Any) -> Any:
    """An empty dict whose items are its attributes, as many libraries' `Bunch` classes are."""
    made = kind.__new__(kind)
    made.__dict__ = made
    return made
