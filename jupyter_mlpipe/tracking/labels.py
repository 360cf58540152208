"""Tags and metadata in SQL: looked for, added and taken away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Update,
    bindparam,
    delete,
    exists,
    func,
    select,
    tuple_,
    union_all,
    update,
)

from jupyter_mlpipe.model.errors import MetadataError, NotFoundError
from jupyter_mlpipe.model.labels import Labels, Subject
from jupyter_mlpipe.tracking.choices import is_one_of, listed
from jupyter_mlpipe.tracking.driver import Transaction
from jupyter_mlpipe.tracking.jsons import comparable, items, members, mentions
from jupyter_mlpipe.tracking.store import Query
from jupyter_mlpipe.tracking.tables import (
    ARTIFACT_VERSIONS,
    ARTIFACTS,
    MODEL_VERSION_ARTIFACTS,
    MODEL_VERSIONS,
    MODELS,
    RUNS,
    STEP_INPUTS,
    STEP_OUTPUTS,
    STEP_RUNS,
)


@dataclass(frozen=True, slots=True)
class LabelShape:
    """What a query asks of tags and metadata, values aside."""

    tags: int = 0
    metadata: tuple[int, ...] = ()
    """For each key, the number of values that it may have."""


def label_shape(query: Query[Any]) -> LabelShape:
    """What a query asks of tags and metadata."""
    values = label_values(query)
    counts = [_placed(values, f"metadata_{place}") for place in range(len(query.metadata))]
    return LabelShape(len(query.tags), tuple(counts))


def label_values(query: Query[Any]) -> dict[str, Any]:
    """The parameters of the conditions."""
    found: dict[str, Any] = {f"tag_{place}": tag for place, tag in enumerate(query.tags)}
    for place, (key, value) in enumerate(query.metadata.items()):
        wanted = value if isinstance(value, tuple) else (value,)
        found[f"key_{place}"] = key
        found |= listed(f"metadata_{place}", wanted)
    return found


def label_conditions(shape: LabelShape, table: Table) -> list[ColumnElement[bool]]:
    """What holds of rows that have the tags and the metadata.

    Raises:
        MetadataError: Records of this kind have none.
    """
    if (shape.tags or shape.metadata) and "tags" not in table.c:
        raise MetadataError(f"The {table.name} have no tags and no metadata to be searched by.")
    tagged = [_has_tag(table, bindparam(f"tag_{place}")) for place in range(shape.tags)]
    said = [_says(table, place, count) for place, count in enumerate(shape.metadata)]
    return [*tagged, *said]


def unused() -> ColumnElement[bool]:
    """Of artifact versions: that no step run left, read or bound them."""
    id_ = ARTIFACT_VERSIONS.c.id
    data = (exists().where(table.c.version_id == id_) for table in (STEP_INPUTS, STEP_OUTPUTS))
    beside = exists().where(mentions(STEP_RUNS.c.shared, id_))
    return ARTIFACT_VERSIONS.c.step_run.is_(None) & ~next(data) & ~next(data) & ~beside


def put_labels(transaction: Transaction, labels: Labels) -> None:
    """Add and take away what is said of one record.

    Raises:
        NotFoundError: It is not recorded.
    """
    found = transaction.rows(_LABELS_OF[labels.subject], {"id": labels.id})
    if not found:
        raise NotFoundError(f"No {labels.subject} is recorded under {labels.id!r}.")
    tags = [tag for tag in found[0]["tags"] if tag not in labels.dropped]
    row = {
        "id": labels.id,
        "new_tags": list(dict.fromkeys((*tags, *labels.tags))),
        "new_metadata": {**found[0]["metadata"], **labels.metadata},
    }
    transaction.run(_PUT_LABELS[labels.subject], [row])


def remove(transaction: Transaction, version_id: str) -> bool:
    """Forget an artifact version, unless a step run uses it or a model version groups it."""
    gone = transaction.rows(_REMOVE, {"id": version_id})
    renamed = (
        {"of_project": r["project"], "of_name": r["name"], "gone": r["version"]} for r in gone
    )
    transaction.run(_LOOK_FOR_NEWEST, list(renamed))
    return bool(gone)


_KEYS: Mapping[Subject, ColumnElement[str]] = {
    Subject.ARTIFACT: ARTIFACTS.c.name,
    Subject.VERSION: ARTIFACT_VERSIONS.c.id,
    Subject.STEP_RUN: STEP_RUNS.c.id,
    Subject.RUN: RUNS.c.id,
    Subject.MODEL: MODELS.c.name,
    Subject.MODEL_VERSION: MODEL_VERSIONS.c.id,
}


def _is(key: Any) -> ColumnElement[bool]:
    """Whether a row is the one that is meant: ids are of one project, names are not."""
    named: ColumnElement[bool] = key == bindparam("id")
    return named & (key.table.c.project == bindparam("project")) if key.name == "name" else named


def _labels_of(key: Any) -> Select[Any]:
    labels = select(key.table.c.tags, key.table.c.metadata)
    return labels.where(_is(key)).with_for_update()


def _put(key: Any) -> Update:
    given: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("tags", "metadata")}
    return update(key.table).where(_is(key)).values(**given)


_LABELS_OF = {subject: _labels_of(key) for subject, key in _KEYS.items()}
_PUT_LABELS = {subject: _put(key) for subject, key in _KEYS.items()}
_GROUPED = exists().where(MODEL_VERSION_ARTIFACTS.c.version_id == ARTIFACT_VERSIONS.c.id)
_REMOVE = (
    delete(ARTIFACT_VERSIONS)
    .where(ARTIFACT_VERSIONS.c.id == bindparam("id"), unused(), ~_GROUPED)
    .returning(ARTIFACT_VERSIONS.c.project, ARTIFACT_VERSIONS.c.name, ARTIFACT_VERSIONS.c.version)
)


def _of_newest_left(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Of the highest version of an artifact that is left; 0 where none is."""
    left = select(column).where(
        ARTIFACT_VERSIONS.c.project == ARTIFACTS.c.project,
        ARTIFACT_VERSIONS.c.name == ARTIFACTS.c.name,
    )
    newest = left.order_by(ARTIFACT_VERSIONS.c.version.desc()).limit(1)
    return func.coalesce(newest.correlate(ARTIFACTS).scalar_subquery(), 0)


