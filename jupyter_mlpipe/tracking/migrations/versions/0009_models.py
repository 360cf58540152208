"""Models, their versions with what they group and are called, and their promotions."""

import sqlalchemy as sa
from alembic import op

from jupyter_mlpipe.tracking.estimates import tell_planner

revision = "0009"
down_revision = "0008"

_SINGULAR = sa.text("stage IN ('staging', 'production')")
_TABLES = (
    "promotions",
    "model_version_names",
    "model_version_artifacts",
    "model_versions",
    "models",
)
"""Each refers to those after it only."""
_INDEXES = {
    "model_versions_by_start": ("model_versions", ["project", "created", "id"]),
    "model_versions_by_run": ("model_versions", ["run_id"]),
    "model_version_artifacts_by_version": (
        "model_version_artifacts",
        ["version_id", "model_version"],
    ),
    "model_version_names_by_version": ("model_version_names", ["model_version"]),
    "promotions_by_model": ("promotions", ["project", "model", "created", "id"]),
    "promotions_by_start": ("promotions", ["project", "created", "id"]),
    "promotions_by_version": ("promotions", ["version_id", "created", "id"]),
}


def upgrade() -> None:
    """Nothing recorded so far is of a model."""
    _create_models()
    _create_versions()
    _create_what_versions_have()
    _create_promotions()
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns)
    op.create_index(
        "one_version_per_stage",
        "model_versions",
        ["project", "model", "stage"],
        unique=True,
        sqlite_where=_SINGULAR,
        postgresql_where=_SINGULAR,
    )
    if op.get_bind().dialect.name == "sqlite":
        tell_planner(op.get_bind())


def downgrade() -> None:
    """Artifact versions stay, whatever grouped them."""
    for table in _TABLES:
        op.drop_table(table)


def _belongs_to(column: str) -> sa.ForeignKey:
    return sa.ForeignKey(column, deferrable=True, initially="DEFERRED")


def _text(name: str, kind: type[sa.String] = sa.String) -> sa.Column[str]:
    return sa.Column(name, kind, nullable=False)


def _project(*, key: bool = False) -> sa.Column[str]:
    return sa.Column(
        "project", sa.String, primary_key=key, nullable=False, server_default="default"
    )


def _labels() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("tags", sa.JSON, nullable=False, server_default="[]"),
        sa.Column("metadata", sa.JSON, nullable=False, server_default="{}"),
    )


def _create_models() -> None:
    op.create_table(
        "models",
        _project(key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("last_version", sa.Integer, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        _text("description", sa.Text),
        *_labels(),
    )


def _create_versions() -> None:
    op.create_table(
        "model_versions",
        sa.Column("id", sa.String, primary_key=True),
        _text("model"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("version_name", sa.String),
        _text("stage"),
        sa.Column("run_id", sa.String, _belongs_to("runs.id")),
        _text("description", sa.Text),
        *_labels(),
        sa.Column("created", sa.Float, nullable=False),
        _project(),
        sa.ForeignKeyConstraint(
            ["project", "model"],
            ["models.project", "models.name"],
            name="a_version_has_a_model",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.UniqueConstraint("project", "model", "version", name="one_model_version_per_number"),
    )


def _create_what_versions_have() -> None:
    op.create_table(
        "model_version_artifacts",
        sa.Column("model_version", sa.String, _belongs_to("model_versions.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        _text("role"),
        sa.Column("version_id", sa.String, _belongs_to("artifact_versions.id"), nullable=False),
    )
    op.create_table(
        "model_version_names",
        _project(key=True),
        sa.Column("model", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("model_version", sa.String, _belongs_to("model_versions.id"), nullable=False),
        sa.Column("alias", sa.Boolean, nullable=False),
    )


def _create_promotions() -> None:
    op.create_table(
        "promotions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("version_id", sa.String, _belongs_to("model_versions.id"), nullable=False),
        _text("model"),
        sa.Column("version", sa.Integer, nullable=False),
        _text("from_stage"),
        _text("to_stage"),
        _text("user"),
        _text("reason", sa.Text),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("force", sa.Boolean, nullable=False),
        _project(),
    )
