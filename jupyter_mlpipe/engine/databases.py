"""Databases of SQLite that a step connects to: files that are opened for writing to be read."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import unquote

_Look: TypeAlias = tuple[int, int, bytes]
_HEADER = 100
"""Bytes; among them is a number that each change counts up (https://sqlite.org/fileformat.html)."""


_MODES = slice(18, 20)
_LOGGED = b"\x02\x02"
"""Of a database with a log of what was written last, which is kept for as long as it is open."""


def database_path(told: Any) -> Any:
    """The path of a database, which may be told as a URI (https://sqlite.org/uri.html)."""
    if not isinstance(told, str) or not told.startswith("file:"):
        return told
    path = told.removeprefix("file:").partition("?")[0].partition("#")[0]
    if path.startswith("//"):
        path = f"/{path.removeprefix('//').partition('/')[2]}"
    return unquote(path)


@dataclass(slots=True)
class Databases:
    """Those that one step connected to, as they were before."""

    before: dict[str, _Look | None] = field(default_factory=dict)

    def meet(self, path: str) -> None:
        """Before it is connected to."""
        if path not in self.before:
            self.before[path] = None  # looking at it is heard of, too
            self.before[path] = _look(path)

    def unchanged(self) -> set[str]:
        """Those that are what they were; never one of which a part may lie in a file beside it."""
        return {
            path
            for path, before in self.before.items()
            if before is not None and before[2][_MODES] != _LOGGED and before == _look(path)
        }


def _look(path: str) -> _Look | None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            stat = os.fstat(file.fileno())
            return stat.st_size, stat.st_mtime_ns, file.read(_HEADER)
    except OSError:
        return None
