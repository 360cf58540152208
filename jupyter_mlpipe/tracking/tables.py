"""The tables of the metadata store; `migrations/` brings a database to this shape."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)


def _belongs_to(column: str) -> ForeignKey:
    """Checked at the end of the transaction, so that records may come in any order."""
    return ForeignKey(column, deferrable=True, initially="DEFERRED")


def _project() -> Column[Any]:
    """Who shares a database sees records of other projects by their ids alone.

    No foreign key: every writer would lock the one row of its project.
    """
    return Column("project", String, nullable=False, server_default="default")


def _labels() -> tuple[Column[Any], Column[Any]]:
    """Tags and metadata, which nothing has at first."""
    return (
        Column("tags", JSON, nullable=False, server_default="[]"),
        Column("metadata", JSON, nullable=False, server_default="{}"),
    )


METADATA = MetaData()

PROJECTS = Table(
    "projects",
    METADATA,
    Column("name", String, primary_key=True),
    Column("created", Float, nullable=False),
)

RUNS = Table(
    "runs",
    METADATA,
    Column("id", String, primary_key=True),
    Column("pipeline", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("status", String, nullable=False),
    Column("started", Float, nullable=False),
    Column("ended", Float),
    Column("notebook", String, nullable=False),
    Column("engine_run_id", String, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("user", String, nullable=False),
    Column("definitions", Text, nullable=False),
    *_labels(),
    _project(),
    Index("runs_by_start", "project", "started", "id"),
    Index("runs_by_pipeline", "project", "pipeline", "started", "id"),
    Index("runs_by_engine_run", "project", "engine_run_id"),
)

STEP_RUNS = Table(
    "step_runs",
    METADATA,
    Column("id", String, primary_key=True),
    Column("run_id", String, _belongs_to("runs.id"), nullable=False),
    Column("pipeline", String, nullable=False),
    Column("step", String, nullable=False),
    Column("status", String, nullable=False),
    Column("started", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("cell_hash", String, nullable=False),
    Column("cell_id", String),
    Column("source", Text, nullable=False),
    Column("definitions", Text, nullable=False),
    Column("shared", JSON, nullable=False, server_default="[]"),
    Column("deleted", JSON, nullable=False),
    Column("dependencies", JSON, nullable=False),
    Column("uncacheable", Text, nullable=False),
    Column("cached_from", String),
    Column("display", String),
    Column("effects", JSON, nullable=False),
    Column("immovable", JSON, nullable=False, server_default="[]"),
    # No foreign key: the snapshot is taken in the background and may be recorded later.
    Column("environment", String),
    Column("error", Text, nullable=False),
    Column("element", String, nullable=False, server_default=""),
    Column("elements", Integer, nullable=False, server_default="0"),
    *_labels(),
    _project(),
    Index("step_runs_by_start", "project", "started", "id"),
    Index("step_runs_by_step", "project", "pipeline", "step", "status", "started", "id"),
    Index("step_runs_by_run", "run_id", "started", "id"),
    Index(
        "step_runs_by_code",
        *("project", "cell_hash", "pipeline", "step", "status", "element", "started", "id"),
    ),
)

ARTIFACTS = Table(
    "artifacts",
    METADATA,
    Column("project", String, primary_key=True, server_default="default"),
    Column("name", String, primary_key=True),
    Column("last_version", Integer, nullable=False),
    # The highest number that is still there; 0 where no version is.
    Column("newest", Integer, nullable=False, server_default="0"),
    # When that one was made, by which the newest version of each name is listed.
    Column("newest_created", Float, nullable=False, server_default="0"),
    *_labels(),
    Index("artifacts_by_newest", "project", "newest_created", "name"),
)

ARTIFACT_VERSIONS = Table(
    "artifact_versions",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("version_name", String),
    Column("digest", String, nullable=False),
    Column("manifest", String, nullable=False),
    Column("member", String),
    Column("type", String, nullable=False),
    Column("materializer", String, nullable=False),
    Column("python_type", String, nullable=False),
    Column("nbytes", BigInteger, nullable=False),
    Column("summary", JSON, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("variable", String, nullable=False),
    Column("step_run", String, _belongs_to("step_runs.id")),
    Column("created", Float, nullable=False),
    _project(),
    ForeignKeyConstraint(
        ["project", "name"],
        ["artifacts.project", "artifacts.name"],
        name="a_version_has_an_artifact",
        deferrable=True,
        initially="DEFERRED",
    ),
    UniqueConstraint("project", "name", "version", name="one_version_per_number"),
    UniqueConstraint("project", "name", "version_name", name="one_version_per_name"),
    Index("artifact_versions_by_start", "project", "created", "id"),
    Index("artifact_versions_by_digest", "project", "digest"),
    Index("artifact_versions_by_step_run", "step_run", "id"),
    Index("artifact_versions_by_variable", "project", "variable", "created", "version", "id"),
    Index("artifact_versions_by_type", "project", "type", "created", "version", "id"),
)

STEP_INPUTS = Table(
    "step_inputs",
    METADATA,
    Column("step_run", String, _belongs_to("step_runs.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("variable", String, nullable=False),
    Column("version_id", String, _belongs_to("artifact_versions.id"), nullable=False),
    Index("step_inputs_by_version", "version_id", "step_run"),
)

STEP_OUTPUTS = Table(
    "step_outputs",
    METADATA,
    Column("step_run", String, _belongs_to("step_runs.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("variable", String, nullable=False),
    Column("version_id", String, _belongs_to("artifact_versions.id"), nullable=False),
    Column("mutated", Boolean, nullable=False),
    Index("step_outputs_by_version", "version_id", "step_run"),
)

MODELS = Table(
    "models",
    METADATA,
    Column("project", String, primary_key=True, server_default="default"),
    Column("name", String, primary_key=True),
    Column("last_version", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Column("description", Text, nullable=False),
    *_labels(),
)

_ONE_AT_A_TIME = text("stage IN ('staging', 'production')")

MODEL_VERSIONS = Table(
    "model_versions",
    METADATA,
    Column("id", String, primary_key=True),
    Column("model", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("version_name", String),
    Column("stage", String, nullable=False),
    Column("run_id", String, _belongs_to("runs.id")),
    Column("description", Text, nullable=False),
    *_labels(),
    Column("created", Float, nullable=False),
    _project(),
    ForeignKeyConstraint(
        ["project", "model"],
        ["models.project", "models.name"],
        name="a_version_has_a_model",
        deferrable=True,
        initially="DEFERRED",
    ),
    UniqueConstraint("project", "model", "version", name="one_model_version_per_number"),
    Index(
        "one_version_per_stage",
        *("project", "model", "stage"),
        unique=True,
        sqlite_where=_ONE_AT_A_TIME,
        postgresql_where=_ONE_AT_A_TIME,
    ),
    Index("model_versions_by_start", "project", "created", "id"),
    Index("model_versions_by_run", "run_id"),
)

MODEL_VERSION_ARTIFACTS = Table(
    "model_version_artifacts",
    METADATA,
    Column("model_version", String, _belongs_to("model_versions.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("role", String, nullable=False),
    Column("version_id", String, _belongs_to("artifact_versions.id"), nullable=False),
    Index("model_version_artifacts_by_version", "version_id", "model_version"),
)

# What a version of a model is called beside its number: one table, so that no two are called alike.
MODEL_VERSION_NAMES = Table(
    "model_version_names",
    METADATA,
    Column("project", String, primary_key=True, server_default="default"),
    Column("model", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("model_version", String, _belongs_to("model_versions.id"), nullable=False),
    # An alias can be given to another version, a version name cannot.
    Column("alias", Boolean, nullable=False),
    Index("model_version_names_by_version", "model_version"),
)

PROMOTIONS = Table(
    "promotions",
    METADATA,
    Column("id", String, primary_key=True),
    Column("version_id", String, _belongs_to("model_versions.id"), nullable=False),
    Column("model", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("from_stage", String, nullable=False),
    Column("to_stage", String, nullable=False),
    Column("user", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("force", Boolean, nullable=False),
    _project(),
    Index("promotions_by_model", "project", "model", "created", "id"),
    Index("promotions_by_start", "project", "created", "id"),
    Index("promotions_by_version", "version_id", "created", "id"),
)

SCHEDULES = Table(
    "schedules",
    METADATA,
    Column("id", String, primary_key=True),
    Column("pipeline", String, nullable=False),
    Column("orchestrator", String, nullable=False),
    Column("schedule", JSON, nullable=False),
    Column("pipeline_version", String, nullable=False),
    Column("notebook", String, nullable=False),
    Column("files", JSON, nullable=False),
    Column("user", String, nullable=False),
    Column("created", Float, nullable=False),
    Column("ended", Float),
    _project(),
    Index("schedules_by_start", "project", "created", "id"),
)

ENVIRONMENTS = Table(
    "environments",
    METADATA,
    Column("digest", String, primary_key=True),
    Column("created", Float, nullable=False),
    Column("python", String, nullable=False),
    Column("platform", String, nullable=False),
    Column("cpu", String, nullable=False),
    Column("cpu_count", Integer, nullable=False),
    Column("gpus", JSON, nullable=False),
    Column("packages", JSON, nullable=False),
    Column("git", JSON(none_as_null=True)),
    Column("image", String),
    Index("environments_by_start", "created", "digest"),
)
