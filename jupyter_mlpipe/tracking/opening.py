"""Opens a metadata store for as long as it is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.model.errors import MetadataError, NotFoundError
from jupyter_mlpipe.tracking.store import LineageEdge, MetadataStore, Page, Query, R, Record

_SQLITE = "sqlite:///"


@contextmanager
def looking_at(settings: Settings) -> Iterator[MetadataStore]:
    """The store for reading: a project that has recorded nothing is left without one."""
    url = settings.metadata_store
    file = url.removeprefix(_SQLITE)
    if url.startswith(_SQLITE) and not file.startswith("file:") and not Path(file).exists():
        yield NothingRecorded()
        return
    with changing(settings) as store:
        yield store


@contextmanager
def changing(settings: Settings) -> Iterator[MetadataStore]:
    """The store for writing, made if it is not there."""
    from jupyter_mlpipe.tracking.sql import SqlMetadataStore  # SQLAlchemy costs 0.4 s to import

    store = SqlMetadataStore(settings.metadata_store, settings.project)
    try:
        yield store
    finally:
        store.close()


class NothingRecorded:
    """Answers like an empty metadata store, and keeps nothing."""

    def append(self, records: Sequence[Record]) -> tuple[Record, ...]:
        """Always refused."""
        raise MetadataError("Nothing can be recorded here: the store was opened for reading.")

    def get(self, kind: type[R], id: str) -> R:
        """Never finds anything."""
        raise NotFoundError("Nothing is recorded yet. Run a notebook with a %%step cell first.")

    def find(self, query: Query[R]) -> Page[R]:
        """Never finds anything."""
        return Page((), 0)

    def lineage(
        self,
        version_id: str,
        direction: Literal["upstream", "downstream"] = "upstream",
        depth: int = 20,
        limit: int = 1000,
    ) -> tuple[LineageEdge, ...]:
        """Never finds anything."""
        return ()

    def close(self) -> None:
        """Holds nothing."""
