"""State that a step left in its process and that cannot be stored."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Step runs recorded before left nothing that is known."""
    op.add_column("step_runs", sa.Column("immovable", sa.JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """SQLite has known DROP COLUMN since 3.35."""
    op.drop_column("step_runs", "immovable")
