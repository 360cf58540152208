"""What in a store is alive: named by records, or part of a value that is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from jupyter_mlpipe.model.errors import CorruptArtifactError, StorageError
from jupyter_mlpipe.storage.blobs import BlobStore
from jupyter_mlpipe.storage.manifests import Manifest, decode
from jupyter_mlpipe.storage.packs import DIGEST


@dataclass(slots=True)
class Alive:
    """Everything else is garbage once it is old enough."""

    blobs: set[str] = field(default_factory=set)
    chunks: set[bytes] = field(default_factory=set)

    def keep(self, manifest: Manifest | None) -> None:
        """All files of a value."""
        for file in manifest.files if manifest else ():
            self.blobs.add(file.digest)
            self.chunks.update(_split(file.chunk_digests))


@dataclass(slots=True)
class Collected:
    """What was deleted, or would be."""

    blobs: int = 0
    packs: int = 0
    nbytes: int = 0


def manifest_in(blobs: BlobStore, digest: str) -> Manifest | None:
    """The manifest that a blob is; None for another, and for what cannot be brought back.

    Raises:
        StorageError: It cannot be read, or a newer release wrote it.
    """
    with suppress(CorruptArtifactError):
        return decode(blobs.get(digest), previews=False)
    return None


def collected_by_another(location: str) -> StorageError:
    """Two collectors would take each other's marks for their own."""
    return StorageError(
        f"Garbage in {location} is being collected by another process. Wait for it to end."
    )


def _split(digests: bytes) -> Iterator[bytes]:
    return (digests[i : i + DIGEST] for i in range(0, len(digests), DIGEST))
