"""Where arrays keep their bytes."""

from __future__ import annotations

import array as arrays
import mmap
import re
import sys
from pathlib import Path
from typing import Any, TypeAlias

from jupyter_mlpipe.materializers.tensors import is_tensor, storage_address, storage_bytes

Lender: TypeAlias = bytearray | arrays.array  # type: ignore[type-arg]
"""Python's own memory that arrays can look at and write to."""
_LENT = frozenset("biufcSU")
"""Kinds of numbers and texts of which NumPy lends an array's memory."""
_OURS = re.compile(
    r"/mlpipe-[^/]+(/[^/]+){2,3} \(deleted\)"
    r"|/[0-9a-f]{2}/[0-9a-f]{64}( \(deleted\))?|/packs/[0-9a-f]{32}( \(deleted\))?"
)
"""Where the files of stored values are: without a name, under the digest of their content, or
packed together."""


def root_of(array: Any) -> Any:
    """The array that owns, or first borrowed, the memory that `array` looks at."""
    import numpy as np

    while isinstance(base := _base_of(array), np.ndarray):
        array = base
    return array


def is_plain_owner(array: Any) -> bool:
    """Whether it has all of its memory, in an order in which others can look at it."""
    own = array.flags.owndata or isinstance(array.base, mmap.mmap | memoryview)
    return bool(own and array.flags.c_contiguous and array.nbytes and array.dtype.kind in _LENT)


def _base_of(array: Any) -> Any:
    """What an array is a view of; NumPy's own tricks with strides put a dummy in between."""
    base = array.base
    return base.base if type(base).__name__ == "DummyArray" else base


def writes_to_file(value: Any) -> bool:
    """Whether it is an array over a file, to which whatever is written to the array goes."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, numpy.memmap):
        return False
    return getattr(value, "_mmap", None) is not None and value.mode in ("r+", "w+")


def address_of(array: Any) -> int:
    """Where that memory begins; equal for all arrays and tensors that look at it."""
    root = root_of(array)
    lender = root.base
    if lender is not None and is_tensor(lender):
        return storage_address(lender)
    if root.size and any(stride < 0 for stride in root.strides):
        return span_of(root)[0]
    return int(root.__array_interface__["data"][0])


def flat_bytes(lender: Lender) -> Any:
    """All of them as one array."""
    import numpy as np

    return np.frombuffer(memoryview(lender).cast("B"), np.uint8)


def flat_memory(array: Any) -> Any:
    """All of that memory as one plain array: of bytes, or of objects for object arrays."""
    import numpy as np

    root = np.asarray(root_of(array))
    if is_tensor(root.base):
        return storage_bytes(root.base)
    if not (root.flags.c_contiguous or root.flags.f_contiguous):
        return spanned(root)
    root = root.reshape(-1, order="C" if root.flags.c_contiguous else "F")
    return root if root.dtype.hasobject else root.view(np.uint8)


def spanned(root: Any) -> Any:
    """The memory of an array in neither order, such as `np.concatenate` makes of transposed ones.

    Reshaping it would give a copy with its elements elsewhere.
    """
    import numpy as np

    lowest = tuple(slice(-1, None) if stride < 0 else slice(1) for stride in root.strides)
    first = root[lowest].reshape(-1)
    first = first if root.dtype.hasobject else first.view(np.uint8)
    start, end = span_of(root)
    step = first.itemsize
    return np.lib.stride_tricks.as_strided(first, ((end - start) // step,), (step,))


def contiguous_bytes(array: Any) -> Any:
    """The elements of an array in C order as bytes; a copy only where they are not so already."""
    import numpy as np

    if array.nbytes == 0:
        return b""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def row_of(array: Any) -> int:
    """Bytes of what follows each other in an array in C order, such as the columns of a block."""
    return array.nbytes // array.shape[0] if array.ndim > 1 and array.nbytes else 0


def span_of(array: Any) -> tuple[int, int]:
    """Addresses of the first byte that an array looks at, and of the one behind the last."""
    start = end = int(array.__array_interface__["data"][0])
    for length, stride in zip(array.shape, array.strides, strict=True):
        if stride < 0:
            start += (length - 1) * stride
        else:
            end += (length - 1) * stride
    return start, end + array.itemsize


def is_private(array: Any) -> bool:
    """Whether the memory changes only when this process writes to it.

    Memory shared with other processes can be changed by them, and a mapped file by whoever
    writes to the file; the files of stored values are never written to.
    """
    root = root_of(array)
    if root.flags.owndata:
        return bool(_allocator(root) == "default_allocator")
    start, end = span_of(array)
    return all(_is_private(line) for line in _maps_between(start, end))


def _allocator(array: Any) -> Any:
    numpy = sys.modules.get("numpy._core.multiarray") or sys.modules["numpy.core.multiarray"]
    return numpy.get_handler_name(array)


def _maps_between(start: int, end: int) -> list[str]:
    with Path("/proc/self/maps").open(encoding="utf-8", errors="surrogateescape") as file:
        lines = file.read().splitlines()
    found = []
    for line in lines:
        first, _, last = line.partition(" ")[0].partition("-")
        if int(first, 16) < end and int(last, 16) > start:
            found.append(line)
    return found


def _is_private(line: str) -> bool:
    """A line of the system's list: addresses, rights, offset, device, inode and path."""
    _, rights, _, _, inode, *path = line.split(maxsplit=5)
    anonymous = inode == "0"
    return rights[3] == "p" and (anonymous or _OURS.search("".join(path)) is not None)
