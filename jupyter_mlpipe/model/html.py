"""Records as HTML for notebooks; everything in them is text, whatever it looks like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum
from html import escape
from typing import Any

from jupyter_mlpipe.model.amounts import size_text

_MOST = 300
"""Characters of one fact."""
_WIDE = 60
"""Characters of one cell; all of it is there when one points at it."""
_STYLE = "text-align:left;vertical-align:top;white-space:nowrap"
_LAST = ("notebook", "run_id", "id")
_UNREAD = frozenset(
    {
        *("source", "definitions", "cell_hash", "cell_id", "cached_from", "element"),
        *("shared", "dependencies", "immovable", "display", "effects", "environment"),
    }
)
"""What is left to the record itself: code, digests, and what a hit needs."""
_SIZES = frozenset({"bytes", "nbytes"})
_MOMENTS = frozenset({"started", "ended", "created"})


def record_html(record: Any) -> str:
    """A record's fields that say something, one below the other; serves as `_repr_html_`."""
    known = {field.name: getattr(record, field.name) for field in fields(record)}
    return facts_html(type(record).__name__, known)


def facts_html(title: str, facts: Mapping[str, object]) -> str:
    """A title, and a line for each fact that is not empty."""
    told = ((name, _text(name, value)) for name, value in facts.items())
    lines = "".join(
        f'<tr><th style="text-align:left">{escape(name.replace("_", " "))}</th>'
        f'<td style="text-align:left;white-space:pre-wrap">{escape(text)}</td></tr>'
        for name, text in told
        if text
    )
    head = f'<caption style="text-align:left;font-weight:bold">{escape(title)}</caption>'
    return f"<table>{head}{lines}</table>"


def table_html(rows: Sequence[Mapping[str, object]]) -> str:
    """A table whose columns are the keys of which some row says something."""
    texts = [{name: _text(name, value) for name, value in row.items()} for row in rows]
    names = [name for name in dict.fromkeys(n for row in texts for n in row) if _any(name, texts)]
    head = "".join(f'<th style="{_STYLE}">{escape(name.replace("_", " "))}</th>' for name in names)
    body = "".join(
        f"<tr>{''.join(_cell(row.get(name, '')) for name in names)}</tr>" for row in texts
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(text: str) -> str:
    shown = text if len(text) <= _WIDE else f"{text[: _WIDE - 1]}…"
    return f'<td style="{_STYLE}" title="{escape(text)}">{escape(shown)}</td>'


def row_of(record: Any) -> Mapping[str, object]:
    """The fields of a record that one reads in a table; ids come last."""
    known = {field.name: getattr(record, field.name) for field in fields(record)}
    ids = {name: known.pop(name) for name in _LAST if name in known}
    return {name: value for name, value in (known | ids).items() if name not in _UNREAD}


def _any(name: str, rows: Iterable[Mapping[str, str]]) -> bool:
    return any(row.get(name) for row in rows)


def _text(name: str, value: object) -> str:
    if value is None or value in ("", (), [], {}):
        return ""
    if name in _MOMENTS and isinstance(value, float):
        local = datetime.fromtimestamp(value, tz=UTC).astimezone()
        return local.strftime("%Y-%m-%d %H:%M:%S")
    if name in _SIZES and isinstance(value, int):
        return size_text(value)
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, Mapping):
        value = ", ".join(f"{key}: {item}" for key, item in value.items())
    if isinstance(value, tuple | list):
        value = ", ".join(map(_item, value))
    text = f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"


def _item(value: object) -> str:
    """Of a record in a list its first fields, which name it."""
    return str(getattr(value, "step", None) or getattr(value, "variable", None) or value)
