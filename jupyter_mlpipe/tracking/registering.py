"""Models into the tables: versions are counted, called and promoted.

Whatever changes a model begins with its row, so that writers of one model take turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql

from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import (
    MetadataError,
    NotFoundError,
    StageTakenError,
    VersionTakenError,
)
from jupyter_mlpipe.model.models import SINGULAR, Alias, Model, ModelStages, ModelVersion, Promotion
from jupyter_mlpipe.tracking import rows
from jupyter_mlpipe.tracking.driver import Row, Transaction
from jupyter_mlpipe.tracking.tables import (
    MODEL_VERSION_ARTIFACTS,
    MODEL_VERSION_NAMES,
    MODEL_VERSIONS,
    MODELS,
    PROMOTIONS,
)


def add_model(transaction: Transaction, model: Model) -> None:
    """Make a model that has no versions yet.

    Raises:
        MetadataError: There is one of this name.
    """
    if not transaction.rows(_ADD_MODEL, rows.model_row(model)):
        raise MetadataError(
            f"A model called {model.name!r} is there already. Choose another name, or give "
            "versions to that one."
        )


def number(transaction: Transaction, version: ModelVersion) -> ModelVersion:
    """The version with the next number of its model, which is made if it is not there."""
    made = rows.model_row(Model(version.model, 1, version.created))
    (counted,) = transaction.rows(_COUNT_UP, made)
    return replace(version, version=counted["last_version"], stage=ModelStages.NONE, aliases=())


def add_versions(transaction: Transaction, versions: Sequence[ModelVersion]) -> None:
    """Write numbered versions, with what they group.

    Raises:
        VersionTakenError: The model has a version that is called so.
    """
    transaction.run(_ADD_VERSION, [rows.model_version_row(version) for version in versions])
    grouped = (row for version in versions for row in rows.grouped_rows(version))
    transaction.run(_ADD_ARTIFACT, list(grouped))
    for version in versions:
        called = {"model": version.model, "name": version.version_name, "model_version": version.id}
        if version.version_name is not None and not transaction.rows(_CALL, called):
            raise VersionTakenError(
                f"A version of the model {version.model!r} is called {version.version_name!r} "
                "already. Choose another version name."
            )


def put_alias(transaction: Transaction, alias: Alias) -> None:
    """Let an alias lead to a version, or nowhere.

    Raises:
        NotFoundError: There is no such version, or nothing of it is called so.
        MetadataError: It is the name of a version, which never changes.
    """
    version = _locked(transaction, alias.version_id)
    called = {
        "project": version["project"],
        "model": version["model"],
        "name": alias.name,
        "model_version": alias.version_id,
    }
    if alias.dropped:
        if not transaction.rows(_DROP_ALIAS, called):
            raise NotFoundError(
                f"Version {version['version']} of the model {version['model']!r} has no alias "
                f"{alias.name!r}."
            )
    elif not transaction.rows(_PUT_ALIAS, called):
        raise MetadataError(
            f"A version of the model {version['model']!r} is named {alias.name!r}, for good. "
            "Choose another alias."
        )


def promote(transaction: Transaction, wanted: Promotion) -> Promotion | None:
    """Give a version its stage; whoever has one that only one can have is archived.

    Returns:
        The promotion as recorded; None where the version had the stage already.

    Raises:
        NotFoundError: There is no such version.
        StageTakenError: Another one has the stage, and was not to be archived.
    """
    version = _locked(transaction, wanted.version_id)
    if version["stage"] == wanted.to_stage:
        return None
    if wanted.to_stage in SINGULAR:
        where = {**version, "held": wanted.to_stage.value}
        for holder in transaction.rows(_HOLDER, where):
            if not wanted.force:
                raise StageTakenError(_taken(holder, wanted.to_stage))
            archived = replace(
                wanted, id=new_id(), version_id=holder["id"], to_stage=ModelStages.ARCHIVED
            )
            _move(transaction, archived, holder)
    return _move(transaction, wanted, version)


def _locked(transaction: Transaction, version_id: str) -> Row:
    """The version, once nobody else can change its model; read after that, not before."""
    transaction.rows(_LOCK, {"id": version_id})
    found = transaction.rows(_VERSION, {"id": version_id})
    if not found:
        raise NotFoundError(f"No model version is recorded under {version_id!r}.")
    return found[0]


def _move(transaction: Transaction, wanted: Promotion, version: Row) -> Promotion:
    known = {"model": version["model"], "version": version["version"]}
    made = replace(wanted, from_stage=ModelStages(version["stage"]), **known)
    transaction.run(_PUT_STAGE, [{"id": made.version_id, "new_stage": made.to_stage.value}])
    transaction.run(_ADD_PROMOTION, [{**rows.promotion_row(made), "project": version["project"]}])
    return made


def _taken(holder: Row, stage: ModelStages) -> str:
    return (
        f"Version {holder['version']} of the model {holder['model']!r} is in {stage}, and one "
        "version is at a time. Use force to archive that one."
    )


_ADD_MODEL = (
    postgresql.insert(MODELS)
    .on_conflict_do_nothing(index_elements=["project", "name"])
    .returning(MODELS.c.name)
)
_COUNT_UP = (
    postgresql.insert(MODELS)
    .on_conflict_do_update(
        index_elements=["project", "name"], set_={"last_version": MODELS.c.last_version + 1}
    )
    .returning(MODELS.c.last_version)
)
_ADD_VERSION = insert(MODEL_VERSIONS)
_ADD_ARTIFACT = insert(MODEL_VERSION_ARTIFACTS)
_ADD_PROMOTION = insert(PROMOTIONS)
_NAME_OF = ["project", "model", "name"]


def _called(*, alias: bool) -> postgresql.Insert:
    given: dict[str, Any] = {name: bindparam(name) for name in (*_NAME_OF, "model_version")}
    return postgresql.insert(MODEL_VERSION_NAMES).values(**given, alias=alias)


_CALL = (
    _called(alias=False)
    .on_conflict_do_nothing(index_elements=_NAME_OF)
    .returning(MODEL_VERSION_NAMES.c.name)
)
_PUT_ALIAS = (
    _called(alias=True)
    .on_conflict_do_update(
        index_elements=_NAME_OF,
        set_={"model_version": bindparam("model_version")},
        where=MODEL_VERSION_NAMES.c.alias,
    )
    .returning(MODEL_VERSION_NAMES.c.name)
)


def _same(*names: str) -> Any:
    columns = [MODEL_VERSION_NAMES.c[name] for name in names]
    return tuple_(*columns) == tuple_(*(bindparam(name) for name in names))


_DROP_ALIAS = (
    delete(MODEL_VERSION_NAMES)
    .where(_same(*_NAME_OF, "model_version"), MODEL_VERSION_NAMES.c.alias)
    .returning(MODEL_VERSION_NAMES.c.name)
)
_OF_ID = MODEL_VERSIONS.c.id == bindparam("id")
_LOCK = (
    select(MODELS.c.name)
    .where(
        tuple_(MODELS.c.project, MODELS.c.name).in_(
            select(MODEL_VERSIONS.c.project, MODEL_VERSIONS.c.model).where(_OF_ID)
        )
    )
    .with_for_update()
)
_FACTS = tuple(MODEL_VERSIONS.c[name] for name in ("id", "project", "model", "version", "stage"))
_VERSION = select(*_FACTS).where(_OF_ID)
_HOLDER = select(*_FACTS).where(
    MODEL_VERSIONS.c.project == bindparam("project"),
    MODEL_VERSIONS.c.model == bindparam("model"),
    MODEL_VERSIONS.c.stage == bindparam("held"),
)
_PUT_STAGE = update(MODEL_VERSIONS).where(_OF_ID).values(stage=bindparam("new_stage"))
