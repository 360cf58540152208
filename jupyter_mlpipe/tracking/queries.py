"""Questions to the metadata store, as SQL.

Each statement is made once for all questions of one shape; the values are its parameters.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    Table,
    bindparam,
    exists,
    func,
    null,
    select,
    tuple_,
    union_all,
)

from jupyter_mlpipe.model.artifact import Artifact, ArtifactVersion
from jupyter_mlpipe.model.environment import EnvironmentSnapshot
from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.tracking.choices import SEVERAL, count_of, is_one_of, listed
from jupyter_mlpipe.tracking.globs import glob
from jupyter_mlpipe.tracking.labels import (
    LabelShape,
    label_conditions,
    label_shape,
    label_values,
    unused,
)
from jupyter_mlpipe.tracking.store import Query
from jupyter_mlpipe.tracking.tables import (
    ARTIFACT_VERSIONS,
    ARTIFACTS,
    ENVIRONMENTS,
    RUNS,
    STEP_INPUTS,
    STEP_OUTPUTS,
    STEP_RUNS,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where records of one kind are kept."""

    table: Table
    id: ColumnElement[str]
    created: ColumnElement[Any]
    """What records are ordered by; of an artifact its name."""


PLACES: Mapping[type, Place] = {
    Run: Place(RUNS, RUNS.c.id, RUNS.c.started),
    StepRun: Place(STEP_RUNS, STEP_RUNS.c.id, STEP_RUNS.c.started),
    ArtifactVersion: Place(ARTIFACT_VERSIONS, ARTIFACT_VERSIONS.c.id, ARTIFACT_VERSIONS.c.created),
    Artifact: Place(ARTIFACTS, ARTIFACTS.c.name, ARTIFACTS.c.name),
    EnvironmentSnapshot: Place(ENVIRONMENTS, ENVIRONMENTS.c.digest, ENVIRONMENTS.c.created),
}
ROW_OF: Mapping[type, Select[Any]] = {
    kind: select(place.table).where(place.id == bindparam("id")) for kind, place in PLACES.items()
}
"""The row with a certain `id`."""
_NO_LABELS = LabelShape()
_MOST_SHAPES = 256
"""Statements kept; a program asks but a few dozen questions."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a query asks for, values aside."""

    kind: type
    fields: tuple[tuple[str, int | None], ...]
    """Each with the number of values that it may have; None where it is to have none."""
    patterned: bool
    newest_first: bool
    latest_only: bool
    labels: LabelShape
    unused: bool


def shape_of(query: Query[Any]) -> Shape:
    """What `rows_of` and `total_of` need to know of a query."""
    fields = tuple((name, count_of(value)) for name, value in query.where.items())
    patterned = query.name_pattern is not None
    return Shape(
        query.kind,
        fields,
        patterned,
        query.newest_first,
        query.latest_only,
        label_shape(query) if query.tags or query.metadata else _NO_LABELS,
        query.unused,
    )


def values_of(query: Query[Any]) -> dict[str, Any]:
    """The parameters that make a statement of its shape this query."""
    found: dict[str, Any] = {"limit": query.limit, "offset": query.offset}
    if query.name_pattern is not None:
        found["pattern"] = query.name_pattern
    if query.tags or query.metadata:
        found |= label_values(query)
    for name, value in query.where.items():
        found |= listed(name, value) if isinstance(value, SEVERAL) else {f"{name}_0": value}
    return found


@functools.lru_cache(maxsize=_MOST_SHAPES)
def rows_of(shape: Shape) -> Select[Any]:
    """The rows of one page."""
    place = PLACES[shape.kind]
    order = [place.created, *_numbered(shape.kind), place.id]
    statement = select(place.table).where(*_conditions(shape, place))
    ordered = statement.order_by(*(c.desc() if shape.newest_first else c.asc() for c in order))
    return ordered.limit(bindparam("limit")).offset(bindparam("offset"))


@functools.lru_cache(maxsize=_MOST_SHAPES)
def total_of(shape: Shape) -> Select[int]:
    """How many rows fit, over all pages."""
    place = PLACES[shape.kind]
    if shape.latest_only and not (shape.fields or shape.unused or shape.labels != _NO_LABELS):
        return _names_of(shape)
    counted = select(func.count().label("total")).select_from(place.table)
    return counted.where(*_conditions(shape, place))


