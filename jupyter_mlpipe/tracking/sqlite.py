"""A SQLite file, which several processes share."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import ClassVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.tracking import schema

_PATIENCE = 10.0
"""Seconds to wait for another writer."""
_KEYS_COUNT = "PRAGMA foreign_keys = ON"
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_PATIENCE * 1000:.0f}",
    "PRAGMA synchronous = NORMAL",
    _KEYS_COUNT,
    "PRAGMA cache_size = -65536",  # KiB at most; the default of 2 MiB holds no long lineage
)
_DAMAGED = (
    "the file is not a database, or a damaged one. Move it away to start anew, or set "
    "metadata_store to another place."
)
_NAME_TAKEN = "artifact_versions.version_name"
_SENTENCES = {
    "file is not a database": _DAMAGED,
    "malformed": _DAMAGED,
    "unsupported file format": _DAMAGED,
    "is full": "the disk is full. Free some space; nothing was recorded.",
    "disk I/O error": "the disk refused, full or failing. Check it; nothing was recorded.",
    "unable to open": "it cannot be opened. Check that its folder exists and may be written to.",
    "readonly": "it may only be read here. Make its folder writable or set metadata_store.",
    "locked": "another process has been writing for too long. Try again when it has ended.",
    _NAME_TAKEN: (
        "a version with this name already exists, and versions never change. Choose another "
        "version name."
    ),
    "UNIQUE constraint failed: artifact_versions": (
        "this artifact version is already recorded, and versions never change."
    ),
    "UNIQUE constraint failed: model_versions": (
        "this model version is already recorded, and versions never change."
    ),
    "FOREIGN KEY": "a record names a run, step run or artifact version that was never recorded.",
}


class Sqlite:
    """Write-ahead logging: readers go on while one writes."""

    reading: ClassVar[str] = "BEGIN"
    # The write lock is taken at once: one wanted later fails without waiting.
    writing: ClassVar[str] = "BEGIN IMMEDIATE"

    def make_engine(self, url: URL) -> Engine:
        """See `Backend.make_engine`; makes the folder of the file."""
        if url.database and not url.database.startswith("file:"):
            _make_folder(Path(url.database).parent)
        engine = create_engine(
            url,
            poolclass=QueuePool,
            connect_args={"check_same_thread": False},
            # A database in memory lives in one connection, for which all threads queue.
            **({"pool_size": 1, "max_overflow": 0} if in_memory(url) else {}),
        )
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "checkin", _check_keys)
        return engine

    def failures(self) -> tuple[type[Exception], ...]:
        """See `Backend.failures`."""
        return (sqlite3.Error,)

    def sentence(self, error: Exception) -> str | None:
        """See `Backend.sentence`."""
        found = str(error)
        return next((words for sign, words in _SENTENCES.items() if sign in found), None)

    def unreachable(self, error: Exception) -> bool:
        """See `Backend.unreachable`: a file is there or is made."""
        return False

    def name_taken(self, error: Exception) -> bool:
        """See `Backend.name_taken`."""
        return _NAME_TAKEN in str(error)

    def place(self, url: URL) -> str:
        """See `Backend.place`."""
        return url.database or "in memory"

    def _begin(self, connection: Connection) -> None:
        """Migrations alone write over SQLAlchemy's own connections.

        They write a table anew to change its keys, and the others refer to nothing meanwhile.
        """
        migrating = connection.get_execution_options().get(schema.MIGRATING)
        if migrating:
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql(self.writing if migrating else self.reading)


def in_memory(url: URL) -> bool:
    """Whether the database is gone with its connection."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MetadataError(
            f"The metadata store's folder {folder} cannot be made: {error.strerror}. Make it "
            "writable or set metadata_store to another place."
        ) from error


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # no transaction begins unless we say so
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    _write_ahead(cursor)
    cursor.close()


def _check_keys(connection: sqlite3.Connection | None, _record: object) -> None:
    """A migration may have gone over this connection, which is given to others now."""
    if connection is not None:
        connection.execute(_KEYS_COUNT)


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """SQLite does not wait by itself to make this change."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
