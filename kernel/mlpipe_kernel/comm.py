"""The kernel's end of the channel to the sidebar."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.model.events import Event, NotebookMoved, SessionStarted
from jupyter_mlpipe.model.wire import from_json, to_json

TARGET = "jupyter_mlpipe"


class SidebarComm:
    """Sends events to every frontend that opened the channel.

    Frontends open it over a subshell, so messages arrive in a thread of their own while a cell
    runs; nothing here touches the user's namespace.
    """

    def __init__(self, greet: Callable[[], SessionStarted], move: Callable[[Path], None]) -> None:
        self._greet = greet
        self._move = move
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
            moved = from_json(NotebookMoved, message["content"]["data"])
        except MetadataError:
            return  # a newer frontend may say more than this kernel understands
        if moved.path.endswith(".ipynb"):
            self._move(Path(moved.path))