_LOOK_FOR_NEWEST = (
    update(ARTIFACTS)
    .where(ARTIFACTS.c.project == bindparam("of_project"), ARTIFACTS.c.name == bindparam("of_name"))
    .where(ARTIFACTS.c.newest == bindparam("gone"))
    .values(
        newest=_of_newest_left(ARTIFACT_VERSIONS.c.version),
        newest_created=_of_newest_left(ARTIFACT_VERSIONS.c.created),
    )
)


def _placed(values: Mapping[str, Any], name: str) -> int:
    return sum(key.rpartition("_")[0] == name for key in values)


def _has_tag(table: Table, tag: ColumnElement[Any]) -> ColumnElement[bool]:
    """A tag of an artifact counts for all its versions."""
    found = items(table.c.tags)
    own = exists(select(1).select_from(found).where(found.c.value == tag).correlate(table))
    if table is not ARTIFACT_VERSIONS:
        return own
    names = items(ARTIFACTS.c.tags)
    tagged = select(ARTIFACTS.c.project, ARTIFACTS.c.name).where(names.c.value == tag)
    return own | tuple_(table.c.project, table.c.name).in_(tagged)


def _says(table: Table, place: int, count: int) -> ColumnElement[bool]:
    """Metadata that was given wins over what was found out of a value by itself."""
    columns = [table.c[name] for name in ("metadata", "summary") if name in table.c]
    parts = []
    for column in columns:
        found = members(column)
        wanted = is_one_of(comparable(found.c.value), f"metadata_{place}", count)
        named = found.c.key == bindparam(f"key_{place}")
        parts.append(select(1).select_from(found).where(named, wanted).correlate(table))
    return exists(union_all(*parts)) if len(parts) > 1 else exists(parts[0])
