"""Blobs: bytes filed under the blake3 digest of their content."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from jupyter_mlpipe.model.errors import UntrustedError
from jupyter_mlpipe.storage.flushing import Flush, flush_now
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.mapping import Mapped
from jupyter_mlpipe.storage.packing import Packing
from jupyter_mlpipe.storage.remote import RemoteBlobs
from jupyter_mlpipe.storage.trust import TrustedStores

_MOST_CACHED = 20 * 1024**3
"""Bytes of copies of what is kept elsewhere."""


class ChunkStore(Protocol):
    """Chunks of large files, each stored once whichever files it occurs in."""

    def packing(self) -> AbstractContextManager[Packing]:
        """Store the chunks of one version; they are there when the block ends without error."""

    def map(self, digests: bytes) -> Mapped:
        """The verified content of a file that consists of these chunks, private to the caller.

        Raises:
            CorruptArtifactError: A chunk is damaged.
            StorageError: A chunk is missing.
        """

    def length(self, digests: bytes) -> int:
        """Bytes of such a file; raises like `map` where it is known not to be whole."""


class BlobStore(Protocol):
    """What is filed under a digest is complete, verified when read, and never changes."""

    @property
    def chunks(self) -> ChunkStore:
        """What blobs are too large for."""

    def put(self, data: bytes) -> str:
        """File `data`; the digest. Content that is there already is not written again."""

    def put_file(self, path: Path, *, spare: bool = False) -> str:
        """File the content of a local file, which must not change meanwhile.

        A `spare` file is nobody's any more: it may become the blob itself, without a copy.
        """

    def get(self, digest: str) -> bytes:
        """All of a blob.

        Raises:
            CorruptArtifactError: The bytes are not those that were filed.
            StorageError: The blob is missing or unreadable.
        """

    def path(self, digest: str) -> Path:
        """A local file with the verified content, to be read or mapped and never written."""

    def exists(self, digest: str) -> bool:
        """Whether a blob is filed under the digest; its content is not looked at."""

    def size(self, digest: str) -> int | None:
        """Length in bytes without reading the content; None when nothing is filed there."""

    def location(self, digest: str) -> str:
        """Where the blob is, for messages."""

    def is_trusted(self, digest: str) -> bool:
        """Whether code that came with the blob may be run here; see `trust`."""

    def trust(self) -> None:
        """From now on, whatever is in the store.

        Raises:
            StorageError: That cannot be remembered.
        """


def open_blobs(
    url: str, cache: Path, flush: Flush = flush_now, trusted: TrustedStores | None = None
) -> BlobStore:
    """The blobs below a folder or any URL that fsspec understands.

    Args:
        url: `/data/artifacts`, `file:///data/artifacts`, `s3://team/artifacts`, ...
        cache: A local folder for copies of blobs that are kept elsewhere.
        flush: Brings what is written to a local folder to disk.
        trusted: What the user trusts; without, it is what is in the user's own folders.

    Raises:
        StorageError: The URL needs a driver that is not installed, or is not a URL.
    """
    local = re.sub(r"^(file|local)://", "", url)
    if "://" not in local:
        return FolderBlobs(Path(local).expanduser(), flush, trusted=trusted)
    return RemoteBlobs(url, FolderBlobs(cache, most=_MOST_CACHED), trusted)


def require_trust(blobs: BlobStore, digest: str) -> None:
    """Before a pickle is loaded that this blob is, or names the files of.

    Raises:
        UntrustedError: Somebody else stored it, of whom nobody said that they are trusted.
    """
    if not blobs.is_trusted(digest):
        raise UntrustedError(
            "It was stored by somebody else, and to load it may run code that they put there. If "
            "you trust all who store values in this artifact store, say `%mlpipe trust` (on the "
            "command line `mlpipe trust`), and try again."
        )


def trusted_content(blobs: BlobStore, digest: str) -> bytes:
    """All of a blob that is going to be unpickled.

    Raises:
        UntrustedError: See `require_trust`.
        StorageError: See `BlobStore.get`.
    """
    require_trust(blobs, digest)
    return blobs.get(digest)
