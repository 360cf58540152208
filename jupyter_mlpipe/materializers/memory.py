"""Where arrays keep their bytes."""

from __future__ import annotations

from typing import Any


def root_of(array: Any) -> Any:
    """The array that owns, or first borrowed, the memory that `array` looks at."""
    import numpy as np

    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def address_of(array: Any) -> int:
    """Where that memory begins; equal for all arrays that look at it."""
    return int(root_of(array).__array_interface__["data"][0])


def flat_memory(array: Any) -> Any:
    """All of that memory as one plain array: of bytes, or of objects for object arrays."""
    import numpy as np

    root = np.asarray(root_of(array))
    root = root.reshape(-1, order="C" if root.flags.c_contiguous else "F")
    return root if root.dtype.hasobject else root.view(np.uint8)
