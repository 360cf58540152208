"""Who is told when steps start and finish."""

from __future__ import annotations

import logging
from collections.abc import Callable

from jupyter_mlpipe.model.events import Event

Listener = Callable[[Event], None]


class EventBus:
    """Hands each event to every listener; one that fails never stops the others or the step."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; calling what is returned removes it again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, event: Event) -> None:
        """Tell everybody, in order of subscription."""
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:  # a broken listener must not fail the user's step
                logging.getLogger(__name__).exception("An event listener failed")
