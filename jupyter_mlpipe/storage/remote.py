"""Blobs below any URL that fsspec understands."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from jupyter_mlpipe.model.errors import CorruptArtifactError, StorageError
from jupyter_mlpipe.storage.addressing import TRASH, digest_of_bytes, digest_of_file, shard
from jupyter_mlpipe.storage.failures import explained
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.objects import Objects
from jupyter_mlpipe.storage.origin import Origin
from jupyter_mlpipe.storage.remote_chunks import USED, RemoteChunks
from jupyter_mlpipe.storage.trust import TrustedStores


class RemoteBlobs:
    """Blobs below an fsspec URL; they are read through verified copies in a local folder.

    A blob that is there with the right length is not written again, unless this object found
    its content damaged: comparing the content would cost as much as sending it. Whoever stores
    one first says that it is in use, then looks whether it is there; see `garbage`.

    Args:
        url: Where they are.
        cache: The local folder.
        trusted: What the user trusts; without, nothing is marked as the user's.
    """

    def __init__(self, url: str, cache: FolderBlobs, trusted: TrustedStores | None = None) -> None:
        self.objects = Objects(url)
        self._origin = Origin(self.objects, trusted)
        self._cache = cache
        self.chunks = RemoteChunks(self.objects, cache.chunks)
        self._damaged: set[str] = set()

    def put(self, data: bytes) -> str:
        """Send it, unless an object of that length is there."""
        digest = digest_of_bytes(data)
        with explained(self.location(digest)):
            key = self._claimed(digest)
            sound = digest not in self._damaged
            if not (sound and (self.objects.create(key, data) or self._is_there(key, len(data)))):
                self._replace(digest, lambda: self.objects.write(key, data))
        return digest

    def put_file(self, path: Path, *, spare: bool = False) -> str:
        """Stream it, so that the file need not fit into memory."""
        with explained(str(path)):
            digest, length = digest_of_file(path), path.stat().st_size
        with explained(self.location(digest)):
            key = self._claimed(digest)
            if digest in self._damaged or not self._is_there(key, length):
                self._replace(digest, lambda: self._send(path, key, digest))
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
        """One request, three where it is not."""
        return self.size(digest) is not None

    def size(self, digest: str) -> int | None:
        """One request, three where it is not."""
        with explained(self.location(digest)):
            sizes = map(self.objects.size, _whereabouts(digest))
            return next((size for size in sizes if size is not None), None)

    def is_trusted(self, digest: str) -> bool:
        """Where the user began the store, or said so."""
        with explained(self.location(digest)):
            return self._origin.is_trusted()

    def trust(self) -> None:
        """Known by its mark, which it gets where it has none."""
        with explained(self.objects.location("")):
            self._origin.trust()

    def location(self, digest: str) -> str:
        """With the protocol in front."""
        return self.objects.location(shard(digest))

    def _claimed(self, digest: str) -> str:
        self._origin.begin()
        key = shard(digest)
        self.objects.mark([f"{key}{USED}"])
        return key

    def _is_there(self, key: str, length: int) -> bool:
        return self.objects.size(key) == length

    def _send(self, path: Path, key: str, digest: str) -> None:
        self.objects.send(path, key)
        if digest_of_file(path) != digest:
            self.objects.delete([key])
            raise StorageError("The file changed while it was being stored. Run the step again.")

    def _replace(self, digest: str, upload: Callable[[], None]) -> None:
        upload()
        self._damaged.discard(digest)

    def _fetch(self, digest: str) -> None:
        """Once more where it did not arrive as it should be."""
        location = self.location(digest)
        with tempfile.TemporaryDirectory() as folder, explained(location):
            for number in range(2):
                copy = Path(folder) / str(number)
                self._copy(digest, copy)
                if digest_of_file(copy) == digest:
                    self._cache.put_file(copy)
                    return
        self._damaged.add(digest)
        raise CorruptArtifactError(digest, location)

    def _copy(self, digest: str, to: Path) -> None:
        *others, last = _whereabouts(digest)
        for key in others:
            with suppress(FileNotFoundError):
                return self.objects.fetch(key, to)
        return self.objects.fetch(last, to)


def _whereabouts(digest: str) -> tuple[str, str, str]:
    """Where to look for a blob, in this order.

    A collector that took it away puts it back first where it is in use, and then lets go of it.
    """
    key = shard(digest)
    return key, f"{TRASH}/{digest}", key
