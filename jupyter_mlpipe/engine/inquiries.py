"""Which paths are asked about, rather than opened, while a step runs.

Python tells nobody of `os.stat`, through which `os.path.exists`, `Path.is_file` and their like go;
so while a step runs it is listened to.
"""

from __future__ import annotations

import glob
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from jupyter_mlpipe.engine.patches import is_local

EXISTENCE, SIZE, TIMES = "existence of ", "size of ", "times of "
"""Begin the name of a dependency; the path follows. Each aspect counts those before it."""
_ABOUT_EXISTENCE = frozenset(
    {
        *("exists", "lexists", "isfile", "isdir", "islink", "is_file", "is_dir", "is_symlink"),
        *("_joinrealpath", "realpath", "ismount", "_path_exists", "_path_isfile", "_path_isdir"),
        "select_exists",
    }
)
_ASPECTS = {
    **dict.fromkeys(_ABOUT_EXISTENCE, EXISTENCE),
    "getsize": SIZE,
    **dict.fromkeys(("getmtime", "getatime", "getctime"), TIMES),
}
"""What functions make of the answer."""
_BETWEEN = ("os", "posixpath", "ntpath", "genericpath", "pathlib", "glob")
"""Modules through which every question goes."""
_OF_NO_CONCERN = (
    *("importlib", "linecache", "tokenize", "inspect", "traceback"),
    *("jupyter_mlpipe", "mlpipe_kernel", "IPython"),
)
"""Modules that look for code, and ours."""


@dataclass(slots=True)
class PathInquiries:
    """Listens to `os.stat`, `os.lstat` and `os.access`."""

    asked: dict[str, str] = field(default_factory=dict)
    """The name of a dependency to its digest, when it was first asked."""
    by_user: set[str] = field(default_factory=set)
    """Those that the user's own code asked; a library that writes to a path may ask before."""
    _functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    _path_of: Callable[[Any], str | None] = str

    def start(self, path_of: Callable[[Any], str | None]) -> None:
        """Begin to listen; `path_of` gives an absolute path, or None for one of no concern."""
        self._path_of = path_of
        self._functions = {name: getattr(os, name) for name in ("stat", "lstat", "access")}
        for name, function in self._functions.items():
            setattr(os, name, self._heard(name, function))
        _tell_patterns()

    def stop(self) -> None:
        """Leave `os` as it was."""
        for name, function in self._functions.items():
            setattr(os, name, function)
        self._functions = {}
        _tell_patterns()

    def _heard(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def ask(path: Any, *arguments: Any, **options: Any) -> Any:
            if not isinstance(path, int) and options.get("dir_fd") is None:
                self._note(path, sys._getframe(1), EXISTENCE if name == "access" else "")  # noqa: SLF001
            return function(path, *arguments, **options)

        ask.__name__ = ask.__qualname__ = name
        return ask

    def _note(self, path: Any, frame: FrameType, aspect: str) -> None:
        place = self._path_of(path)
        if place is None:
            return
        asked, asker = _question(frame)
        if asker.partition(".")[0] in _OF_NO_CONCERN:
            return
        name = (aspect or asked) + place
        if name not in self.asked:
            self.asked[name] = _answer(name, self._functions.get("stat", os.stat))
        if asker == "__main__" or is_local(asker):
            self.by_user.add(name)


def _tell_patterns() -> None:
    """Python 3.13 looks for what `Path.glob` names with the `os.lstat` of when it was imported."""
    kind: Any = getattr(glob, "_StringGlobber", None)
    if kind is not None and "lstat" in vars(kind):
        kind.lstat = staticmethod(os.lstat)


def inquiry_digest(name: str) -> str:
    """The present answer to what a step asked, by the name of the dependency."""
    return _answer(name, os.stat)


def inquired_path(name: str) -> str:
    """The path that a dependency is about."""
    return name.partition(" of ")[2]


def _answer(name: str, ask: Callable[[str], os.stat_result]) -> str:
    aspect = next(a for a in (EXISTENCE, SIZE, TIMES) if name.startswith(a))
    try:
        found = ask(name.removeprefix(aspect))
    except (OSError, ValueError):
        return "nothing"
    if stat.S_ISDIR(found.st_mode):
        return "a folder"  # what is in it was asked for otherwise
    told = "a file"
    if aspect != EXISTENCE:
        told += f" of {found.st_size} bytes"
    return f"{told}, changed {found.st_mtime_ns}" if aspect == TIMES else told


def _question(frame: FrameType | None) -> tuple[str, str]:
    """What is asked, and the module that asks."""
    aspect = ""
    while frame is not None:
        module, function = str(frame.f_globals.get("__name__")), frame.f_code.co_name
        if module.partition(".")[0] not in _BETWEEN:
            return aspect or (TIMES if module == "__main__" else SIZE), module
        aspect = aspect or _ASPECTS.get(function, "")
        frame = frame.f_back
    return aspect or SIZE, ""
