"""NumPy arrays, stored as `.npy`."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.files import Files, LargeMaterializer, Memory
from jupyter_mlpipe.materializers.memory import row_of
from jupyter_mlpipe.materializers.previews import array_preview
from jupyter_mlpipe.model.artifact import Preview

_FILE = "array.npy"
_READ_ONLY_FILE = "read-only.npy"
"""The name tells what the format cannot: that the array refused to be written to."""
_KINDS = frozenset("biufcSUmM")
_LARGE = 64 * 1024
"""Bytes from which the memory of an array is stored as it is."""
_PAGE = 4096
_PREFIX = 8
"""Bytes of the format's name and version."""
_MOST_HEADER = 16 * 1024


class NumpyMaterializer(LargeMaterializer):
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
        import numpy as np

        name = _FILE if value.flags.writeable else _READ_ONLY_FILE
        if value.nbytes < _LARGE or not value.flags.forc:
            np.save(files.directory / name, value, allow_pickle=False)
            return
        ordered = value if value.flags.c_contiguous else value.T
        data = memoryview(ordered.reshape(-1).view(np.uint8))
        files.put(name, Memory(memoryview(_header(value))), Memory(data, row_of(ordered)))

    def read(self, files: Files) -> Any:
        """The array is mapped copy-on-write, so that a large one reads nothing yet."""
        found = files.get(_FILE)
        if found is not None:
            return _array(found)
        array = _array(files.get(_READ_ONLY_FILE))
        array.flags.writeable = False
        return array

    def summary(self, value: Any) -> Mapping[str, object]:
        """Shape, dtype, and bytes in memory."""
        return {"shape": list(value.shape), "dtype": str(value.dtype), "bytes": value.nbytes}

    def preview(self, value: Any) -> Preview | None:
        """Its corners."""
        return array_preview(value)


def _header(array: Any) -> bytes:
    """What stands before the elements, filled up to a page so that these can be mapped."""
    from numpy.lib import format as npy

    written = io.BytesIO()
    npy.write_array_header_1_0(written, npy.header_data_from_array_1_0(array))
    begin, text = written.getvalue()[:_PREFIX], written.getvalue()[_PREFIX + 2 :]
    length = _PAGE - _PREFIX - 2
    return begin + length.to_bytes(2, "little") + text.rstrip().ljust(length - 1) + b"\n"


def _array(content: Any) -> Any:
    import numpy as np
    from numpy.lib import format as npy

    begin = io.BytesIO(content[:_MOST_HEADER])
    read = (
        npy.read_array_header_1_0 if npy.read_magic(begin) == (1, 0) else npy.read_array_header_2_0
    )
    shape, fortran, dtype = read(begin)
    order: Any = "F" if fortran else "C"
    array = np.ndarray(shape, dtype, content, begin.tell(), order=order)
    return array.copy(order) if isinstance(content, bytearray) else array
