"""The preview of a stored value, shown in a notebook."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

from jupyter_mlpipe.model.artifact import Preview
from jupyter_mlpipe.model.html import table_html


@dataclass(frozen=True, slots=True)
class ShownPreview:
    """Shows itself as the last expression of a cell; nothing in it is ever run."""

    title: str
    preview: Preview | None

    def __repr__(self) -> str:
        text = self.preview.text if self.preview is not None else "no preview was stored"
        return f"{self.title}\n{text}".rstrip()

    def _repr_html_(self) -> str:
        head = f"<b>{escape(self.title)}</b>"
        if self.preview is None:
            return f"{head}<div>no preview was stored</div>"
        shown = _WAYS.get(self.preview.kind, _text)
        return f"{head}{shown(self.preview)}"


def _text(preview: Preview) -> str:
    return f'<pre style="white-space:pre-wrap">{escape(preview.text)}</pre>'


def _page(preview: Preview) -> str:
    """Without `allow-` anything, a frame runs no script; the policy keeps it from fetching."""
    page = escape(f"{_POLICY}{_TYPE}{preview.text}")
    return (
        f'<iframe sandbox="" srcdoc="{page}" referrerpolicy="no-referrer" '
        'style="width:100%;height:320px;border:1px solid var(--jp-border-color2,#bdbdbd);'
        'background:white;color-scheme:light;resize:vertical"></iframe>'
    )


_POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
)


_TYPE = "<style>:where(body){font:13px/1.45 system-ui,sans-serif}</style>"
"""Counts only where the page says nothing else."""


def _image(preview: Preview) -> str:
    png = base64.b64encode(base64.b64decode(preview.image)).decode()
    return f'<div><img alt="" src="data:image/png;base64,{png}"></div>'


def _table(preview: Preview) -> str:
    columns = [
        {"column": c.name, "dtype": c.dtype, "nulls": c.nulls or "", "summary": c.summary}
        for c in preview.columns
    ]
    names = [column.name for column in preview.columns]
    rows = [dict(enumerate(row)) for row in preview.rows]
    shown = "".join(
        f"<tr>{''.join(f'<td>{escape(_brief(cell))}</td>' for cell in row.values())}</tr>"
        for row in rows
    )
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    count = f"<div>{preview.total_rows} rows, the first {len(rows)} of which are shown</div>"
    return (
        f"{count}<table><thead><tr>{head}</tr></thead><tbody>{shown}</tbody></table>"
        f"<details><summary>columns</summary>{table_html(columns)}</details>"
    )


def _brief(cell: str) -> str:
    """A number with as many digits as one reads; any other text as it is."""
    return f"{float(cell):.6g}" if _DIGITS.fullmatch(cell) else cell


_DIGITS = re.compile(r"-?\d+\.\d{5,}(e[+-]?\d+)?", re.IGNORECASE)
_WAYS: Mapping[str, Callable[[Preview], str]] = {
    "image": _image,
    "table": _table,
    "html": _page,
}
