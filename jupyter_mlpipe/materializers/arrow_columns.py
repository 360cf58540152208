"""Columns of pandas that Arrow holds, stored without being copied together first."""

from __future__ import annotations

import copyreg
import sys
from typing import Any

_SLACK = 4096
"""Bytes that a chunk may hold beyond its content, as memory is rounded up."""


def reduced_column(obj: Any) -> tuple[Any, ...] | None:
    """How to bring back such a column, chunk by chunk.

    None for anything else, and where a chunk is a slice of something larger: its memory would be
    stored in whole. pandas copies those first.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or not hasattr(pandas, "DataFrame"):  # it is being imported
        return None
    kind = type(obj)
    known = str(kind.__module__).partition(".")[0] == "pandas"
    if not known or not issubclass(kind, pandas.api.extensions.ExtensionArray):
        return None
    chunks = getattr(getattr(obj, "_pa_array", None), "chunks", ())
    if not chunks or not all(map(_is_whole, chunks)):
        return None
    state = {**vars(obj), "_pa_array": chunks, "_cache": {}}
    return copyreg.__newobj__, (kind,), state  # type: ignore[attr-defined]


def _is_whole(chunk: Any) -> bool:
    return bool(chunk.get_total_buffer_size() <= chunk.nbytes + _SLACK)
