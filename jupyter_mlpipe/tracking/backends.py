"""What differs between the databases that can hold the records."""

from __future__ import annotations

from typing import ClassVar, Protocol

from sqlalchemy import URL, Engine

from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.tracking.postgres import Postgres
from jupyter_mlpipe.tracking.sqlite import Sqlite

EXAMPLES = "sqlite:////home/me/project/.mlpipe/metadata.db or postgresql+psycopg://me@host/database"


class Backend(Protocol):
    """One kind of database."""

    reading: ClassVar[str]
    """Begins a transaction that sees one moment."""
    writing: ClassVar[str]
    """Begins a transaction in which nothing read can change before it ends."""

    def make_engine(self, url: URL) -> Engine:
        """An engine; no connection is made yet.

        Raises:
            MetadataError: The database's driver is not installed, or not one that we know.
        """
        ...

    def failures(self) -> tuple[type[Exception], ...]:
        """What the driver raises where the database refuses."""
        ...

    def sentence(self, error: Exception) -> str | None:
        """What the database refused, and what to do about it; None when nothing is known."""
        ...

    def unreachable(self, error: Exception) -> bool:
        """Whether the database was not there to refuse anything."""
        ...

    def name_taken(self, error: Exception) -> bool:
        """Whether another version of the artifact has the version name already."""
        ...

    def place(self, url: URL) -> str:
        """How messages name the database; without a password."""
        ...


def backend_of(url: URL) -> Backend:
    """The kind of database that a URL leads to.

    Raises:
        MetadataError: There is none of ours.
    """
    name = url.get_backend_name()
    if name == "sqlite":
        return Sqlite()
    if name == "postgresql":
        return Postgres()
    raise MetadataError(
        f"metadata_store asks for a {name} database, and only SQLite and PostgreSQL are "
        f"supported. Expected a URL such as {EXAMPLES}."
    )
