"""Values that a step left unchanged, stored again beside what shares their memory."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Step runs recorded before counted such values among their outputs."""
    op.add_column("step_runs", sa.Column("shared", sa.JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """SQLite has known DROP COLUMN since 3.35."""
    op.drop_column("step_runs", "shared")
