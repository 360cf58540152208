"""Step runs for one element of a mapped step."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Earlier step runs are of whole steps that are not mapped."""
    text = sa.Column("element", sa.String, nullable=False, server_default="")
    op.add_column("step_runs", text)
    count = sa.Column("elements", sa.Integer, nullable=False, server_default="0")
    op.add_column("step_runs", count)


def downgrade() -> None:
    """Runs for single elements mean nothing without the mark, and go."""
    op.execute("DELETE FROM step_inputs WHERE step_run IN " + _ELEMENTS)
    op.execute("DELETE FROM step_outputs WHERE step_run IN " + _ELEMENTS)
    op.execute("UPDATE artifact_versions SET step_run = NULL WHERE step_run IN " + _ELEMENTS)
    op.execute("DELETE FROM step_runs WHERE element <> ''")
    op.drop_column("step_runs", "elements")
    op.drop_column("step_runs", "element")


_ELEMENTS = "(SELECT id FROM step_runs WHERE element <> '')"
