"""Tags and metadata of artifacts, runs and step runs."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_TABLES = ("artifacts", "step_runs", "runs")


def upgrade() -> None:
    """Nothing recorded so far has any."""
    for table in _TABLES:
        op.add_column(table, sa.Column("tags", sa.JSON, nullable=False, server_default="[]"))
        op.add_column(table, sa.Column("metadata", sa.JSON, nullable=False, server_default="{}"))


def downgrade() -> None:
    """Artifact versions keep theirs; they had them before."""
    for table in _TABLES:
        op.drop_column(table, "metadata")
        op.drop_column(table, "tags")
