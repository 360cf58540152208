"""Lineage reads what a step left from an index alone; lists by variable and type have their own."""

from alembic import op

revision = "0007"
down_revision = "0006"

_BY_STEP_RUN = "artifact_versions_by_step_run"
_LISTS = ("variable", "type")


def upgrade() -> None:
    """The index of versions by step run is made anew, with their ids."""
    op.drop_index(_BY_STEP_RUN, "artifact_versions")
    op.create_index(_BY_STEP_RUN, "artifact_versions", ["step_run", "id"])
    for column in _LISTS:
        columns = [column, "created", "version", "id"]
        op.create_index(f"artifact_versions_by_{column}", "artifact_versions", columns)


def downgrade() -> None:
    """Nothing but indexes changes."""
    for column in _LISTS:
        op.drop_index(f"artifact_versions_by_{column}", "artifact_versions")
    op.drop_index(_BY_STEP_RUN, "artifact_versions")
    op.create_index(_BY_STEP_RUN, "artifact_versions", ["step_run"])
