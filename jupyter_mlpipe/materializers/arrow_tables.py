"""Arrow tables and record batches, stored as Arrow IPC."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.base import Materializer
from jupyter_mlpipe.materializers.previews import CELL, COLUMNS, ROWS, cut
from jupyter_mlpipe.materializers.versions import needed
from jupyter_mlpipe.model.artifact import Column, Preview
from jupyter_mlpipe.model.errors import ValueNotLoadableError

_TABLE, _BATCH = "table.arrow", "batch.arrow"
_LEFT = ("is_dictionary", "is_union", "is_run_end_encoded")
"""Types that a file holds in another form, or only when all chunks agree."""


class ArrowMaterializer(Materializer):
    """Tables that a file can hold as they are; the rest is left to pickle.

    A file has one sequence of batches for all columns, so columns must be cut at the same rows.
    """

    name: ClassVar[str] = "arrow"

    def accepts(self, value: Any) -> bool:
        """By types of columns and places of cuts, never by content."""
        arrow = sys.modules.get("pyarrow")
        kinds = (getattr(arrow, "Table", None), getattr(arrow, "RecordBatch", None))
        if type(value) not in kinds or not all(_is_exact(column) for column in value.schema.types):
            return False
        cuts = {_cuts(column) for column in value.columns}
        return len(cuts) <= 1 and not any(0 in lengths for lengths in cuts) and _has_rows(value)

    def save(self, value: Any, directory: Path) -> None:
        """With the metadata of the schema and its fields."""
        import pyarrow as pa

        is_table = type(value) is pa.Table
        path = directory / (_TABLE if is_table else _BATCH)
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, value.schema) as file:
            (file.write_table if is_table else file.write_batch)(value)

    def load(self, directory: Path) -> Any:
        """Columns look at the mapped file, which Arrow never writes to."""
        pa = needed("pyarrow")
        is_table = (directory / _TABLE).exists()
        try:
            with pa.memory_map(str(directory / (_TABLE if is_table else _BATCH))) as source:
                file = pa.ipc.open_file(source)
                return file.read_all() if is_table else file.get_batch(0)
        except (pa.ArrowException, OSError) as error:
            raise ValueNotLoadableError(
                f"PyArrow {pa.__version__} cannot read the stored table: {error}. "
                "Install a later release of pyarrow."
            ) from error

    def summary(self, value: Any) -> Mapping[str, object]:
        """Shape, bytes, and the first columns with their types."""
        columns = range(min(value.num_columns, COLUMNS))
        names = value.schema.names
        return {
            "shape": [value.num_rows, value.num_columns],
            "bytes": value.nbytes,
            "columns": [names[place] for place in columns],
            "dtypes": [str(value.schema.field(place).type) for place in columns],
        }

    def preview(self, value: Any) -> Preview | None:
        """The first rows."""
        return table_preview(value, value.num_rows)


def table_preview(table: Any, total_rows: int) -> Preview:
    """The first rows of a table, and how many values each column lacks."""
    columns = [table.column(place) for place in range(min(table.num_columns, COLUMNS))]
    shown = ([cut(str(cell.as_py()), CELL) for cell in c.slice(0, ROWS)] for c in columns)
    heads = zip(table.schema.names, columns, strict=False)
    return Preview(
        "table",
        columns=tuple(Column(cut(n, CELL), cut(str(c.type), CELL), c.null_count) for n, c in heads),
        rows=tuple(zip(*shown, strict=True)),
        total_rows=total_rows,
    )


def _is_exact(kind: Any) -> bool:
    import pyarrow as pa

    if isinstance(kind, pa.BaseExtensionType) or any(getattr(pa.types, is_)(kind) for is_ in _LEFT):
        return False
    return all(_is_exact(kind.field(place).type) for place in range(kind.num_fields))


def _cuts(column: Any) -> tuple[int, ...]:
    chunks = getattr(column, "chunks", None)
    return (len(column),) if chunks is None else tuple(map(len, chunks))


def _has_rows(value: Any) -> bool:
    """Rows without columns are counted nowhere in a file."""
    return bool(value.num_columns or not value.num_rows)
