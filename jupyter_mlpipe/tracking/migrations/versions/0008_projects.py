"""Projects, each with artifacts of its own; the newest version of each artifact by its number."""

import time

import sqlalchemy as sa
from alembic import context, op

from jupyter_mlpipe.tracking.estimates import tell_planner

revision = "0008"
down_revision = "0007"

_LISTED = ("runs", "step_runs", "artifact_versions")
_INDEXES = {
    "runs_by_start": ("runs", ["started", "id"]),
    "runs_by_pipeline": ("runs", ["pipeline", "started", "id"]),
    "runs_by_engine_run": ("runs", ["engine_run_id"]),
    "step_runs_by_start": ("step_runs", ["started", "id"]),
    "step_runs_by_step": ("step_runs", ["pipeline", "step", "status", "started", "id"]),
    "step_runs_by_code": (
        "step_runs",
        ["cell_hash", "pipeline", "step", "status", "element", "started", "id"],
    ),
    "artifact_versions_by_start": ("artifact_versions", ["created", "id"]),
    "artifact_versions_by_digest": ("artifact_versions", ["digest"]),
    "artifact_versions_by_variable": (
        "artifact_versions",
        ["variable", "created", "version", "id"],
    ),
    "artifact_versions_by_type": ("artifact_versions", ["type", "created", "version", "id"]),
}
"""Those of which the project becomes the first column."""
_UNIQUE = {"one_version_per_number": "version", "one_version_per_name": "version_name"}
_OLD_KEY, _NEW_KEY = "artifact_versions_name_fkey", "a_version_has_an_artifact"
_PK = "artifacts_pkey"
_NAMES = {"fk": "%(table_name)s_%(column_0_name)s_fkey", "pk": "%(table_name)s_pkey"}
"""What PostgreSQL calls keys that were given no name; SQLite is told to call them so."""
_NEWEST = """
    UPDATE artifacts SET newest = (
        SELECT coalesce(max(version), 0) FROM artifact_versions
        WHERE artifact_versions.name = artifacts.name
    )
"""
_NAMED_ALIKE = """
    SELECT project, name FROM artifacts
    WHERE project <> (SELECT name FROM projects ORDER BY created, name LIMIT 1)
    AND name IN (SELECT name FROM artifacts GROUP BY name HAVING count(*) > 1)
"""


def upgrade() -> None:
    """What was recorded so far becomes that of the project that opens the database."""
    op.create_table(
        "projects",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("created", sa.Float, nullable=False),
    )
    _drop_indexes()
    _let_go(_OLD_KEY)
    for table in (*_LISTED, "artifacts"):
        project = sa.Column("project", sa.String, nullable=False, server_default="default")
        op.add_column(table, project)
    op.add_column("artifacts", sa.Column("newest", sa.Integer, nullable=False, server_default="0"))
    op.execute(_NEWEST)
    _give_all_to(context.config.attributes["project"])
    _change_keys(["project", "name"], _OLD_KEY, _NEW_KEY)
    _create_indexes("project")
    if op.get_bind().dialect.name == "sqlite":
        tell_planner(op.get_bind())


def downgrade() -> None:
    """Where projects have artifacts of one name, those of the later projects get another."""
    _drop_indexes()
    _let_go(_NEW_KEY)
    _tell_apart()
    _change_keys(["name"], _NEW_KEY, _OLD_KEY)
    for table in (*_LISTED, "artifacts"):
        op.drop_column(table, "project")
    op.drop_column("artifacts", "newest")
    op.drop_table("projects")
    _create_indexes()
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DELETE FROM sqlite_stat1")


def _drop_indexes() -> None:
    for name, (table, _) in _INDEXES.items():
        op.drop_index(name, table)


def _create_indexes(*first: str) -> None:
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, [*first, *columns])


def _give_all_to(project: str) -> None:
    connection = op.get_bind()
    begun = connection.scalar(sa.text("SELECT min(started) FROM runs"))
    if begun is None and not connection.scalar(sa.text("SELECT count(*) FROM artifacts")):
        return
    facts = {"project": project, "created": time.time() if begun is None else begun}
    connection.execute(sa.text("INSERT INTO projects VALUES (:project, :created)"), facts)
    for table in (*_LISTED, "artifacts"):
        connection.execute(sa.text(f"UPDATE {table} SET project = :project"), facts)


def _tell_apart() -> None:
    connection = op.get_bind()
    found = connection.execute(sa.text(_NAMED_ALIKE)).all()
    changes = [{"project": p, "name": n, "other": f"{p}/{n}"} for p, n in found]
    for table in ("artifacts", "artifact_versions") if changes else ():
        renamed = f"UPDATE {table} SET name = :other WHERE project = :project AND name = :name"
        connection.execute(sa.text(renamed), changes)


def _let_go(key: str) -> None:
    """SQLite does so as it writes the tables anew."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(key, "artifact_versions")


def _change_keys(key: list[str], gone: str, made: str) -> None:
    """By what an artifact is known, and its versions with it; SQLite writes both tables anew."""
    with op.batch_alter_table("artifacts", naming_convention=_NAMES) as artifacts:
        artifacts.drop_constraint(_PK, type_="primary")
        artifacts.create_primary_key(_PK, key)
    with op.batch_alter_table("artifact_versions", naming_convention=_NAMES) as versions:
        if op.get_bind().dialect.name == "sqlite":
            versions.drop_constraint(gone, type_="foreignkey")
        for name, column in _UNIQUE.items():
            versions.drop_constraint(name, type_="unique")
            versions.create_unique_constraint(name, [*key, column])
        versions.create_foreign_key(
            made, "artifacts", key, key, deferrable=True, initially="DEFERRED"
        )
