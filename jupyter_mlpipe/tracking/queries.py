"""Questions to the metadata store, as SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    ColumnElement,
    CompoundSelect,
    Select,
    Table,
    func,
    literal,
    null,
    select,
    union_all,
)

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.environment import EnvironmentSnapshot
from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.tracking.store import Query
from jupyter_mlpipe.tracking.tables import (
    ARTIFACT_VERSIONS,
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
    created: ColumnElement[float]


PLACES: Mapping[type, Place] = {
    Run: Place(RUNS, RUNS.c.id, RUNS.c.started),
    StepRun: Place(STEP_RUNS, STEP_RUNS.c.id, STEP_RUNS.c.started),
    ArtifactVersion: Place(ARTIFACT_VERSIONS, ARTIFACT_VERSIONS.c.id, ARTIFACT_VERSIONS.c.created),
    EnvironmentSnapshot: Place(ENVIRONMENTS, ENVIRONMENTS.c.digest, ENVIRONMENTS.c.created),
}


def rows_of(query: Query[Any]) -> Select[Any]:
    """The rows of one page."""
    place = PLACES[query.kind]
    order = [place.created, *_numbered(query.kind), place.id]
    statement = select(place.table).where(*_conditions(query, place))
    ordered = statement.order_by(*(c.desc() if query.newest_first else c.asc() for c in order))
    return ordered.limit(query.limit).offset(query.offset)


def total_of(query: Query[Any]) -> Select[int]:
    """How many rows fit, over all pages."""
    place = PLACES[query.kind]
    return select(func.count()).select_from(place.table).where(*_conditions(query, place))


def data_of(step_runs: Sequence[str]) -> CompoundSelect[Any]:
    """Inputs and outputs of several step runs at once; `mutated` is null for inputs."""
    reads = select(
        STEP_INPUTS.c.step_run,
        STEP_INPUTS.c.position,
        STEP_INPUTS.c.variable,
        STEP_INPUTS.c.version_id,
        null().label("mutated"),
    ).where(STEP_INPUTS.c.step_run.in_(step_runs))
    writes = select(STEP_OUTPUTS).where(STEP_OUTPUTS.c.step_run.in_(step_runs))
    return union_all(reads, writes).order_by("position")


def edges_of(
    version_id: str, direction: Literal["upstream", "downstream"], depth: int, rows: int
) -> Select[str, str, str]:
    """Edges from a version outwards, nearest first.

    An edge comes once for each distance at which it is met. The number of rows is limited, not
    of edges, so that the recursion stops as soon as enough is found.
    """
    edge = select(
        STEP_INPUTS.c.version_id.label("source"),
        ARTIFACT_VERSIONS.c.id.label("target"),
        STEP_INPUTS.c.step_run.label("step_run"),
    ).join(ARTIFACT_VERSIONS, ARTIFACT_VERSIONS.c.step_run == STEP_INPUTS.c.step_run)
    upstream = direction == "upstream"
    near = ARTIFACT_VERSIONS.c.id if upstream else STEP_INPUTS.c.version_id
    found = (
        edge.add_columns(literal(1).label("distance"))
        .where(near == version_id)
        .cte("found", recursive=True)
    )
    far = found.c.source if upstream else found.c.target
    further = (
        edge.add_columns((found.c.distance + 1).label("distance"))
        .join(found, near == far)
        .where(found.c.distance < depth)
    )
    reached = found.union(further)
    return select(reached.c.source, reached.c.target, reached.c.step_run).limit(rows)


def _numbered(kind: type) -> Sequence[ColumnElement[Any]]:
    return [ARTIFACT_VERSIONS.c.version] if kind is ArtifactVersion else []


def _conditions(query: Query[Any], place: Place) -> list[ColumnElement[bool]]:
    conditions = [_condition(query, place.table, *item) for item in query.where.items()]
    if query.kind is not ArtifactVersion:
        return conditions
    name, version = ARTIFACT_VERSIONS.c.name, ARTIFACT_VERSIONS.c.version
    if query.name_pattern is not None:
        conditions.append(name.op("GLOB", is_comparison=True)(query.name_pattern))
    if query.latest_only:
        others = ARTIFACT_VERSIONS.alias()
        newest = select(func.max(others.c.version)).where(others.c.name == name)
        conditions.append(version == newest.scalar_subquery())
    return conditions


def _condition(query: Query[Any], table: Table, name: str, value: object) -> ColumnElement[bool]:
    if query.kind is StepRun and name in ("input", "output"):
        data = STEP_INPUTS if name == "input" else STEP_OUTPUTS
        readers = select(data.c.step_run).where(_equals(data.c.version_id, value))
        return STEP_RUNS.c.id.in_(readers)
    known = [column.name for column in table.c if not isinstance(column.type, JSON)]
    if name not in known:
        raise MetadataError(
            f"A {query.kind.__name__} cannot be searched by {name!r}. Known are {', '.join(known)}."
        )
    return _equals(table.c[name], value)


def _equals(column: ColumnElement[Any], value: object) -> ColumnElement[bool]:
    if isinstance(value, tuple | list | set | frozenset):
        return column.in_(list(value))
    return column.is_(None) if value is None else column == value
