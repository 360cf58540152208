"""Which paths are asked about, rather than opened, while a step runs.

Python tells nobody of `os.stat`, through which `os.path.exists`, `Path.is_file` and their like go;
so while a step runs it is listened to.
"""

from __future__ import annotations

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
    }
)
_ASPECTS = {
    **dict.fromkeys(_ABOUT_EXISTENCE, EXISTENCE),
    "getsize": SIZE,
    **dict.fromkeys(("getmtime", "getatime", "getctime"), TIMES),
}
"""What functions make of the answer."""
_BETWEEN = ("os", "posixpath", "ntpath", "genericpath", "pathlib")
"""Modules through which every question goes."""
_OF_NO_CONCERN = (
    *("importlib", "linecache", "tokenize", "inspect", "traceback"),
    *("jupyter_mlpipe", "mlpipe_kernel", "IPython"),
)
"""Modules that look for code, and ours."""


@dataclass(slots=True)
class PathInquiries:
    """Listens to `os.stat` and `os.lstat`."""

    asked: dict[str, str] = field(default_factory=dict)
    """The name of a dependency to its digest, when it was first asked."""
    by_user: set[str] = field(default_factory=set)
    """Those that the user's own code asked; a library that writes to a path may ask before."""
    _functions: tuple[Callable[..., Any], Callable[..., Any]] | None = None
    _path_of: Callable[[Any], str | None] = str

    def start(self, path_of: Callable[[Any], str | None]) -> None:
        """Begin to listen; `path_of` gives an absolute path, or None for one of no concern."""
        self._path_of = path_of
        self._functions = (os.stat, os.lstat)
        os.stat, os.lstat = self._heard(os.stat), self._heard(os.lstat)

    def stop(self) -> None:
        """Leave `os` as it was."""
        if self._functions is not None:
            os.stat, os.lstat = self._functions
            self._functions = None

    def _heard(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def ask(path: Any, *arguments: Any, **options: Any) -> Any:
            try:
                answer = function(path, *arguments, **options)
            except OSError:
                self._note(path, options, None)
                raise
            self._note(path, options, answer)
            return answer

        ask.__name__ = ask.__qualname__ = function.__name__
        return ask

    def _note(self, path: Any, options: Any, answer: os.stat_result | None) -> None:
        if isinstance(path, int) or options.get("dir_fd") is not None:
            return  # it was opened, or its folder was, of which others told
        place = self._path_of(path)
        if place is None:
            return
        aspect, asker = _question(sys._getframe(2))  # noqa: SLF001
        if asker.partition(".")[0] in _OF_NO_CONCERN:
            return
        self.asked.setdefault(aspect + place, _digest(aspect, answer))
        if asker == "__main__" or is_local(asker):
            self.by_user.add(aspect + place)


def inquiry_digest(name: str) -> str:
    """The present answer to what a step asked, by the name of the dependency."""
    aspect = next(a for a in (EXISTENCE, SIZE, TIMES) if name.startswith(a))
    try:
        return _digest(aspect, os.stat(name.removeprefix(aspect)))  # noqa: PTH116
    except OSError:
        return _digest(aspect, None)


def inquired_path(name: str) -> str:
    """The path that a dependency is about."""
    return name.partition(" of ")[2]


def _digest(aspect: str, answer: os.stat_result | None) -> str:
    if answer is None:
        return "nothing"
    if stat.S_ISDIR(answer.st_mode):
        return "a folder"  # what is in it was asked for otherwise
    found = "a file"
    if aspect != EXISTENCE:
        found += f" of {answer.st_size} bytes"
    return f"{found}, changed {answer.st_mtime_ns}" if aspect == TIMES else found


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
