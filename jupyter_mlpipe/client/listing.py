"""Lists of records that show themselves as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from jupyter_mlpipe.client.artifacts import StoredArtifact
from jupyter_mlpipe.model.html import row_of, table_html

T = TypeVar("T")


class Listing(tuple[T, ...]):
    """A tuple that a notebook shows as a table."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return table_html([_row(record) for record in self])


def _row(record: object) -> Mapping[str, object]:
    return record.facts() if isinstance(record, StoredArtifact) else row_of(record)
