"""Settings of Python and of libraries, as steps of an earlier session left them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from jupyter_mlpipe.engine.states import ProcessStates
from jupyter_mlpipe.model.errors import StorageError, UntrustedError
from jupyter_mlpipe.storage.blobs import BlobStore, trusted_content


class EarlierSettings:
    """Groups that wait until something that the earlier session left comes back.

    One of which the user set anything by then stays as it is.
    """

    def __init__(self, states: ProcessStates, blobs: BlobStore) -> None:
        self._states = states
        self._blobs = blobs
        self._waiting: dict[str, str] = {}

    def offer(self, effects: Mapping[str, str]) -> None:
        """What steps left in their process, by name, each with the blob that tells how it was."""
        self._waiting = {n: blob for n, blob in effects.items() if self._states.is_setting(n)}

    def bring(self) -> None:
        """Set those whose library is loaded."""
        for name in [n for n in self._waiting if self._states.is_loaded(n)]:
            blob = self._waiting.pop(name)
            if not self._states.digest(name):
                with contextlib.suppress(
                    StorageError, UntrustedError
                ):  # the default stays, as without us
                    self._states.apply(name, trusted_content(self._blobs, blob))
