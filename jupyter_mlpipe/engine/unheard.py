"""Files that libraries open past Python, such as Polars and Arrow do, as Linux tells of them.

Inotify (inotify(7)) tells which files of a folder are opened and written, whoever does it, so that
just those count which nobody but this process has a reason to touch. Elsewhere than on Linux
nothing is told.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_OPEN, _CLOSE_WRITE, _MOVED_TO, _CREATE = 0x20, 0x8, 0x80, 0x100
_LOST, _GONE, _FOLDER = 0x4000, 0x8000, 0x40000000
_ASKED = _OPEN | _CLOSE_WRITE | _MOVED_TO | _CREATE | 0x01000000 | 0x04000000
"""Folders only, and nothing of files that have no name any more."""
_EVENT = struct.Struct("iIII")
_MOST_FOLDERS = 300
"""Below one place; a folder with more holds no data set that a step reads whole."""
_PASSED_OVER = frozenset({"__pycache__", "node_modules"})
_BESIDE = (".ipynb", "~", "-shm", "-wal", "-journal")
"""Others than the step open the first two, to show or to save them; SQLite has the others beside
a database that is open."""
_PATTERN = frozenset("?[")
"""Signs that files may be found by in a text with a dot; they may stand for themselves, too."""


@dataclass(slots=True)
class Opened:
    """What was opened since the last time one asked."""

    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    """Folders of which files were read that were looked through before."""
    lost: bool = False
    """More happened than Linux remembers."""


class UnheardFiles:
    """Watches folders; one per process, made when it is first needed."""

    def __init__(self, ignored: tuple[str, ...]) -> None:
        self._ignored = ignored
        self._file: int | None = None
        self._owner = 0
        self._folders: dict[int, str] = {}
        self._watched: set[str] = set()
        self._opened = Opened()
        self._searched = False
        self._shared = {tempfile.gettempdir(), os.path.expanduser("~")}  # noqa: PTH111
        """Folders below which others have theirs."""

    def start(self, places: Iterable[str]) -> None:
        """Begin anew, with the working folder and those that these texts lead to."""
        if not self._prepared():
            return
        self._searched = False
        for place in (_here(), *filter(None, map(self._folder, places))):
            self._watch_all(place)
        self.collect()
        self._opened = Opened()

    def collect(self) -> None:
        """Take up what was told so far, before there is too much of it."""
        if self._file is None or self._owner != os.getpid():
            return
        while True:
            try:
                told = os.read(self._file, 1 << 16)
            except BlockingIOError:
                return
            for number, mask, name in _events(told):
                self._take_up(number, mask, name)

    def stop(self) -> Opened:
        """What was opened since `start`."""
        self.collect()
        found, self._opened = self._opened, Opened()
        found.listed = {folder for folder in found.listed if self._counts(folder, found)}
        return found

    def _prepared(self) -> bool:
        """A process that was forked must not take away what its parent is told."""
        if self._file is None and sys.platform == "linux":
            file = _libc().inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
            self._owner = os.getpid()
            if file >= 0:  # each user has a hundred or so
                self._file = file
                weakref.finalize(self, os.close, file)
        return self._file is not None and self._owner == os.getpid()

    def _folder(self, place: str) -> str | None:
        """The deepest folder that is there on the way to where a text leads."""
        self._searched = self._searched or _may_be_pattern(place)
        if "/" not in place:
            return None
        told = os.path.expanduser(place.removeprefix("file://"))  # noqa: PTH111
        path = os.path.normpath(os.path.join(_here(), told))  # noqa: PTH118
        while not os.path.isdir(path):  # noqa: PTH112 - refuses no odd strings
            above = os.path.dirname(path)  # noqa: PTH120
            if above == path:
                return None
            path = above
        return path if path.strip(os.sep) and not self._is_ignored(path) else None

    def _watch_all(self, place: str) -> None:
        if place in self._watched:
            return
        waiting, count = [place], 0
        while waiting and count < _MOST_FOLDERS:
            folder = waiting.pop(0)
            if folder not in self._watched and not self._watch(folder):
                continue
            count += 1
            waiting += () if folder in self._shared else _folders_in(folder)

    def _watch(self, folder: str) -> bool:
        number = _libc().inotify_add_watch(self._file, os.fsencode(folder), _ASKED)
        if number < 0:
            return False
        self._folders[number] = folder
        self._watched.add(folder)
        return True

    def _take_up(self, number: int, mask: int, name: str) -> None:
        if mask & _LOST:
            self._opened.lost = True
        folder = self._folders.get(number)
        if folder is None:
            return
        if mask & _GONE:
            self._watched.discard(self._folders.pop(number))
            return
        path = os.path.join(folder, name) if name else folder  # noqa: PTH118
        if self._is_ignored(path) or not _is_data(name):
            return
        if mask & _FOLDER:
            if mask & (_CREATE | _MOVED_TO):
                self._watch_all(path)
            elif not name:
                self._opened.listed.add(path)
        elif mask & (_CLOSE_WRITE | _MOVED_TO):
            self._opened.written.add(path)
        elif mask & _OPEN:
            self._opened.read.add(path)

    def _is_ignored(self, path: str) -> bool:
        return f"{path}{os.sep}".startswith(self._ignored)

    def _counts(self, folder: str, found: Opened) -> bool:
        """Whoever shows the folder of a notebook lists it, too."""
        if folder == _here() and not self._searched:
            return False
        return any(path.startswith(f"{folder}{os.sep}") for path in found.read)


def _may_be_pattern(text: str) -> bool:
    return "*" in text or ("." in text and not _PATTERN.isdisjoint(text))


def _is_data(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(_BESIDE) and name not in _PASSED_OVER


def _folders_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            found = [e for e in entries if _is_data(e.name) and e.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [entry.path for entry in found if not os.path.exists(f"{entry.path}/pyvenv.cfg")]  # noqa: PTH110


def _events(told: bytes) -> Iterator[tuple[int, int, str]]:
    place = 0
    while place < len(told):
        number, mask, _, length = _EVENT.unpack_from(told, place)
        place += _EVENT.size
        yield number, mask, os.fsdecode(told[place : place + length].rstrip(b"\0"))
        place += length


def _here() -> str:
    """Where one works; nowhere if that folder was removed."""
    try:
        return os.getcwd()  # noqa: PTH109 - asked at each step
    except OSError:
        return os.devnull


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
