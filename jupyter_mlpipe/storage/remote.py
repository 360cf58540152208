"""Blobs below any URL that fsspec understands."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from jupyter_mlpipe.model.errors import CorruptArtifactError, StorageError
from jupyter_mlpipe.storage.addressing import digest_of_bytes, digest_of_file, shard
from jupyter_mlpipe.storage.failures import explained
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.remote_chunks import RemoteChunks

_ATOMIC = frozenset({"memory", "s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"})
"""Protocols in which an object appears under its name only when it is complete."""


class RemoteBlobs:
    """Blobs below an fsspec URL; they are read through verified copies in a local folder.

    A blob that is there with the right length is not written again, unless this object found
    its content damaged: comparing the content would cost as much as sending it.
    """

    def __init__(self, url: str, cache: FolderBlobs) -> None:
        import fsspec

        with explained(url):
            self._fs, self._root = fsspec.core.url_to_fs(url)
        protocol = self._fs.protocol
        names = {protocol} if isinstance(protocol, str) else set(protocol)
        self._atomic = bool(names & _ATOMIC)
        self._cache = cache
        packs = f"{self._root.rstrip('/')}/packs"
        self.chunks = RemoteChunks(self._fs, packs, cache.chunks, self._send)
        self._damaged: set[str] = set()

    def put(self, data: bytes) -> str:
        """Send it, unless an object of that length is there."""
        digest = digest_of_bytes(data)
        with explained(self.location(digest)):
            if not self._complete(digest, len(data)):
                self._publish(digest, lambda key: self._fs.pipe_file(key, data))
        return digest

    def put_file(self, path: Path, *, spare: bool = False) -> str:
        """Stream it, so that the file need not fit into memory."""
        with explained(str(path)):
            digest, length = digest_of_file(path), path.stat().st_size
        with explained(self.location(digest)):
            if not self._complete(digest, length):
                self._publish(digest, lambda key: self._fs.put_file(str(path), key))
        return digest

    def get(self, digest: str) -> bytes:
        """Through the local copy, which stays for the next time."""
        return self.path(digest).read_bytes()

    def path(self, digest: str) -> Path:
        """The local copy, fetched first where it is missing or damaged."""
        try:
            return self._cache.path(digest)
        except StorageError:  # not copied yet, or the copy was damaged
            self._fetch(digest)
        return self._cache.path(digest)

    def exists(self, digest: str) -> bool:
        """One request."""
        with explained(self.location(digest)):
            return bool(self._fs.exists(self._key(digest)))

    def size(self, digest: str) -> int | None:
        """One request."""
        with explained(self.location(digest)):
            try:
                return int(self._fs.info(self._key(digest))["size"])
            except FileNotFoundError:
                return None

    def location(self, digest: str) -> str:
        """With the protocol in front."""
        return str(self._fs.unstrip_protocol(self._key(digest)))

    def _key(self, digest: str) -> str:
        return f"{self._root.rstrip('/')}/{shard(digest)}"

    def _complete(self, digest: str, length: int) -> bool:
        return digest not in self._damaged and self.size(digest) == length

    def _publish(self, digest: str, upload: Callable[[str], object]) -> None:
        self._upload(self._key(digest), upload)
        self._damaged.discard(digest)

    def _send(self, path: Path, key: str) -> None:
        self._upload(key, lambda key: self._fs.put_file(str(path), key))

    def _upload(self, key: str, upload: Callable[[str], object]) -> None:
        self._fs.makedirs(key.rpartition("/")[0], exist_ok=True)
        if self._atomic:
            upload(key)
        else:
            partial = f"{key}.{secrets.token_hex(8)}.partial"
            upload(partial)
            self._fs.mv(partial, key)

    def _fetch(self, digest: str) -> None:
        location = self.location(digest)
        with tempfile.TemporaryDirectory() as folder, explained(location):
            copy = Path(folder) / digest
            self._fs.get_file(self._key(digest), str(copy))
            if self._cache.put_file(copy) != digest:
                self._damaged.add(digest)
                raise CorruptArtifactError(digest, location)
