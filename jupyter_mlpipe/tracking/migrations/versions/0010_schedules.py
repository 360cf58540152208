"""Schedules; when the newest version of each artifact was made."""

import sqlalchemy as sa
from alembic import op

from jupyter_mlpipe.tracking.estimates import tell_planner

revision = "0010"
down_revision = "0009"

_NEWEST_CREATED = """
    UPDATE artifacts SET newest_created = coalesce((
        SELECT created FROM artifact_versions
        WHERE artifact_versions.project = artifacts.project
        AND artifact_versions.name = artifacts.name
        AND artifact_versions.version = artifacts.newest
    ), 0)
"""


def upgrade() -> None:
    """What was promoted so far is in the orchestrators' files alone."""
    op.create_table(
        "schedules",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("pipeline", sa.String, nullable=False),
        sa.Column("orchestrator", sa.String, nullable=False),
        sa.Column("schedule", sa.JSON, nullable=False),
        sa.Column("pipeline_version", sa.String, nullable=False),
        sa.Column("notebook", sa.String, nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("user", sa.String, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("ended", sa.Float),
        sa.Column("project", sa.String, nullable=False, server_default="default"),
    )
    op.create_index("schedules_by_start", "schedules", ["project", "created", "id"])
    created = sa.Column("newest_created", sa.Float, nullable=False, server_default="0")
    op.add_column("artifacts", created)
    op.execute(_NEWEST_CREATED)
    op.create_index("artifacts_by_newest", "artifacts", ["project", "newest_created", "name"])
    if op.get_bind().dialect.name == "sqlite":
        tell_planner(op.get_bind())


def downgrade() -> None:
    """The orchestrators' files stay."""
    op.drop_index("artifacts_by_newest", "artifacts")
    op.drop_column("artifacts", "newest_created")
    op.drop_table("schedules")
