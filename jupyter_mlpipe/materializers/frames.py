"""pandas frames and series, in the exact codec."""  # it is written so

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.codec import dump, load
from jupyter_mlpipe.materializers.files import Files, MemoryMaterializer
from jupyter_mlpipe.materializers.previews import table_preview
from jupyter_mlpipe.materializers.sharing import shared_memory
from jupyter_mlpipe.model.artifact import Preview


class PandasMaterializer(MemoryMaterializer):
    """Index, dtypes, attrs and flags included; Arrow and Parquet lose half of these.

    Each block of columns is a file that is mapped when the frame is loaded.
    """

    name: ClassVar[str] = "pandas"
    pickled: ClassVar[bool] = True

    def accepts(self, value: Any) -> bool:
        """Only true frames: subclasses have a state of their own, and are left to pickle."""
        pandas = sys.modules.get("pandas")
        kinds = (getattr(pandas, "DataFrame", None), getattr(pandas, "Series", None))
        return pandas is not None and type(value) in kinds

    def write(self, value: Any, files: Files) -> None:
        """Objects in cells are stored as they are."""
        dump(value, files, shared_memory(value))

    def read(self, files: Files) -> Any:
        """Columns are read when they are first used."""
        return load(files)

    def summary(self, value: Any) -> Mapping[str, object]:
        """Shape, bytes in memory, and the dtype of each of the first columns."""
        frame = value if value.ndim == 2 else value.to_frame()
        dtypes = frame.dtypes.iloc[:50]
        return {
            "shape": list(value.shape),
            "bytes": int(frame.memory_usage().sum()),
            "columns": [str(name) for name in dtypes.index],
            "dtypes": [str(dtype) for dtype in dtypes],
        }

    def preview(self, value: Any) -> Preview | None:
        """The first rows, and a line about each column."""
        return table_preview(value if value.ndim == 2 else value.to_frame())
