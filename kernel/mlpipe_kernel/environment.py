"""Environment variables that steps of an earlier session set."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping

from jupyter_mlpipe.engine.states import VARIABLE, ProcessStates
from jupyter_mlpipe.model.errors import StorageError, UntrustedError
from jupyter_mlpipe.storage.blobs import BlobStore, trusted_content


class EarlierEnvironment:
    """Values that wait until code mentions their names; what is set by then stays as it is."""

    def __init__(self, states: ProcessStates, blobs: BlobStore) -> None:
        self._states = states
        self._blobs = blobs
        self._waiting: dict[str, str] = {}

    @property
    def waits(self) -> bool:
        """Whether there is any variable to set."""
        return bool(self._waiting)

    def offer(self, effects: Mapping[str, str]) -> None:
        """What steps left in their process, by name, each with the blob that tells how it was."""
        ours = {name: blob for name, blob in effects.items() if name.startswith(VARIABLE)}
        self._waiting = {name.removeprefix(VARIABLE): blob for name, blob in ours.items()}

    def bring(self, texts: Iterable[str]) -> None:
        """Set the variables whose names are among the texts that code holds."""
        for name in self._waiting.keys() & set(texts):
            blob = self._waiting.pop(name)
            if name not in os.environ:
                with contextlib.suppress(
                    StorageError, UntrustedError
                ):  # code then finds it missing, by its name
                    self._states.apply(f"{VARIABLE}{name}", trusted_content(self._blobs, blob))
