"""Lists of records that show themselves as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from jupyter_mlpipe.model.html import row_of, table_html

T = TypeVar("T")


class Listing(tuple[T, ...]):
    """A tuple that a notebook shows as a table."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return table_html([_row(record) for record in self])


def _row(record: object) -> Mapping[str, object]:
    facts: Callable[[], Mapping[str, object]] | None = getattr(record, "facts", None)
    return facts() if facts is not None else row_of(record)