def _names_of(shape: Shape) -> Select[int]:
    """How many names have a version: as many as there are newest versions, and sooner counted."""
    used = exists().where(ARTIFACT_VERSIONS.c.name == ARTIFACTS.c.name)
    counted = select(func.count().label("total")).select_from(ARTIFACTS).where(used)
    return counted.where(glob(ARTIFACTS.c.name, "pattern")) if shape.patterned else counted


@functools.cache
def data_of(count: int) -> CompoundSelect[Any]:
    """Inputs and outputs of several step runs, `listed`; `mutated` is null for inputs."""
    reads = select(
        STEP_INPUTS.c.step_run,
        STEP_INPUTS.c.position,
        STEP_INPUTS.c.variable,
        STEP_INPUTS.c.version_id,
        null().label("mutated"),
    ).where(is_one_of(STEP_INPUTS.c.step_run, "id", count))
    writes = select(STEP_OUTPUTS).where(is_one_of(STEP_OUTPUTS.c.step_run, "id", count))
    return union_all(reads, writes).order_by("position")


@functools.cache
def edges_of(direction: Literal["upstream", "downstream"]) -> Select[str, str, str]:
    """What leads to the versions that are reached from a `version`; `most` of them, and itself.

    Versions are reached one edge after the other, each once however many ways lead there, and the
    databases stop as soon as there are enough. Then edges are read by where they lead to, for a
    dataset may lead to half a million versions, and each of them comes from a few.
    """
    upstream = direction == "upstream"
    near, far = ARTIFACT_VERSIONS.c.id, STEP_INPUTS.c.version_id
    if not upstream:
        near, far = far, near
    joined = ARTIFACT_VERSIONS.c.step_run == STEP_INPUTS.c.step_run
    first = select(bindparam("version", type_=String).label("version"))
    reached = first.cte("reached", recursive=True)
    reached = reached.union(select(far).where(near == reached.c.version, joined))
    some = select(reached.c.version).limit(bindparam("most") + 1).subquery()
    edges = select(
        STEP_INPUTS.c.version_id.label("source"),
        ARTIFACT_VERSIONS.c.id.label("target"),
        STEP_INPUTS.c.step_run.label("step_run"),
    )
    return edges.where(ARTIFACT_VERSIONS.c.id == some.c.version, joined)


def _numbered(kind: type) -> Sequence[ColumnElement[Any]]:
    return [ARTIFACT_VERSIONS.c.version] if kind is ArtifactVersion else []


def _conditions(shape: Shape, place: Place) -> list[ColumnElement[bool]]:
    conditions = [_condition(shape.kind, place.table, *field) for field in shape.fields]
    conditions += label_conditions(shape.labels, place.table)
    if shape.kind is not ArtifactVersion:
        return conditions
    name, version = ARTIFACT_VERSIONS.c.name, ARTIFACT_VERSIONS.c.version
    if shape.patterned:
        fitting = select(ARTIFACTS.c.name).where(glob(ARTIFACTS.c.name, "pattern"))
        conditions.append(name.in_(fitting))  # names are few, and versions many
    if shape.latest_only:
        others = ARTIFACT_VERSIONS.alias()
        newest = select(func.max(others.c.version)).where(others.c.name == ARTIFACTS.c.name)
        latest = select(ARTIFACTS.c.name, newest.scalar_subquery())
        conditions.append(tuple_(name, version).in_(latest))
    if shape.unused:
        conditions.append(unused())
    return conditions


def _condition(kind: type, table: Table, name: str, count: int | None) -> ColumnElement[bool]:
    if kind is StepRun and name in ("input", "output"):
        data = STEP_INPUTS if name == "input" else STEP_OUTPUTS
        readers = select(data.c.step_run).where(is_one_of(data.c.version_id, name, count))
        return STEP_RUNS.c.id.in_(readers)
    known = [column.name for column in table.c if not isinstance(column.type, JSON)]
    if name not in known:
        raise MetadataError(
            f"A {kind.__name__} cannot be searched by {name!r}. Known are {', '.join(known)}."
        )
    return is_one_of(table.c[name], name, count)
