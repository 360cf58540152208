"""Records into the tables, a few statements for any number of them."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from typing import cast

from sqlalchemy import ColumnElement, Table, bindparam, case, delete, insert
from sqlalchemy.dialects import postgresql

from jupyter_mlpipe.model.artifact import ArtifactVersion, Removal
from jupyter_mlpipe.model.environment import EnvironmentSnapshot
from jupyter_mlpipe.model.labels import Labels, Subject
from jupyter_mlpipe.model.models import Alias, Model, ModelVersion, Promotion
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.model.schedules import PipelineSchedule
from jupyter_mlpipe.tracking import registering, rows
from jupyter_mlpipe.tracking.driver import Transaction
from jupyter_mlpipe.tracking.labels import put_labels, remove
from jupyter_mlpipe.tracking.store import Record
from jupyter_mlpipe.tracking.tables import (
    ARTIFACT_VERSIONS,
    ARTIFACTS,
    ENVIRONMENTS,
    PROJECTS,
    RUNS,
    SCHEDULES,
    STEP_INPUTS,
    STEP_OUTPUTS,
    STEP_RUNS,
)


def write(transaction: Transaction, records: Sequence[Record]) -> tuple[Record, ...]:
    """Write all records into the open transaction; returns them as stored.

    What others may write at the same time is written in one order, whatever that of the records:
    two transactions that waited for each other's rows would both fail.
    """
    stored = _numbered(transaction, records)
    runs = sorted((r for r in stored if isinstance(r, Run)), key=_id)
    step_runs = sorted((r for r in stored if isinstance(r, StepRun)), key=_id)
    versions = [rows.version_row(r) for r in stored if isinstance(r, ArtifactVersion)]
    schedules = [rows.schedule_row(r) for r in stored if isinstance(r, PipelineSchedule)]
    snapshots = [rows.environment_row(r) for r in stored if isinstance(r, EnvironmentSnapshot)]
    transaction.run(_PUT_RUN, list(map(rows.run_row, runs)))
    transaction.run(_PUT_ENVIRONMENT, snapshots)
    transaction.run(_PUT_SCHEDULE, schedules)
    _write_step_runs(transaction, step_runs)
    transaction.run(_ADD_VERSION, versions)
    grouping = [record for record in stored if isinstance(record, ModelVersion)]
    registering.add_versions(transaction, grouping)
    order = sorted(range(len(stored)), key=lambda place: _labelled(stored[place]))
    followed = {place: _follow(transaction, stored[place]) for place in order}
    return tuple(made for place in range(len(stored)) if (made := followed[place]) is not None)


def put_project(transaction: Transaction) -> None:
    """Note down the project that the transaction is of, unless it is known."""
    transaction.run(_PUT_PROJECT, [{"created": time.time()}])


def _follow(transaction: Transaction, record: Record) -> Record | None:
    """What is done to records once they are all there; None where there was nothing to do."""
    if isinstance(record, Promotion):
        return registering.promote(transaction, record)
    if isinstance(record, Removal):
        return record if remove(transaction, record.version_id) else None
    if isinstance(record, Alias):
        registering.put_alias(transaction, record)
    elif isinstance(record, Labels):
        put_labels(transaction, record)
    return record


def _labelled(record: Record) -> tuple[str, str]:
    if isinstance(record, Promotion | Alias):
        return Subject.MODEL_VERSION, record.version_id
    return (record.subject, record.id) if isinstance(record, Labels) else ("", "")


def _id(record: Run | StepRun) -> str:
    return record.id


def _replacing(table: Table, *but: str) -> postgresql.Insert:
    # SQLite takes PostgreSQL's words for it.
    statement = postgresql.insert(table)
    kept = ("id", *but)
    new = {column.name: column for column in statement.excluded if column.name not in kept}
    return statement.on_conflict_do_update(index_elements=["id"], set_=new)


def _larger(one: ColumnElement[int], other: ColumnElement[int]) -> ColumnElement[int]:
    return case((one > other, one), else_=other)


_PUT_PROJECT = (
    postgresql.insert(PROJECTS)
    .values(name=bindparam("project"), created=bindparam("created"))
    .on_conflict_do_nothing()
)
_PUT_RUN = _replacing(RUNS, "tags", "metadata", "project")
_PUT_STEP_RUN = _replacing(STEP_RUNS, "project")
_PUT_SCHEDULE = _replacing(SCHEDULES, "project")
_PUT_ENVIRONMENT = postgresql.insert(ENVIRONMENTS).on_conflict_do_nothing()
_ADD_VERSION = insert(ARTIFACT_VERSIONS)
_ADD_INPUT = insert(STEP_INPUTS)
_ADD_OUTPUT = insert(STEP_OUTPUTS)
_CLEAR_INPUTS = delete(STEP_INPUTS).where(STEP_INPUTS.c.step_run == bindparam("id"))
_CLEAR_OUTPUTS = delete(STEP_OUTPUTS).where(STEP_OUTPUTS.c.step_run == bindparam("id"))
_KEY = ["project", "name"]
_NUMBERS = (ARTIFACTS.c.last_version, ARTIFACTS.c.newest)
_COUNT = postgresql.insert(ARTIFACTS).values(
    project=bindparam("project"),
    name=bindparam("artifact"),
    last_version=bindparam("number"),
    newest=bindparam("number"),
    newest_created=bindparam("made"),
)
# The counter, not the highest version, gives the next number: two writers never get the same.
_COUNT_UP = _COUNT.on_conflict_do_update(
    index_elements=_KEY,
    set_={
        **{column.name: ARTIFACTS.c.last_version + 1 for column in _NUMBERS},
        "newest_created": _COUNT.excluded.newest_created,
    },
).returning(ARTIFACTS.c.last_version)
_COUNT_TO = _COUNT.on_conflict_do_update(
    index_elements=_KEY,
    set_={
        **{column.name: _larger(column, _COUNT.excluded[column.name]) for column in _NUMBERS},
        "newest_created": case(
            (_COUNT.excluded.newest >= ARTIFACTS.c.newest, _COUNT.excluded.newest_created),
            else_=ARTIFACTS.c.newest_created,
        ),
    },
)


def _numbered(transaction: Transaction, records: Sequence[Record]) -> tuple[Record, ...]:
    named = [(r.name, place) for place, r in enumerate(records) if isinstance(r, ArtifactVersion)]
    stored = list(records)
    for _, place in sorted(named):
        stored[place] = _number(transaction, cast("ArtifactVersion", stored[place]))
    for record in stored:
        if isinstance(record, Model):
            registering.add_model(transaction, record)
    models = [(r.model, place) for place, r in enumerate(records) if isinstance(r, ModelVersion)]
    for _, place in sorted(models):
        stored[place] = registering.number(transaction, cast("ModelVersion", stored[place]))
    return tuple(stored)


def _number(transaction: Transaction, version: ArtifactVersion) -> ArtifactVersion:
    counter = {"artifact": version.name, "number": version.version or 1, "made": version.created}
    if version.version:
        transaction.run(_COUNT_TO, [counter])
        return version
    (counted,) = transaction.rows(_COUNT_UP, counter)
    return dataclasses.replace(version, version=counted["last_version"])


def _write_step_runs(transaction: Transaction, step_runs: Sequence[StepRun]) -> None:
    ids = [{"id": run.id} for run in step_runs]
    transaction.run(_PUT_STEP_RUN, [rows.step_run_row(run) for run in step_runs])
    transaction.run(_CLEAR_INPUTS, ids)
    transaction.run(_CLEAR_OUTPUTS, ids)
    transaction.run(_ADD_INPUT, [row for run in step_runs for row in rows.input_rows(run)])
    transaction.run(_ADD_OUTPUT, [row for run in step_runs for row in rows.output_rows(run)])
