"""Folders that values pass through on their way into the store and out of it."""

from __future__ import annotations

import itertools
import os
import shutil
import stat
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "mlpipe-scratch-"
"""Begins the name of the folder that all of a user's are in, among temporary files."""
_FRESH = 60
"""Seconds in which a folder is left alone, for whoever made it has yet to say that it is in use."""
_MOST_SWEPT = 200
"""Folders that one process looks at, for the first step waits for that."""


class ScratchFolders:
    """Empty folders on loan; used again and again, for making one costs more than a small value.

    They lie below one temporary folder that goes with this object or the process. Those of
    processes that were killed are swept away by the next one.
    """

    def __init__(self) -> None:
        self._root: Path | None = None
        self._owner = 0
        self._free: list[Path] = []

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder that is empty, and emptied again at the end.

        Raises:
            OSError: None can be made where temporary files go.
        """
        path = self._take()
        try:
            yield path
        finally:
            _empty(path)
            if self._owner == os.getpid():
                self._free.append(path)

    def _take(self) -> Path:
        mine = self._owner == os.getpid()  # a forked child has folders of its own
        if self._root is None or not mine or not self._root.is_dir():
            shelter = _shelter()
            _sweep(shelter)
            self._free, self._owner = [], os.getpid()
            self._root = Path(tempfile.mkdtemp(dir=shelter))
            weakref.finalize(self, _remove, self._root, self._owner, _claim(self._root))
        while self._free:
            path = self._free.pop()
            if path.is_dir():
                return path
        return Path(tempfile.mkdtemp(dir=self._root))


def _empty(folder: Path) -> None:
    """Mapped files stay readable after their names are gone."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            os.unlink(entry.path)  # noqa: PTH108 - a third of the time


def _remove(root: Path, owner: int, claim: int | None) -> None:
    if os.getpid() == owner:
        shutil.rmtree(root, ignore_errors=True)
        if claim is not None:
            os.close(claim)


def _claim(folder: Path) -> int | None:
    """Lock a folder, which ends with the process; None where that cannot be, or another has."""
    if os.name != "posix":
        return None
    import fcntl

    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(opened)
        return None
    return opened


def _shelter() -> Path:
    """A folder of this user's own; one that another made in its place is not used."""
    user = os.getuid() if os.name == "posix" else 0  # elsewhere temporary files are of one user
    folder = Path(tempfile.gettempdir(), f"{PREFIX}{user}")
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    own = os.name != "posix" or (found.st_uid == user and not found.st_mode & 0o077)
    return folder if own and stat.S_ISDIR(found.st_mode) else Path(tempfile.mkdtemp(prefix=PREFIX))


def _sweep(shelter: Path) -> None:
    """Take away what processes left that are no more."""
    begun = time.time() - _FRESH
    with suppress(OSError), os.scandir(shelter) as entries:
        for entry in itertools.islice(entries, _MOST_SWEPT):
            with suppress(OSError):  # another process sweeps, too
                if entry.stat(follow_symlinks=False).st_mtime < begun:
                    _sweep_away(Path(entry.path))


def _sweep_away(folder: Path) -> None:
    claim = _claim(folder)
    if claim is not None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(claim)
