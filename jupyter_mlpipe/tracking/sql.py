"""The metadata store in a SQL database."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from sqlalchemy import Connection, Engine, RowMapping, select
from sqlalchemy.exc import SQLAlchemyError

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.environment import EnvironmentSnapshot
from jupyter_mlpipe.model.errors import MetadataError, NotFoundError
from jupyter_mlpipe.model.run import Input, Output, Run, StepRun
from jupyter_mlpipe.tracking import database, queries, rows
from jupyter_mlpipe.tracking.store import LineageEdge, Page, Query, R, Record
from jupyter_mlpipe.tracking.writing import write


class SqlMetadataStore:
    """The four verbs over a database, which is opened, made or migrated when first needed.

    May be used from several threads, and by several processes at once.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: Engine | None = None
        self._closed = False
        self._opening = threading.Lock()

    def append(self, records: Sequence[Record]) -> tuple[Record, ...]:
        """See `MetadataStore.append`."""
        if not records:
            return ()
        with self._connection() as connection:
            writer = connection.execution_options(**{database.WRITING: True})
            with writer.begin():
                return write(writer, records)

    def get(self, kind: type[R], id: str) -> R:
        """See `MetadataStore.get`."""
        place = queries.PLACES[kind]
        with self._connection() as connection:
            found = _read(connection, kind, select(place.table).where(place.id == id))
        if not found:
            raise NotFoundError(f"No {_WORDS[kind]} is recorded under the id {id!r}.")
        return found[0]

    def find(self, query: Query[R]) -> Page[R]:
        """See `MetadataStore.find`."""
        with self._connection() as connection:
            items = _read(connection, query.kind, queries.rows_of(query))
            whole = not query.counted or (len(items) < query.limit and not query.offset)
            total = len(items) if whole else connection.scalars(queries.total_of(query)).one()
        return Page(items, total)

    def lineage(
        self,
        version_id: str,
        direction: Literal["upstream", "downstream"] = "upstream",
        depth: int = 20,
        limit: int = 1000,
    ) -> tuple[LineageEdge, ...]:
        """See `MetadataStore.lineage`."""
        statement = queries.edges_of(version_id, direction, depth, limit * depth)
        with self._connection() as connection:
            found = dict.fromkeys(LineageEdge(*row) for row in connection.execute(statement))
        return tuple(found)[:limit]

    def close(self) -> None:
        """See `MetadataStore.close`."""
        with self._opening:
            self._closed = True
            if self._engine is not None:
                self._engine.dispose()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        try:
            with self._open().connect() as connection:
                yield connection
        except (SQLAlchemyError, UnicodeEncodeError, OverflowError) as error:
            raise database.explain(error, self._url) from error

    def _open(self) -> Engine:
        with self._opening:
            if self._closed:
                raise MetadataError("The metadata store was closed. Open another one.")
            if self._engine is None:
                self._engine = database.open_database(self._url)
            return self._engine


_WORDS = {
    Run: "run",
    StepRun: "step run",
    ArtifactVersion: "artifact version",
    EnvironmentSnapshot: "environment snapshot",
}


def _read(connection: Connection, kind: type[R], statement: Any) -> tuple[R, ...]:
    found = connection.execute(statement).mappings().all()
    read: Mapping[type, Callable[[Sequence[RowMapping]], tuple[Any, ...]]] = {
        Run: lambda found: tuple(map(rows.read_run, found)),
        StepRun: lambda found: _step_runs(connection, found),
        ArtifactVersion: lambda found: tuple(map(rows.read_version, found)),
        EnvironmentSnapshot: lambda found: tuple(map(rows.read_environment, found)),
    }
    return read[kind](found)


def _step_runs(connection: Connection, found: Sequence[RowMapping]) -> tuple[StepRun, ...]:
    inputs, outputs = defaultdict(list), defaultdict(list)
    for row in connection.execute(queries.data_of([row["id"] for row in found])) if found else ():
        if row.mutated is None:
            inputs[row.step_run].append(Input(row.variable, row.version_id))
        else:
            mutated = bool(row.mutated)  # a boolean loses its type in the union
            outputs[row.step_run].append(Output(row.variable, row.version_id, mutated))
    return tuple(rows.read_step_run(row, inputs[row["id"]], outputs[row["id"]]) for row in found)
