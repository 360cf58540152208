"""NumPy arrays, stored as `.npy`."""

from __future__ import annotations

import io
import json
import math
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.files import Files, Memory, MemoryMaterializer
from jupyter_mlpipe.materializers.memory import row_of, span_of, spanned
from jupyter_mlpipe.materializers.previews import array_preview
from jupyter_mlpipe.model.artifact import Preview

_FILES = {
    "array.npy": (True, True),
    "read-only.npy": (False, True),
    "view.npy": (True, False),
    "read-only-view.npy": (False, False),
}
"""The name tells what the format cannot: whether the array may be written to, and whether it is
one of its own or has a `base`, as one that was reshaped has."""
_REPEATED_FILE = "memory.npy"
"""Bytes that an array shows several times, as `np.broadcast_to` or sliding windows make it."""
_REPEATED = ((True, True), None)
_LAYOUT_FILE = "layout.json"
"""How it lies over them: its arguments to `np.ndarray`, and whether it may be written to."""
_KINDS = frozenset("biufcSUmM")
_LARGE = 64 * 1024
"""Bytes from which the memory of an array is stored as it is."""
_PAGE = 4096
_PREFIX = 8
"""Bytes of the format's name and version."""
_MOST_HEADER = 16 * 1024


class NumpyMaterializer(MemoryMaterializer):
    """Arrays of numbers, booleans, strings or dates; records and objects are left to pickle."""

    name: ClassVar[str] = "numpy"

    def accepts(self, value: Any) -> bool:
        """Only true arrays of NumPy's own types: others would come back as something else."""
        numpy = sys.modules.get("numpy")  # no array can exist before numpy is imported
        if numpy is None or type(value) is not numpy.ndarray:
            return False
        dtype = value.dtype
        return dtype.kind in _KINDS and dtype.isbuiltin != 2 and dtype.metadata is None

    def write(self, value: Any, files: Files) -> None:
        """Fortran order is kept; a view with gaps becomes an array of its own."""
        if _shows_again(value):
            _write_repeated(value, files)
        else:
            facts = value.flags.writeable, value.base is None
            _write(next(name for name, said in _FILES.items() if said == facts), value, files)

    def read(self, files: Files) -> Any:
        """The array is mapped copy-on-write, so that a large one reads nothing yet."""
        found = ((facts, files.get(name)) for name, facts in _FILES.items())
        (writeable, own), content = next((f for f in found if f[1] is not None), _REPEATED)
        if content is None:
            return _repeated(files)
        array = _array(content, own=own)
        if not writeable:
            array.flags.writeable = False
        return array

    def summary(self, value: Any) -> Mapping[str, object]:
        """Shape, dtype, and bytes in memory."""
        return {"shape": list(value.shape), "dtype": str(value.dtype), "bytes": value.nbytes}

    def preview(self, value: Any) -> Preview | None:
        """Its corners."""
        return array_preview(value)


def _shows_again(array: Any) -> bool:
    """Whether some of its elements are the same bytes."""
    if array.flags.forc or not array.size:
        return False
    start, end = span_of(array)
    return end - start < array.nbytes or 0 in array.strides


def _once(array: Any) -> Any:
    """Without what is repeated in one place, as all of an axis is that was broadcast.

    Where gaps are left, it is an array of its own: what lies in them is of others.
    """
    once = array[tuple(slice(None if step else 1) for step in array.strides)]
    start, end = span_of(once)
    return once.copy(order="K") if end - start > once.nbytes else once


def _write_repeated(array: Any, files: Files) -> None:
    once = _once(array)
    layout = {
        "shape": array.shape,
        "dtype": array.dtype.str,
        "offset": once.__array_interface__["data"][0] - span_of(once)[0],
        "strides": [
            own if step else 0 for step, own in zip(array.strides, once.strides, strict=True)
        ],
        "writeable": array.flags.writeable,
    }
    files.put(_LAYOUT_FILE, Memory(memoryview(json.dumps(layout).encode())))
    _write(_REPEATED_FILE, spanned(once), files)


def _repeated(files: Files) -> Any:
    import numpy as np

    layout = json.loads(bytes(files.get(_LAYOUT_FILE)))
    memory = _array(files.get(_REPEATED_FILE))
    array = np.ndarray(
        tuple(layout["shape"]),
        np.dtype(layout["dtype"]),
        memory,
        layout["offset"],
        tuple(layout["strides"]),
    )
    array.flags.writeable = layout["writeable"]
    return array


def _write(name: str, value: Any, files: Files) -> None:
    import numpy as np

    if value.nbytes < _LARGE or not value.flags.forc:
        np.save(files.directory / name, value, allow_pickle=False)
        return
    ordered = value if value.flags.c_contiguous else value.T
    data = memoryview(ordered.reshape(-1).view(np.uint8))
    files.put(name, Memory(memoryview(_header(value))), Memory(data, row_of(ordered)))


def _header(array: Any) -> bytes:
    """What stands before the elements, filled up to a page so that these can be mapped."""
    from numpy.lib import format as npy

    written = io.BytesIO()
    npy.write_array_header_1_0(written, npy.header_data_from_array_1_0(array))
    begin, text = written.getvalue()[:_PREFIX], written.getvalue()[_PREFIX + 2 :]
    length = _PAGE - _PREFIX - 2
    return begin + length.to_bytes(2, "little") + text.rstrip().ljust(length - 1) + b"\n"


def _array(content: Any, *, own: bool = True) -> Any:
    """Where the array has a base, that is one of all its elements in a row.

    A small one owns its memory, as it did; a large one cannot, for it is mapped.
    """
    import numpy as np
    from numpy.lib import format as npy

    begin = io.BytesIO(content[:_MOST_HEADER])
    read = (
        npy.read_array_header_1_0 if npy.read_magic(begin) == (1, 0) else npy.read_array_header_2_0
    )
    shape, fortran, dtype = read(begin)
    order: Any = "F" if fortran else "C"
    mapped = len(content) > _LARGE
    if not own:
        elements = np.ndarray((math.prod(shape),), dtype, content, begin.tell())
        return (elements if mapped else elements.copy()).reshape(shape, order=order)
    array = np.ndarray(shape, dtype, content, begin.tell(), order=order)
    return array if mapped else array.copy(order)
