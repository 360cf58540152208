"""Runs, step runs, artifact versions and environments."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table of the first release."""
    _create_runs()
    _create_step_runs()
    _create_artifacts()
    _create_step_data()
    _create_environments()


def downgrade() -> None:
    """Take them away again, with all that is recorded."""
    for table in (
        "step_inputs",
        "step_outputs",
        "artifact_versions",
        "artifacts",
        "step_runs",
        "runs",
        "environments",
    ):
        op.drop_table(table)


def _text(name: str, *rest: object, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String, *rest, nullable=nullable)  # type: ignore[arg-type]


def _json(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.JSON, nullable=nullable)


def _belongs_to(column: str) -> sa.ForeignKey:
    return sa.ForeignKey(column, deferrable=True, initially="DEFERRED")


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String, primary_key=True),
        _text("pipeline"),
        _text("kind"),
        _text("status"),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("ended", sa.Float),
        _text("notebook"),
        _text("engine_run_id"),
        _json("parameters"),
        _text("user"),
        sa.Column("definitions", sa.Text, nullable=False),
    )
    op.create_index("runs_by_start", "runs", ["started", "id"])
    op.create_index("runs_by_pipeline", "runs", ["pipeline", "started", "id"])
    op.create_index("runs_by_engine_run", "runs", ["engine_run_id"])


def _create_step_runs() -> None:
    op.create_table(
        "step_runs",
        sa.Column("id", sa.String, primary_key=True),
        _text("run_id", _belongs_to("runs.id")),
        _text("pipeline"),
        _text("step"),
        _text("status"),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        _text("cell_hash"),
        _text("cell_id", nullable=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("definitions", sa.Text, nullable=False),
        _json("deleted"),
        _json("dependencies"),
        sa.Column("uncacheable", sa.Text, nullable=False),
        _text("cached_from", nullable=True),
        _text("display", nullable=True),
        _json("effects"),
        _text("environment", nullable=True),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_index("step_runs_by_start", "step_runs", ["started", "id"])
    op.create_index(
        "step_runs_by_step", "step_runs", ["pipeline", "step", "status", "started", "id"]
    )
    op.create_index("step_runs_by_run", "step_runs", ["run_id", "started", "id"])


def _create_artifacts() -> None:
    op.create_table(
        "artifacts",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("last_version", sa.Integer, nullable=False),
    )
    op.create_table(
        "artifact_versions",
        sa.Column("id", sa.String, primary_key=True),
        _text("name", _belongs_to("artifacts.name")),
        sa.Column("version", sa.Integer, nullable=False),
        _text("version_name", nullable=True),
        _text("digest"),
        _text("manifest"),
        _text("member", nullable=True),
        _text("type"),
        _text("materializer"),
        _text("python_type"),
        sa.Column("nbytes", sa.BigInteger, nullable=False),
        _json("summary"),
        _json("tags"),
        _json("metadata"),
        _text("variable"),
        _text("step_run", _belongs_to("step_runs.id"), nullable=True),
        sa.Column("created", sa.Float, nullable=False),
        sa.UniqueConstraint("name", "version", name="one_version_per_number"),
        sa.UniqueConstraint("name", "version_name", name="one_version_per_name"),
    )
    op.create_index("artifact_versions_by_start", "artifact_versions", ["created", "id"])
    op.create_index("artifact_versions_by_digest", "artifact_versions", ["digest"])
    op.create_index("artifact_versions_by_step_run", "artifact_versions", ["step_run"])


def _create_step_data() -> None:
    for table, last in (
        ("step_inputs", []),
        ("step_outputs", [sa.Column("mutated", sa.Boolean, nullable=False)]),
    ):
        op.create_table(
            table,
            sa.Column("step_run", sa.String, _belongs_to("step_runs.id"), primary_key=True),
            sa.Column("position", sa.Integer, primary_key=True),
            _text("variable"),
            _text("version_id", _belongs_to("artifact_versions.id")),
            *last,
        )
        op.create_index(f"{table}_by_version", table, ["version_id", "step_run"])


def _create_environments() -> None:
    op.create_table(
        "environments",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("created", sa.Float, nullable=False),
        _text("python"),
        _text("platform"),
        _text("cpu"),
        sa.Column("cpu_count", sa.Integer, nullable=False),
        _json("gpus"),
        _json("packages"),
        _json("git", nullable=True),
        _text("image", nullable=True),
    )
    op.create_index("environments_by_start", "environments", ["created", "digest"])
