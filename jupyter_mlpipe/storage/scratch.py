"""Folders that values pass through on their way into the store and out of it."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "mlpipe-scratch-"
"""Begins the names of such folders, among temporary files."""


class ScratchFolders:
    """Empty folders on loan; used again and again, for making one costs more than a small value.

    They lie below one temporary folder that goes with this object or the process.
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
            self._free, self._owner = [], os.getpid()
            self._root = Path(tempfile.mkdtemp(prefix=PREFIX))
            weakref.finalize(self, _remove, self._root, self._owner)
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


def _remove(root: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(root, ignore_errors=True)
