"""Lets a user say that whoever stores values in an artifact store is trusted."""

from __future__ import annotations

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.storage.blobs import BlobStore, open_blobs
from jupyter_mlpipe.storage.flushing import Flush, flush_now
from jupyter_mlpipe.storage.trust import TrustedStores


def open_store(settings: Settings, flush: Flush = flush_now) -> BlobStore:
    """The artifact store of a project, with what the user of this process trusts."""
    trusted = TrustedStores(settings.user / "trusted", settings.trust)
    return open_blobs(settings.artifact_store, settings.home / "cache", flush, trusted)


def trust_store(settings: Settings) -> str:
    """Do it; says what was done.

    Raises:
        StorageError: The store cannot be reached, or what is trusted cannot be remembered.
    """
    open_store(settings).trust()
    return (
        f"Values in {settings.artifact_store} are loaded from now on, whoever stored them: you "
        "trust all who may write there."
    )
