"""Work that waits until no cell runs, on the kernel's own thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

_PAUSE = 0.05
"""Seconds after a cell, in which the next one usually arrives when several are run."""


class Idle:
    """Does one thing between cells; what was asked for and not yet done is done once."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._work: Callable[[], None] | None = None
        self._timer: object | None = None
        self._cells = 0
        """That run now, one inside another."""

    @property
    def busy(self) -> bool:
        """Whether a cell runs."""
        return self._cells > 0

    @property
    def due(self) -> bool:
        """Whether what waits will be done within a moment."""
        return self._work is not None and not self.busy

    def cell_starts(self) -> None:
        """Whatever waits goes on waiting."""
        self._cells += 1

    def cell_ended(self) -> None:
        """Go on with what waits, a moment later."""
        self._cells = max(0, self._cells - 1)
        if self._work is not None:
            self.soon(self._work)

    def soon(self, work: Callable[[], None]) -> None:
        """Do this when no cell runs; from any thread. A shell without a loop never does."""
        self._work = work
        loop = getattr(getattr(self._shell, "kernel", None), "io_loop", None)
        if loop is not None:
            loop.add_callback(self._arm, loop)

    def drop(self) -> None:
        """Forget what waits."""
        self._work = None

    def _arm(self, loop: Any) -> None:
        if self._timer is not None:
            loop.remove_timeout(self._timer)
        self._timer = loop.call_later(_PAUSE, self._do)

    def _do(self) -> None:
        self._timer = None
        work = self._work
        if work is None or self.busy:
            return
        self._work = None
        try:
            work()
        except Exception:  # nobody waits for an answer; the next cell starts it again
            logging.getLogger(__name__).debug("Work between cells failed", exc_info=True)
