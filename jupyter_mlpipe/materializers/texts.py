"""Texts that say what they are: HTML, Markdown, CSV, JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.base import Materializer
from jupyter_mlpipe.materializers.previews import cut
from jupyter_mlpipe.model.artifact import ArtifactType, Column, Preview

_LENGTH = 20_000
_ROWS, _COLUMNS, _CELL = 50, 50, 200


class HTMLString(str):
    """Shown as a page of its own, in which no script runs and nothing is fetched."""

    __slots__ = ()


class MarkdownString(str):
    """Shown as it is written."""

    __slots__ = ()


class CSVString(str):
    """Shown as a table; the first line has the names of the columns."""

    __slots__ = ()


class JSONString(str):
    """Shown indented."""

    __slots__ = ()


_FILES: Mapping[type, str] = {
    HTMLString: "page.html",
    MarkdownString: "text.md",
    CSVString: "table.csv",
    JSONString: "value.json",
}


class TextMaterializer(Materializer):
    """One file in UTF-8, whose ending tells the kind."""

    name: ClassVar[str] = "text"
    artifact_type: ClassVar[ArtifactType] = ArtifactType.DATA_ANALYSIS

    def accepts(self, value: Any) -> bool:
        """These kinds alone, and no classes derived from them."""
        return type(value) in _FILES

    def save(self, value: Any, directory: Path) -> None:
        """Lone surrogates, which UTF-8 does not have, are kept as well."""
        (directory / _FILES[type(value)]).write_bytes(value.encode("utf-8", "surrogatepass"))

    def load(self, directory: Path) -> Any:
        """Line ends stay as they are."""
        kind, name = next((k, n) for k, n in _FILES.items() if (directory / n).exists())
        return kind((directory / name).read_bytes().decode("utf-8", "surrogatepass"))

    def summary(self, value: Any) -> Mapping[str, object]:
        """The length."""
        return {"length": len(value)}

    def preview(self, value: Any) -> Preview | None:
        """By its kind."""
        return text_shown(_FILES[type(value)], value)


def text_shown(file: str, text: str) -> Preview:
    """A text as the preview that fits the ending of its file."""
    ending = file.rpartition(".")[2].lower()
    if ending == "csv":
        return _table(text)
    kind = {"html": "html", "json": "json"}.get(ending, "text")
    return Preview(kind, text=cut(text.encode("utf-8", "replace").decode(), _LENGTH))


def _table(text: str) -> Preview:
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error:
        return Preview("text", text=cut(text, _LENGTH))
    head, *body = rows or [[]]
    return Preview(
        "table",
        columns=tuple(Column(cut(name, _CELL), "text") for name in head[:_COLUMNS]),
        rows=tuple(tuple(cut(cell, _CELL) for cell in row[:_COLUMNS]) for row in body[:_ROWS]),
        total_rows=len(body),
    )
