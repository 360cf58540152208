"""The metadata store in a SQL database."""

from __future__ import annotations

import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from jupyter_mlpipe.model.artifact import Artifact, ArtifactVersion
from jupyter_mlpipe.model.environment import EnvironmentSnapshot
from jupyter_mlpipe.model.errors import MetadataError, NotFoundError, UnreachableError
from jupyter_mlpipe.model.models import Model, ModelVersion, Promotion
from jupyter_mlpipe.model.project import DEFAULT_PROJECT, Project
from jupyter_mlpipe.model.run import Input, Output, Run, StepRun
from jupyter_mlpipe.model.schedules import PipelineSchedule
from jupyter_mlpipe.tracking import database, queries, rows
from jupyter_mlpipe.tracking.absence import Absence
from jupyter_mlpipe.tracking.choices import listed
from jupyter_mlpipe.tracking.distances import nearest_first
from jupyter_mlpipe.tracking.driver import Driver, Row, Transaction
from jupyter_mlpipe.tracking.store import LineageEdge, Page, Query, R, Record
from jupyter_mlpipe.tracking.writing import put_project, write

_BATCH = 1000
"""Records of which parts are asked for in one statement; it takes so many parameters only."""


class SqlMetadataStore:
    """The four verbs over a database, which is opened, made or migrated when first needed.

    May be used from several threads, and by several processes at once.

    Args:
        url: Of the database.
        project: Whose records are read and written. What a database held before it knew of
            projects becomes that of the first one to open it.
    """

    def __init__(self, url: str, project: str = DEFAULT_PROJECT) -> None:
        self._url = url
        self._project = project
        self._recorded = False
        self._driver: Driver | None = None
        self._closed = False
        self._opening = threading.Lock()
        self._absence = Absence()

    def append(self, records: Sequence[Record]) -> tuple[Record, ...]:
        """See `MetadataStore.append`."""
        if not records:
            return ()
        with self._transaction(writing=True) as transaction:
            if not self._recorded:
                put_project(transaction)
            stored = write(transaction, records)
        self._recorded = True
        return stored

    def get(self, kind: type[R], id: str) -> R:
        """See `MetadataStore.get`."""
        with self._transaction() as transaction:
            rows = transaction.rows(queries.ROW_OF[kind], {"id": id})
            found: tuple[R, ...] = _read(transaction, kind, rows)
        if not found:
            raise NotFoundError(f"No {_WORDS[kind]} is recorded under the id {id!r}.")
        return found[0]

    def find(self, query: Query[R]) -> Page[R]:
        """See `MetadataStore.find`."""
        shape, values = queries.shape_of(query), queries.values_of(query)
        with self._transaction() as transaction:
            found = transaction.rows(queries.rows_of(shape), values)
            items = _read(transaction, query.kind, found)
            whole = not query.counted or (len(items) < query.limit and not query.offset)
            counts = [] if whole else transaction.rows(queries.total_of(shape), values)
        return Page(items, counts[0]["total"] if counts else len(items))

    def lineage(
        self,
        version_id: str,
        direction: Literal["upstream", "downstream"] = "upstream",
        depth: int = 20,
        limit: int = 1000,
    ) -> tuple[LineageEdge, ...]:
        """See `MetadataStore.lineage`."""
        with self._transaction() as transaction:
            values = {"version": version_id, "most": limit}
            edges = transaction.plain(queries.edges_of(direction), values)
        found = nearest_first(edges, version_id, direction, depth)[:limit]
        return tuple(itertools.starmap(LineageEdge, found))

    def close(self) -> None:
        """See `MetadataStore.close`."""
        with self._opening:
            self._closed = True
            if self._driver is not None:
                self._driver.dispose()

    @contextmanager
    def _transaction(self, *, writing: bool = False) -> Iterator[Transaction]:
        self._absence.check()
        driver, asked = self._open(), time.monotonic()
        try:
            with driver.transaction(writing=writing) as transaction:
                yield transaction
        except database.failures(self._url) as error:
            explained = database.explain(error, self._url)
            if isinstance(explained, UnreachableError):
                self._absence.note(explained, time.monotonic() - asked)
            raise explained from error

    def _open(self) -> Driver:
        with self._opening:
            if self._closed:
                raise MetadataError("The metadata store was closed. Open another one.")
            if self._driver is None:
                self._driver = self._connected()
            return self._driver

    def _connected(self) -> Driver:
        self._absence.check()  # another thread may have waited in vain meanwhile
        asked = time.monotonic()
        try:
            engine = database.open_database(self._url, self._project)
            return Driver(engine, {"project": self._project})
        except UnreachableError as error:
            self._absence.note(error, time.monotonic() - asked)
            raise


_WORDS = {
    Project: "project",
    Run: "run",
    StepRun: "step run",
    Artifact: "artifact",
    ArtifactVersion: "artifact version",
    EnvironmentSnapshot: "environment snapshot",
    Model: "model",
    ModelVersion: "model version",
    Promotion: "promotion",
    PipelineSchedule: "schedule",
}


def _read(transaction: Transaction, kind: type[R], found: Sequence[Row]) -> tuple[Any, ...]:
    if kind is StepRun:
        return _step_runs(transaction, found)
    if kind is ModelVersion:
        return _model_versions(transaction, found)
    return tuple(map(_READERS[kind], found))


_READERS: Mapping[type, Callable[[Row], Any]] = {
    Project: rows.read_project,
    Run: rows.read_run,
    Artifact: rows.read_artifact,
    ArtifactVersion: rows.read_version,
    EnvironmentSnapshot: rows.read_environment,
    Model: rows.read_model,
    Promotion: rows.read_promotion,
    PipelineSchedule: rows.read_schedule,
}


def _step_runs(transaction: Transaction, found: Sequence[Row]) -> tuple[StepRun, ...]:
    inputs, outputs = defaultdict(list), defaultdict(list)
    ids = listed("id", [row["id"] for row in found])
    for row in transaction.rows(queries.data_of(len(ids)), ids) if found else ():
        if row["mutated"] is None:
            inputs[row["step_run"]].append(Input(row["variable"], row["version_id"]))
        else:
            mutated = bool(row["mutated"])  # a boolean loses its type in the union
            outputs[row["step_run"]].append(Output(row["variable"], row["version_id"], mutated))
    return tuple(rows.read_step_run(row, inputs[row["id"]], outputs[row["id"]]) for row in found)


def _model_versions(transaction: Transaction, found: Sequence[Row]) -> tuple[ModelVersion, ...]:
    artifacts: dict[str, dict[str, str]] = defaultdict(dict)
    aliases: dict[str, list[str]] = defaultdict(list)
    for start in range(0, len(found), _BATCH):
        ids = listed("id", [row["id"] for row in found[start : start + _BATCH]])
        for row in transaction.rows(queries.had_by(len(ids)), ids):
            if row["role"] is None:
                aliases[row["model_version"]].append(row["what"])
            else:
                artifacts[row["model_version"]][row["role"]] = row["what"]
    return tuple(
        rows.read_model_version(row, artifacts[row["id"]], aliases[row["id"]]) for row in found
    )
