"""Opens the database behind a metadata store, and puts its complaints into plain words."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import QueuePool

from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.tracking import schema

WRITING = "mlpipe_writing"
"""Execution option of connections that are about to write."""
_PATIENCE = 10.0
"""Seconds to wait for another writer."""
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_PATIENCE * 1000:.0f}",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
)
_DAMAGED = (
    "the file is not a database, or a damaged one. Move it away to start anew, or set "
    "metadata_store to another place."
)
_SENTENCES = {
    "file is not a database": _DAMAGED,
    "malformed": _DAMAGED,
    "unsupported file format": _DAMAGED,
    "is full": "the disk is full. Free some space; nothing was recorded.",
    "disk I/O error": "the disk refused, full or failing. Check it; nothing was recorded.",
    "unable to open": "it cannot be opened. Check that its folder exists and may be written to.",
    "readonly": "it may only be read here. Make its folder writable or set metadata_store.",
    "locked": "another process has been writing for too long. Try again when it has ended.",
    "version_name": (
        "a version with this name already exists, and versions never change. Choose another "
        "version name."
    ),
    "UNIQUE constraint failed: artifact_versions": (
        "this artifact version is already recorded, and versions never change."
    ),
    "FOREIGN KEY": "a record names a run, step run or artifact version that was never recorded.",
}


def open_database(url: str) -> Engine:
    """An engine on an up-to-date database, made if there was none.

    Raises:
        MetadataError: There is something else in its place, or it cannot be written.
    """
    parsed = _parse(url)
    if parsed.database and not parsed.database.startswith("file:"):
        _make_folder(Path(parsed.database).parent)
    engine = _engine(parsed)
    try:
        with engine.connect() as connection:
            current = schema.is_current(connection)
        if not current:
            with engine.execution_options(**{WRITING: True}).begin() as connection:
                schema.upgrade(connection)
    except Exception as error:
        engine.dispose()
        raise explain(error, url) from error
    return engine


def explain(error: Exception, url: str) -> MetadataError:
    """The same complaint as one clear sentence."""
    if isinstance(error, MetadataError):
        return error
    found = str(error.orig if isinstance(error, DBAPIError) else error)
    sentence = next((words for sign, words in _SENTENCES.items() if sign in found), f"{found}.")
    return MetadataError(f"Metadata store {location(url)}: {sentence}")


def location(url: str) -> str:
    """How messages name the database; without a password."""
    parsed = _parse(url)
    return parsed.database or "in memory"


def in_memory(url: URL) -> bool:
    """Whether the database is gone with its connection."""
    return url.database in (None, "", ":memory:")


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise MetadataError(
            f"metadata_store is {url.partition('://')[0][:40]!r}..., which is no database URL. "
            "Expected one such as sqlite:////home/me/project/.mlpipe/metadata.db."
        ) from error
    if backend != "sqlite":
        raise MetadataError(
            f"metadata_store asks for a {backend} database, and only SQLite is supported. "
            "Expected a URL such as sqlite:////home/me/project/.mlpipe/metadata.db."
        )
    return parsed


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MetadataError(
            f"The metadata store's folder {folder} cannot be made: {error.strerror}. Make it "
            "writable or set metadata_store to another place."
        ) from error


def _engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        connect_args={"check_same_thread": False},
        # A database in memory lives in one connection, for which all threads queue.
        **({"pool_size": 1, "max_overflow": 0} if in_memory(url) else {}),
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin` alone
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    _write_ahead(cursor)
    cursor.close()


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Let readers go on while one writes. SQLite does not wait by itself to make this change."""
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


def _begin(connection: Connection) -> None:
    """Take the write lock at once: a lock wanted later fails without waiting."""
    writing = connection.get_execution_options().get(WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
