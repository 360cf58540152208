"""NumPy arrays, stored as `.npy`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.base import Materializer
from jupyter_mlpipe.materializers.previews import array_preview
from jupyter_mlpipe.model.artifact import Preview

_FILE = "array.npy"
_READ_ONLY_FILE = "read-only.npy"
"""The name tells what the format cannot: that the array refused to be written to."""
_KINDS = frozenset("biufcSUmM")


class NumpyMaterializer(Materializer):
    """Arrays of numbers, booleans, strings or dates; records and objects are left to pickle."""

    name: ClassVar[str] = "numpy"

    def accepts(self, value: Any) -> bool:
        """Only true arrays of NumPy's own types: others would come back as something else."""
        numpy = sys.modules.get("numpy")  # no array can exist before numpy is imported
        if numpy is None or type(value) is not numpy.ndarray:
            return False
        dtype = value.dtype
        return dtype.kind in _KINDS and dtype.isbuiltin != 2 and dtype.metadata is None

    def save(self, value: Any, directory: Path) -> None:
        """Fortran order is kept; a view becomes an array of its own."""
        import numpy as np

        name = _FILE if value.flags.writeable else _READ_ONLY_FILE
        np.save(directory / name, value, allow_pickle=False)

    def load(self, directory: Path) -> Any:
        """Map the file copy-on-write, so that a large array reads nothing yet."""
        import numpy as np

        path = directory / _FILE
        if path.exists():
            return _map(path)
        array = _map(directory / _READ_ONLY_FILE)
        array.flags.writeable = False
        return array.view(np.ndarray)

    def summary(self, value: Any) -> Mapping[str, object]:
        """Shape, dtype, and bytes in memory."""
        return {"shape": list(value.shape), "dtype": str(value.dtype), "bytes": value.nbytes}

    def preview(self, value: Any) -> Preview | None:
        """Its corners."""
        return array_preview(value)


def _map(path: Path) -> Any:
    import numpy as np

    array = np.load(path, mmap_mode="c", allow_pickle=False)
    return array.view(np.ndarray)  # a bare memmap would not be accepted by the next step
