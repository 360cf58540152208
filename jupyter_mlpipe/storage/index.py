"""Which pack holds which chunk, remembered in a database beside the packs.

Nothing depends on it: where a chunk lies is read from the pack itself, and what the database
does not know is found in the folder. It may be deleted at any time.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

R = TypeVar("R")
_DIGEST = 32
_AT_ONCE = 500
_TABLES = """
CREATE TABLE IF NOT EXISTS pack (id INTEGER PRIMARY KEY, name TEXT UNIQUE, stamp TEXT);
CREATE TABLE IF NOT EXISTS chunk (
    digest BLOB, pack INTEGER, PRIMARY KEY (digest, pack)
) WITHOUT ROWID;
"""


class ChunkIndex:
    """One connection, used by one thread at a time, and opened anew in a forked process.

    Where the database cannot be written, it is kept in memory. Where it is damaged, it is
    begun anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        self._lock = threading.RLock()

    def packs(self) -> frozenset[str]:
        """Names of all packs that are known."""
        return self._do(lambda c: frozenset(n for (n,) in c.execute("SELECT name FROM pack")))

    def packs_of(self, digests: Sequence[bytes]) -> dict[bytes, list[str]]:
        """For each chunk that is known the packs that hold it, the newest first."""
        found: dict[bytes, list[str]] = {}
        for start in range(0, len(digests), _AT_ONCE):
            some = digests[start : start + _AT_ONCE]
            for digest, name in self._do(partial(_holders, digests=some)):
                found.setdefault(digest, []).append(name)
        return found

    def stamp(self, name: str) -> str:
        """What was remembered of a pack whose content was verified; empty where nothing was."""
        query = "SELECT stamp FROM pack WHERE name = ?"
        row = self._do(lambda c: c.execute(query, (name,)).fetchone())
        return row[0] if row else ""

    def add(self, name: str, digests: bytes, stamp: str) -> None:
        """Remember a pack with what it holds."""
        chunks = [digests[i : i + _DIGEST] for i in range(0, len(digests), _DIGEST)]
        self._do(lambda c: _add(c, name, chunks, stamp))

    def approve(self, name: str, stamp: str) -> None:
        """Remember that a pack was verified when it looked like this."""
        query = "UPDATE pack SET stamp = ? WHERE name = ?"
        self._do(lambda c: c.execute(query, (stamp, name)))

    def remove(self, names: Sequence[str]) -> None:
        """Forget packs."""
        for start in range(0, len(names), _AT_ONCE):
            self._do(partial(_remove, names=names[start : start + _AT_ONCE]))

    def remove_chunk(self, name: str, digest: bytes) -> None:
        """Forget that a pack holds a chunk, which is damaged there."""
        query = (
            "DELETE FROM chunk WHERE digest = ? AND pack IN (SELECT id FROM pack WHERE name = ?)"
        )
        self._do(lambda c: c.execute(query, (digest, name)))

    def _do(self, work: Callable[[sqlite3.Connection], R]) -> R:
        with self._lock:
            try:
                return _in_transaction(self._open(), work)
            except sqlite3.DatabaseError as error:
                self._begin_anew(error)
                return _in_transaction(self._open(), work)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None or self._process != os.getpid():
            self._process = os.getpid()
            self._connection = _connected(self._path)
        return self._connection

    def _begin_anew(self, error: sqlite3.DatabaseError) -> None:
        """A damaged file is deleted; one that is locked or may not be written is left alone."""
        self._connection = None
        if isinstance(error, sqlite3.OperationalError):
            self._process, self._connection = os.getpid(), _connected(None)
            return
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)


def _connected(path: Path | None) -> sqlite3.Connection:
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            path or ":memory:", timeout=10, isolation_level=None, check_same_thread=False
        )
        connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {_TABLES}")
    except (OSError, sqlite3.OperationalError):
        if path is None:
            raise
        return _connected(None)
    return connection


def _in_transaction(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], R]) -> R:
    connection.execute("BEGIN")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result


def _add(connection: sqlite3.Connection, name: str, chunks: list[bytes], stamp: str) -> None:
    connection.execute("INSERT OR REPLACE INTO pack (name, stamp) VALUES (?, ?)", (name, stamp))
    (number,) = connection.execute("SELECT id FROM pack WHERE name = ?", (name,)).fetchone()
    rows = ((chunk, number) for chunk in chunks)
    connection.executemany("INSERT OR IGNORE INTO chunk VALUES (?, ?)", rows)


def _holders(connection: sqlite3.Connection, digests: Sequence[bytes]) -> list[tuple[bytes, str]]:
    marks = ",".join("?" * len(digests))
    query = (
        "SELECT digest, name FROM chunk JOIN pack ON id = pack "
        f"WHERE digest IN ({marks}) ORDER BY id DESC"
    )
    return connection.execute(query, digests).fetchall()


def _remove(connection: sqlite3.Connection, names: Sequence[str]) -> None:
    gone = f"name IN ({','.join('?' * len(names))})"
    connection.execute(f"DELETE FROM chunk WHERE pack IN (SELECT id FROM pack WHERE {gone})", names)
    connection.execute(f"DELETE FROM pack WHERE {gone}", names)
