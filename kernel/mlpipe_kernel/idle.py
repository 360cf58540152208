"""Work that waits until no cell runs, on the kernel's own thread."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

_PAUSE = 0.05
"""Seconds after a cell, in which the next one usually arrives when several are run."""


class Idle:
    """Does one thing between cells; what was asked for and not yet done is done once."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._work: Callable[[], None] | None = None
        self._armed = False
        self._due = 0.0
        """When it is to be done, by the monotonic clock."""
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
        self._work, self._due = work, time.monotonic() + _PAUSE
        loop = getattr(getattr(self._shell, "kernel", None), "io_loop", None)
        if loop is not None and not self._armed:
            self._armed = True
            loop.add_callback(self._arm, loop)

    def drop(self) -> None:
        """Forget what waits."""
        self._work = None

    def _arm(self, loop: Any) -> None:
        """One timer waits at any time: it goes on to wait where it fires too early."""
        loop.call_later(max(0.0, self._due - time.monotonic()), self._fire, loop)

    def _fire(self, loop: Any) -> None:
        if time.monotonic() < self._due:
            self._arm(loop)
            return
        self._armed = False  # first, so that whoever asks for something meanwhile arms anew
        self._do()

    def _do(self) -> None:
        work = self._work
        if work is None or self.busy:
            return
        self._work = None
        try:
            work()
        except Exception:  # nobody waits for an answer; the next cell starts it again
            logging.getLogger(__name__).debug("Work between cells failed", exc_info=True)
