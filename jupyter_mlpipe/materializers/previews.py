"""What a person sees of a value: text, a table or an image, bounded, and never markup."""

from __future__ import annotations

import base64
import io
import itertools
import json
import re
import reprlib
import warnings
from collections.abc import Sequence
from typing import Any

from jupyter_mlpipe.materializers.builtin_types import is_atom
from jupyter_mlpipe.materializers.figure_facts import LARGEST, drawn_already
from jupyter_mlpipe.materializers.figure_places import left_in_place
from jupyter_mlpipe.materializers.untouched import untouched
from jupyter_mlpipe.model.artifact import Column, Preview

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
"""Left out, so that equal values have equal previews."""
_TEXT = 4000
CELL = 120
ROWS = 20
COLUMNS = 50
SUMMARISED = 200_000
"""Rows up to which all are looked at; more would take too long for a preview."""


def text_preview(value: Any) -> Preview:
    """The representation of any object; one that is huge or broken is cut or named."""
    return Preview("text", text=_shown(value))


def short(value: Any) -> str:
    """The same, so short that it fits beside others."""
    return cut(_shown(value), 2 * CELL)


def _shown(value: Any) -> str:
    limits = reprlib.Repr()
    limits.maxdict = limits.maxlist = limits.maxtuple = limits.maxset = limits.maxfrozenset = 50
    limits.maxstring = limits.maxother = limits.maxlong = 1000
    try:
        with untouched(value):
            text = limits.repr(value)
    except Exception as error:  # noqa: BLE001  # a class of the user's may raise anything here
        text = f"<{type(value).__qualname__}, whose representation raised {type(error).__name__}>"
    return cut(_ADDRESS.sub("", text), _TEXT)


def json_preview(data: Any) -> Preview:
    """JSON's own values, indented."""
    return Preview("json", text=cut(json.dumps(data, indent=1, ensure_ascii=False), _TEXT))


def array_preview(array: Any) -> Preview:
    """The corners of an array, as NumPy prints them."""
    import numpy as np

    corners = np.array2string(array, threshold=200, edgeitems=3, max_line_width=100)
    return Preview("text", text=cut(f"{array.dtype} {array.shape}\n{corners}", _TEXT))


def table_preview(frame: Any) -> Preview:
    """The first rows of a frame, and a line about each column."""
    shown = frame.iloc[:ROWS, :COLUMNS]
    values = shown.to_numpy(dtype=object)  # all at once: taken one by one they cost as much again
    columns = (Column("", str(frame.index.dtype)), *map(_column, _series_of(frame)))
    rows = (
        (_cell(label), *(_cell(value) for value in row))
        for label, row in zip(shown.index, values, strict=True)
    )
    return Preview("table", columns=columns, rows=tuple(rows), total_rows=len(frame))


def image_preview(figure: Any) -> Preview:
    """A figure as PNG, at most about 800 pixels wide and high."""
    png = drawn_already(figure) or _drawn(figure)
    return Preview("image", image=base64.b64encode(png).decode())


def _drawn(figure: Any) -> bytes:
    png = io.BytesIO()
    dpi = min(80.0, LARGEST / max(*figure.get_size_inches(), 1.0))
    with left_in_place(figure), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the user saw them when the figure was drawn
        figure.savefig(png, format="png", dpi=dpi, backend="agg", metadata={"Software": None})
    return png.getvalue()


def cut(text: str, length: int) -> str:
    """At most `length` characters; an ellipsis tells that there was more."""
    return text if len(text) <= length else text[: length - 1] + "…"


def _cell(value: Any) -> str:
    if is_atom(type(value)):
        return cut(str(value), CELL)
    try:
        with untouched(value):
            return cut(str(value), CELL)
    except Exception as error:  # noqa: BLE001  # a class of the user's may raise anything here
        return f"<{type(value).__qualname__}: {type(error).__name__}>"


def _series_of(frame: Any) -> Sequence[Any]:
    return [column for _, column in itertools.islice(frame.items(), COLUMNS)]


def _column(series: Any) -> Column:
    import numpy as np

    try:
        if isinstance(series.dtype, np.dtype) and series.dtype.kind in "fiu":
            nulls, summary = _numbers(series.to_numpy())
        else:
            nulls, summary = int(np.count_nonzero(series.isna())), _summary(series)
    except (TypeError, ValueError, ArithmeticError):  # such as lists in the cells
        nulls, summary = 0, ""
    return Column(_cell(series.name), str(series.dtype), nulls, cut(summary, CELL))


def _numbers(values: Any) -> tuple[int, str]:
    """How many are missing, and a summary: as pandas finds it, at a tenth of the price."""
    import numpy as np

    about = "" if len(values) <= SUMMARISED else "about "
    missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(0, bool)
    nulls = int(np.count_nonzero(missing))
    shown = values[~missing] if nulls else values
    if about:
        shown = np.concatenate([shown[part] for part in _parts(len(shown))])
    if not len(shown):
        return nulls, "nan … nan, mean nan"
    with np.errstate(all="ignore"):
        mean = shown.mean(dtype="f8")
    return nulls, f"{about}{shown.min():.6g} … {shown.max():.6g}, mean {mean:.6g}"


def _summary(series: Any) -> str:
    import pandas as pd

    kinds, length = pd.api.types, len(series)
    all_of_it = length <= SUMMARISED
    about = "" if all_of_it else "about "
    shown = series if all_of_it else _parts_of(series)
    if kinds.is_numeric_dtype(series.dtype) and not kinds.is_bool_dtype(series.dtype):
        return f"{about}{shown.min():.6g} … {shown.max():.6g}, mean {shown.mean():.6g}"
    if kinds.is_datetime64_any_dtype(series.dtype):
        return f"{about}{shown.min()} … {shown.max()}"
    return f"{series.nunique()} different" if all_of_it else ""


def _parts_of(series: Any) -> Any:
    import pandas as pd

    return pd.concat([series.iloc[part] for part in _parts(len(series))])


def _parts(length: int) -> tuple[slice, ...]:
    """Rows from the beginning, middle and end."""
    part = SUMMARISED // 20
    starts = (0, max(0, (length - part) // 2), max(0, length - part))
    return tuple(slice(start, start + part) for start in starts)
