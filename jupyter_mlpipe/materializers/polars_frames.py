"""Polars frames and series, stored as Arrow IPC."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.base import Materializer
from jupyter_mlpipe.materializers.previews import CELL, COLUMNS, ROWS, SUMMARISED, cut
from jupyter_mlpipe.materializers.versions import needed
from jupyter_mlpipe.model.artifact import Column, Preview
from jupyter_mlpipe.model.errors import ValueNotLoadableError

_FRAME, _SERIES, _ORDER = "frame.arrow", "series.arrow", "order.json"


class PolarsMaterializer(Materializer):
    """Every type of column but Python objects; lazy frames are left to pickle, being code."""

    name: ClassVar[str] = "polars"

    def accepts(self, value: Any) -> bool:
        """Only true frames and series: what is derived from them has a state of its own."""
        polars = sys.modules.get("polars")
        kinds = (getattr(polars, "DataFrame", None), getattr(polars, "Series", None))
        return type(value) in kinds and not any(map(_holds_objects, _frame(value).dtypes))

    def save(self, value: Any, directory: Path) -> None:
        """Columns that are known to be sorted are named beside, for the format cannot tell."""
        frame = _frame(value)
        frame.write_ipc(directory / (_FRAME if frame is value else _SERIES))
        if any(order := [_order(column) for column in frame.get_columns()]):
            (directory / _ORDER).write_text(json.dumps(order), encoding="ascii")

    def load(self, directory: Path) -> Any:
        """Polars never writes to the memory of a file."""
        pl = needed("polars")
        is_frame = (directory / _FRAME).exists()
        try:
            frame = pl.read_ipc(directory / (_FRAME if is_frame else _SERIES))
        except Exception as error:  # another release may not know a type
            raise ValueNotLoadableError(
                f"Polars {pl.__version__} cannot read the stored frame: {error}. "
                "Install a later release of polars."
            ) from error
        for place, order in enumerate(_orders(directory)):
            if order:
                column = frame.to_series(place).set_sorted(descending=order == "descending")
                frame.replace_column(place, column)
        return frame if is_frame else frame.to_series(0)

    def summary(self, value: Any) -> Mapping[str, object]:
        """Shape, bytes in memory, and the first columns with their types."""
        columns = _frame(value).get_columns()[:COLUMNS]
        return {
            "shape": list(value.shape),
            "bytes": value.estimated_size(),
            "columns": [column.name for column in columns],
            "dtypes": [str(column.dtype) for column in columns],
        }

    def preview(self, value: Any) -> Preview | None:
        """The first rows, and a line about each column."""
        frame = _frame(value)
        columns = frame.get_columns()[:COLUMNS]
        rows = zip(*([cut(str(cell), CELL) for cell in c.head(ROWS)] for c in columns), strict=True)
        return Preview(
            "table",
            columns=tuple(
                Column(cut(c.name, CELL), cut(str(c.dtype), CELL), c.null_count(), _about(c))
                for c in columns
            ),
            rows=tuple(rows),
            total_rows=frame.height,
        )


def _frame(value: Any) -> Any:
    return value if hasattr(value, "get_columns") else value.to_frame()


def _holds_objects(dtype: Any) -> bool:
    import polars as pl

    fields = getattr(dtype, "fields", None)
    inner = [field.dtype for field in fields] if fields else [getattr(dtype, "inner", None)]
    return dtype == pl.Object or any(_holds_objects(one) for one in inner if one is not None)


def _order(column: Any) -> str:
    flags = column.flags
    if flags.get("SORTED_ASC"):
        return "ascending"
    return "descending" if flags.get("SORTED_DESC") else ""


def _orders(directory: Path) -> list[str]:
    path = directory / _ORDER
    return json.loads(path.read_bytes()) if path.exists() else []


def _about(column: Any) -> str:
    if column.len() == column.null_count():
        return ""
    if column.dtype.is_numeric():
        return f"{column.min():.6g} … {column.max():.6g}, mean {column.mean():.6g}"
    if column.dtype.is_temporal():
        return cut(f"{column.min()} … {column.max()}", CELL)
    if column.len() > SUMMARISED or column.dtype.is_nested():
        return ""
    return f"{column.n_unique()} different"
