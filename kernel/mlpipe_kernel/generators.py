"""Random generators that draw on where an earlier session stopped."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping

from jupyter_mlpipe.engine.randomness import restore_state
from jupyter_mlpipe.model.errors import StorageError, UntrustedError
from jupyter_mlpipe.storage.blobs import BlobStore, trusted_content

_LIBRARIES = ("random", "numpy.random", "torch")


class Generators:
    """States that wait until the library of their generator is loaded.

    One whose library the user's own code has loaded is left alone: it may have drawn already.
    """

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._waiting: dict[str, str] = {}

    @property
    def wait(self) -> bool:
        """Whether there is any state to go on from."""
        return bool(self._waiting)

    def offer(self, states: Mapping[str, str]) -> None:
        """Before user code runs, or when it is to go back: generator to the blob of its state."""
        self._waiting = {name: blob for name, blob in states.items() if name in _LIBRARIES}
        self.continue_loaded()

    def forget_used(self) -> None:
        """Before names are brought back: what is loaded by now is none of our business."""
        self._waiting = {n: blob for n, blob in self._waiting.items() if n not in sys.modules}

    def continue_loaded(self) -> None:
        """Set the generators whose libraries are loaded."""
        for name in self._waiting.keys() & sys.modules.keys():
            with contextlib.suppress(
                StorageError, UntrustedError
            ):  # it then draws anew, as without us
                restore_state(name, trusted_content(self._blobs, self._waiting.pop(name)))
