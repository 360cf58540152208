"""The kernel's end of the channel to the sidebar."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.model.events import (
    CellsEdited,
    Event,
    NotebookMoved,
    Said,
    SessionStarted,
    StaleWanted,
)
from jupyter_mlpipe.model.wire import from_json, to_json

TARGET = "jupyter_mlpipe"
_SAID: dict[str, type[Said]] = {
    "notebook_moved": NotebookMoved,
    "cells_edited": CellsEdited,
    "stale_wanted": StaleWanted,
}


class SidebarComm:
    """Sends events to every frontend that opened the channel.

    Frontends open it over a subshell, so messages arrive in a thread of their own while a cell
    runs; nothing here touches the user's namespace.
    """

    def __init__(self, greet: Callable[[], SessionStarted], hear: Callable[[Said], None]) -> None:
        """An end without frontends yet.

        Args:
            greet: What a frontend is told first.
            hear: What becomes of each message of a frontend, in whatever thread it arrives.
        """
        self._greet = greet
        self._hear = hear
        self._comms: list[Any] = []
        self._lock = threading.Lock()

    def opened(self, comm: Any, _message: dict[str, Any]) -> None:
        """Called by ipykernel when a frontend opens the channel."""
        with self._lock:
            self._comms.append(comm)
        comm.on_msg(self._received)
        comm.on_close(lambda _message: self._closed(comm))
        comm.send(to_json(self._greet()))

    def send(self, event: Event) -> None:
        """Tell all frontends."""
        with self._lock:
            comms = tuple(self._comms)
        for comm in comms:
            comm.send(to_json(event))

    def close(self) -> None:
        """Close the channel to all frontends."""
        with self._lock:
            comms, self._comms = tuple(self._comms), []
        for comm in comms:
            comm.close()

    def _closed(self, comm: Any) -> None:
        with self._lock:
            if comm in self._comms:
                self._comms.remove(comm)

    def _received(self, message: dict[str, Any]) -> None:
        try:
            data = message["content"]["data"]
            self._hear(from_json(_SAID[data["type"]], data))
        except (MetadataError, KeyError, TypeError):
            return  # a newer frontend may say more than this kernel understands
