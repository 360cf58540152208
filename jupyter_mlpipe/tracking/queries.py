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
    FromClause,
    Select,
    String,
    Table,
    bindparam,
    func,
    literal_column,
    null,
    select,
    tuple_,
    union_all,
)

from jupyter_mlpipe.model.artifact import Artifact, ArtifactVersion
from jupyter_mlpipe.model.environment import EnvironmentSnapshot
from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.model.models import Model, ModelVersion, Promotion
from jupyter_mlpipe.model.project import Project
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.model.schedules import PipelineSchedule
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
    MODEL_VERSION_ARTIFACTS,
    MODEL_VERSION_NAMES,
    MODEL_VERSIONS,
    MODELS,
    PROJECTS,
    PROMOTIONS,
    RUNS,
    SCHEDULES,
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
    """What records are ordered by; of an artifact or model its name."""

    @property
    def rows(self) -> Select[Any]:
        """All of them, without what says that they are the project's."""
        return select(*(column for column in self.table.c if column.name not in _OURS))


_OURS = ("project", "newest", "newest_created")
"""Columns that are in no record."""
PLACES: Mapping[type, Place] = {
    Run: Place(RUNS, RUNS.c.id, RUNS.c.started),
    StepRun: Place(STEP_RUNS, STEP_RUNS.c.id, STEP_RUNS.c.started),
    ArtifactVersion: Place(ARTIFACT_VERSIONS, ARTIFACT_VERSIONS.c.id, ARTIFACT_VERSIONS.c.created),
    Project: Place(PROJECTS, PROJECTS.c.name, PROJECTS.c.created),
    Artifact: Place(ARTIFACTS, ARTIFACTS.c.name, ARTIFACTS.c.name),
    EnvironmentSnapshot: Place(ENVIRONMENTS, ENVIRONMENTS.c.digest, ENVIRONMENTS.c.created),
    Model: Place(MODELS, MODELS.c.name, MODELS.c.name),
    ModelVersion: Place(MODEL_VERSIONS, MODEL_VERSIONS.c.id, MODEL_VERSIONS.c.created),
    Promotion: Place(PROMOTIONS, PROMOTIONS.c.id, PROMOTIONS.c.created),
    PipelineSchedule: Place(SCHEDULES, SCHEDULES.c.id, SCHEDULES.c.created),
}
_PROJECT = bindparam("project", type_=String)


def _own(kind: type) -> list[ColumnElement[bool]]:
    """Names are the project's own, ids are of one project anyhow."""
    table = PLACES[kind].table
    return [table.c.project == _PROJECT] if kind in (Artifact, Model) else []


ROW_OF: Mapping[type, Select[Any]] = {
    kind: place.rows.where(place.id == bindparam("id"), *_own(kind))
    for kind, place in PLACES.items()
}
"""The row with a certain `id`, in whatever project; artifacts and models are this project's."""
_NO_LABELS = LabelShape()
_REFERENCES = ("id", "run_id", "step_run", "input", "output", "artifact", "version_id")
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
    of_project: bool


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
        not query.everywhere and not _refers(query),
    )


def _refers(query: Query[Any]) -> bool:
    """Whether it tells by ids what it looks for: no two projects have one in common."""
    return any(query.where.get(name) is not None for name in _REFERENCES)


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
    # Equal, and of few rows, which an index has in this order.
    created = ARTIFACTS.c.newest_created if shape.latest_only else place.created
    order = [created, *_numbered(shape.kind), place.id]
    statement = place.rows.select_from(_source(shape, place)).where(*_conditions(shape, place))
    ordered = statement.order_by(*(c.desc() if shape.newest_first else c.asc() for c in order))
    return ordered.limit(bindparam("limit")).offset(bindparam("offset"))


