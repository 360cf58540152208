"""A metadata store that does not answer holds its user up once in a while, not every time."""

from __future__ import annotations

import time

from jupyter_mlpipe.model.errors import UnreachableError

_NOTICEABLE = 0.5
"""Seconds after which somebody waits; what fails sooner may be tried each time."""
_REST = 20.0
"""Seconds for which a store that made somebody wait in vain is not asked again."""


class Absence:
    """Remembers that a store made somebody wait in vain."""

    def __init__(self) -> None:
        self._until = 0.0
        self._words = ""

    def check(self) -> None:
        """Refuse at once while the store is left alone.

        Raises:
            UnreachableError: It was asked in vain a moment ago.
        """
        left = self._until - time.monotonic()
        if left > 0:
            raise UnreachableError(f"{self._words} It is asked again in {left:.0f} s.")

    def note(self, error: UnreachableError, waited: float) -> None:
        """The store was asked in vain, for so many seconds."""
        if waited > _NOTICEABLE:
            self._until = time.monotonic() + _REST
            self._words = str(error)
