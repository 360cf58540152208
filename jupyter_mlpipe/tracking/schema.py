"""Brings a database to the shape of `tables`: a new one at once, an older one by migrations."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
    text,
)

from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.model.project import DEFAULT_PROJECT
from jupyter_mlpipe.tracking.estimates import tell_planner
from jupyter_mlpipe.tracking.tables import METADATA

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0010"
"""The newest revision below `migrations/versions`."""
MIGRATING = "mlpipe_migrating"
"""Execution option of connections that are about to migrate."""
_REVISION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Where Alembic looks for the revision."""
_MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = threading.Lock()
"""Alembic's context is one for the whole process."""


def is_current(connection: Connection) -> bool:
    """Whether nothing is left to do; far cheaper than asking Alembic.

    Raises:
        MetadataError: The database belongs to another program, or to a newer version of this one.
    """
    return _revision(connection) == HEAD


def upgrade(connection: Connection, project: str = DEFAULT_PROJECT) -> None:
    """Bring the database up to date, inside the connection's transaction.

    Args:
        connection: To the database.
        project: Gets what was recorded before there were projects.

    Raises:
        MetadataError: As `is_current`.
    """
    revision = _revision(connection)
    if revision is None:
        _create(connection)
    elif revision != HEAD:
        migrate(connection, HEAD, project)


def migrate(connection: Connection, revision: str, project: str = DEFAULT_PROJECT) -> None:
    """Go up or down to a revision; `base` takes every table away."""
    from alembic import command

    config = _config(connection, project)
    down = revision == "base" or revision < (_revision(connection) or "")
    go = command.downgrade if down else command.upgrade
    with _ONE_AT_A_TIME:
        go(config, revision)


def _create(connection: Connection) -> None:
    """All tables, as the migrations would leave them, in a tenth of their time."""
    _REVISION.create(connection, checkfirst=True)
    METADATA.create_all(connection, checkfirst=False)
    connection.execute(_REVISION.insert(), {"version_num": HEAD})
    if connection.dialect.name == "sqlite":
        tell_planner(connection)


def _config(connection: Connection, project: str) -> Config:
    from alembic.config import Config

    config = Config(attributes={"connection": connection, "project": project})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _revision(connection: Connection) -> str | None:
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    found = None
    if "alembic_version" in tables:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is None and set(tables) - {"alembic_version"}:
        raise MetadataError(
            f"The database holds the tables of another program ({', '.join(tables[:3])}). "
            "Set metadata_store to a database of its own."
        )
    if found is not None and found not in _known_revisions():
        raise MetadataError(
            f"The database is at revision {found}, which this version of jupyter_mlpipe does not "
            f"know (its newest is {HEAD}). Upgrade jupyter_mlpipe, or set metadata_store to "
            "another database."
        )
    return found


def _known_revisions() -> frozenset[str]:
    return frozenset(file.name[: len(HEAD)] for file in _MIGRATIONS.glob("versions/*.py"))