@functools.lru_cache(maxsize=_MOST_SHAPES)
def total_of(shape: Shape) -> Select[int]:
    """How many rows fit, over all pages."""
    place = PLACES[shape.kind]
    if shape.latest_only and not (shape.fields or shape.unused or shape.labels != _NO_LABELS):
        return _names_of(shape)
    counted = select(func.count().label("total")).select_from(_source(shape, place))
    return counted.where(*_conditions(shape, place))


def _source(shape: Shape, place: Place) -> FromClause:
    if not shape.latest_only:
        return place.table
    of, named = ARTIFACT_VERSIONS.c, ARTIFACTS.c
    newest = (of.project == named.project) & (of.name == named.name) & (of.version == named.newest)
    return ARTIFACTS.join(ARTIFACT_VERSIONS, newest)


def _names_of(shape: Shape) -> Select[int]:
    """How many names have a version: as many as there are newest versions, and sooner counted."""
    counted = select(func.count().label("total")).select_from(ARTIFACTS)
    return counted.where(ARTIFACTS.c.newest > 0, *_fitting(shape))


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
def had_by(count: int) -> CompoundSelect[Any]:
    """What model versions, `listed`, group, and their aliases; `role` is null for these."""
    grouped, names = MODEL_VERSION_ARTIFACTS.c, MODEL_VERSION_NAMES.c
    artifacts = select(
        grouped.model_version, grouped.position, grouped.role, grouped.version_id.label("what")
    ).where(is_one_of(grouped.model_version, "id", count))
    aliases = select(
        names.model_version,
        literal_column("0").label("position"),
        null().label("role"),
        names.name.label("what"),
    ).where(names.alias, is_one_of(names.model_version, "id", count))
    return union_all(artifacts, aliases).order_by("position", "what")


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
    return [PLACES[kind].table.c.version] if kind in (ArtifactVersion, ModelVersion) else []


def _conditions(shape: Shape, place: Place) -> list[ColumnElement[bool]]:
    conditions = [_condition(shape.kind, place.table, *field) for field in shape.fields]
    conditions += label_conditions(shape.labels, place.table)
    if shape.of_project and "project" in place.table.c:
        conditions.append(place.table.c.project == _PROJECT)
    if shape.kind is not ArtifactVersion:
        return conditions
    of, named = ARTIFACT_VERSIONS.c, ARTIFACTS.c
    if shape.latest_only:
        conditions += _fitting(shape)
    elif shape.patterned:  # names are few, and versions many
        fitting = select(named.project, named.name).where(*_fitting(shape))
        conditions.append(tuple_(of.project, of.name).in_(fitting))
    if shape.unused:
        conditions.append(unused())
    return conditions


def _fitting(shape: Shape) -> list[ColumnElement[bool]]:
    """What holds of the artifacts whose versions are looked for."""
    conditions = [ARTIFACTS.c.project == _PROJECT] if shape.of_project else []
    return [*conditions, glob(ARTIFACTS.c.name, "pattern")] if shape.patterned else conditions


def _condition(kind: type, table: Table, name: str, count: int | None) -> ColumnElement[bool]:
    if kind is StepRun and name in ("input", "output"):
        data = STEP_INPUTS if name == "input" else STEP_OUTPUTS
        readers = select(data.c.step_run).where(is_one_of(data.c.version_id, name, count))
        return STEP_RUNS.c.id.in_(readers)
    if kind is ModelVersion and name in _BESIDE:
        beside = _BESIDE[name]
        having = select(beside.table.c.model_version).where(is_one_of(beside, name, count))
        return MODEL_VERSIONS.c.id.in_(having)
    known = [c.name for c in table.c if c.name not in _OURS and not isinstance(c.type, JSON)]
    if name not in known:
        raise MetadataError(
            f"A {kind.__name__} cannot be searched by {name!r}. Known are {', '.join(known)}."
        )
    return is_one_of(table.c[name], name, count)


_BESIDE: Mapping[str, Any] = {
    "artifact": MODEL_VERSION_ARTIFACTS.c.version_id,
    "called": MODEL_VERSION_NAMES.c.name,
}
"""What a model version answers to that is not in its own row."""
