"""Files brought to disk."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import BinaryIO, TypeAlias

Flush: TypeAlias = Callable[[BinaryIO], None]
"""Sees to it that what was written to an open file comes to disk; may raise OSError."""
_MOST_WAITING = 32
_WRITE_ONLY = 2
"""SYNC_FILE_RANGE_WRITE of Linux."""


def flush_now(file: BinaryIO) -> None:
    """Wait until it is there."""
    os.fsync(file.fileno())


def begin_flush(file: int, count: int) -> None:
    """Have the disk begin with the bytes written last, and wait for nothing."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        start = os.lseek(file, 0, os.SEEK_CUR) - count
        library.sync_file_range(file, ctypes.c_long(start), ctypes.c_long(count), _WRITE_ONLY)


class LaterFlush:
    """Has a thread wait in the place of whoever wrote, in the order in which it is asked.

    What was written is safe from the end of the process at once. Should the power fail before
    the disk has it, the record that names it may be gone as well, for a database that writes
    ahead comes to disk later still; if not, whoever reads it finds that it is damaged.
    """

    def __init__(self) -> None:
        self._files: SimpleQueue[int] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._failure: OSError | None = None

    def __call__(self, file: BinaryIO) -> None:
        """Ask for one more file; raises what befell an earlier one."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        if self._files.qsize() >= _MOST_WAITING:  # the disk is slower than the notebook
            flush_now(file)
            return
        self._files.put(os.dup(file.fileno()))
        with self._starting:
            if self._thread is None or not self._thread.is_alive():  # as in a forked process
                self._thread = threading.Thread(target=self._run, name="mlpipe-flush", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            file = self._files.get()
            try:
                os.fsync(file)
            except OSError as error:
                self._failure = error
            finally:
                os.close(file)
