"""What is kept of a step after control went back to the user.

To store a gigabyte takes as long as reading, hashing and writing it. Nobody has to wait for that
who only looks at the result: the kernel answers at once and stores what the step left on its own
thread, before it does anything else. Nothing of the user's can run in between, so what is stored
is what the step left.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

LARGE = 64_000_000
"""Bytes that take longer to store than one waits for an answer without noticing."""
_LOOKED_INTO = 100
"""Elements at most of a container that are asked how large they are."""


class Settling:
    """Holds what is to be done as soon as the kernel has answered."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._work: Callable[[], None] | None = None

    def may_wait(self) -> bool:
        """Whether nothing of the user's can run before the kernel's own thread is free again."""
        loop = self._loop()
        if loop is None or threading.current_thread() is not threading.main_thread():
            return False
        return not any(map(self._is_of_notebook, asyncio.all_tasks(loop.asyncio_loop)))

    def later(self, work: Callable[[], None]) -> None:
        """Do this right after the answer, or when something else needs it done."""
        self._work = work
        self._loop().add_callback(self.now)

    def now(self) -> None:
        """Do what waits; whatever looks at variables or records calls this first."""
        if self._work is None or threading.current_thread() is not threading.main_thread():
            return
        work, self._work = self._work, None
        work()

    def _loop(self) -> Any:
        loop = getattr(getattr(self._shell, "kernel", None), "io_loop", None)
        return loop if hasattr(loop, "asyncio_loop") else None

    def _is_of_notebook(self, task: asyncio.Task[Any]) -> bool:
        """Tasks that cells started go on whenever the kernel waits for anything."""
        frame = getattr(task.get_coro(), "cr_frame", None)
        return frame is not None and frame.f_globals is self._shell.user_ns


def weight(values: Iterable[Any]) -> int:
    """Bytes that some values have at least, as far as one sees at a glance."""
    return sum(map(_weight, values))


def _weight(value: Any, *, within: bool = False) -> int:
    kind = type(value)
    if kind in (list, tuple, dict) and not within and len(value) <= _LOOKED_INTO:
        inside = value.values() if kind is dict else value
        return sum(_weight(item, within=True) for item in inside)
    package = kind.__module__.partition(".")[0]
    if package not in _SIZES or package not in sys.modules:
        return 0
    return _SIZES[package](value)


def _of_frame(value: Any) -> int:
    usage = value.memory_usage() if hasattr(value, "memory_usage") else 0
    return int(usage.sum() if hasattr(usage, "sum") else usage)


def _of_array(value: Any) -> int:
    size = getattr(value, "nbytes", 0)
    return size if isinstance(size, int) else 0


def _of_polars(value: Any) -> int:
    return int(value.estimated_size()) if hasattr(value, "estimated_size") else 0


_SIZES: dict[str, Callable[[Any], int]] = {
    "numpy": _of_array,
    "pandas": _of_frame,
    "polars": _of_polars,
    "pyarrow": _of_array,
    "torch": _of_array,
}
