"""Runs of the same code are found without a look at all other runs of the step."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """The code goes first, for most runs of a step have code of their own."""
    columns = ["cell_hash", "pipeline", "step", "status", "element", "started", "id"]
    op.create_index("step_runs_by_code", "step_runs", columns)


def downgrade() -> None:
    """Nothing but the index goes."""
    op.drop_index("step_runs_by_code", "step_runs")
