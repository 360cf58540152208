"""Databases of SQLite that a step connects to: files that are opened for writing to be read."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from blake3 import blake3

_HEADER = 100
"""Bytes; among them is a number that each change counts up (https://sqlite.org/fileformat.html)."""
_MODES = slice(18, 20)
_LOGGED = b"\x02\x02"
"""Of a database whose log has what was written last (https://sqlite.org/wal.html).

Nothing counts its changes: they are told by time, or by the whole of it where it is too young.
"""
_YOUNG = 2.0
"""Seconds for which a later change may show the same time, on the coarsest clock of a disk."""
_MOST = 16 * 1024 * 1024
"""Bytes of a young database that are looked at before a step may go on."""


def database_path(told: Any) -> Any:
    """The path of a database, which may be told as a URI (https://sqlite.org/uri.html)."""
    if not isinstance(told, str) or not told.startswith("file:"):
        return told
    path = told.removeprefix("file:").partition("?")[0].partition("#")[0]
    if path.startswith("//"):
        path = f"/{path.removeprefix('//').partition('/')[2]}"
    return unquote(path)


def log_beside(path: str) -> str | None:
    """Where what was written last to a database lies as long as it is not yet in its file.

    SQLite puts it beside the file that a link leads to. None where it is away or holds nothing.
    """
    target = os.path.realpath(path) if os.path.islink(path) else path  # noqa: PTH114
    log = f"{target}-wal"
    try:
        return log if os.path.getsize(log) else None  # noqa: PTH202
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class _Look:
    size: int
    changed: int
    header: bytes
    content: bytes
    """Its digest; empty where the rest tells a change."""


@dataclass(slots=True)
class Databases:
    """Those that one step connected to, as they were before."""

    before: dict[str, _Look | None] = field(default_factory=dict)

    def meet(self, path: str) -> None:
        """Before it is connected to."""
        if path not in self.before:
            self.before[path] = None  # looking at it is heard of, too
            self.before[path] = _first_look(path)

    def unchanged(self) -> set[str]:
        """Those that are what they were; never one of which a part lies in the log beside it."""
        return {
            path
            for path, before in self.before.items()
            if before is not None and before == _look(path, whole=bool(before.content))
        }


def _first_look(path: str) -> _Look | None:
    found = _look(path, whole=False)
    if found is None or found.header[_MODES] != _LOGGED:
        return found
    if abs(time.time() - found.changed / 1e9) > _YOUNG:
        return found
    return _look(path, whole=True) if found.size <= _MOST else None


def _look(path: str, *, whole: bool) -> _Look | None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            stat = os.fstat(file.fileno())
            header = file.read(_HEADER)
            content = blake3(header + file.read()).digest() if whole else b""
    except OSError:
        return None
    if header[_MODES] == _LOGGED and log_beside(path):
        return None
    return _Look(stat.st_size, stat.st_mtime_ns, header, content)
