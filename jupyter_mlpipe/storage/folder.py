"""Blobs in a local folder."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from jupyter_mlpipe.model.errors import CorruptArtifactError, StorageError
from jupyter_mlpipe.storage.addressing import (
    TRASH,
    digest_of_bytes,
    digest_of_file,
    place,
    shard,
)
from jupyter_mlpipe.storage.chunks import ChunkFolder
from jupyter_mlpipe.storage.failures import explained
from jupyter_mlpipe.storage.flushing import Flush, flush_now
from jupyter_mlpipe.storage.trust import TrustedStores

_CHUNK = 4 * 1024 * 1024
"""Bytes held in memory while a file is copied."""


class FolderBlobs:
    """Blobs in a local folder, one read-only file each.

    Args:
        root: The folder.
        flush: Brings what is written to disk.
        most: Bytes that its packs may take where the folder is but a cache.
        trusted: What the user trusts beside files of their own.
    """

    def __init__(
        self,
        root: Path,
        flush: Flush = flush_now,
        most: int | None = None,
        trusted: TrustedStores | None = None,
    ) -> None:
        self.chunks = ChunkFolder(root / "packs", flush, most)
        self.root = root
        self._flush = flush
        self._trusted = trusted
        self._verified: dict[str, tuple[int, int, int]] = {}

    def put(self, data: bytes) -> str:
        """Write and flush to disk, or find it there whole."""
        digest = digest_of_bytes(data)
        path = self._locate(digest)
        if not self._sound(digest, path):
            self._write(path, digest, [data])
        return digest

    def put_file(self, path: Path, *, spare: bool = False) -> str:
        """Read twice, once for the digest, so that what is there already costs no write."""
        with explained(str(path)):
            digest = digest_of_file(path)
        target = self._locate(digest)
        if not self._sound(digest, target) and not (spare and self._adopt(path, target)):
            self._write(target, digest, _chunks(path))
        return digest

    def get(self, digest: str) -> bytes:
        """Verified each time."""
        path = self._find(digest)
        with explained(str(path)):
            data = path.read_bytes()
        if digest_of_bytes(data) != digest:
            raise CorruptArtifactError(digest, str(path))
        return data

    def path(self, digest: str) -> Path:
        """Verified unless this object did so before and size, time and inode are the same."""
        path = self._find(digest)
        with explained(str(path)):
            self._verify(digest, path)
        return path

    def exists(self, digest: str) -> bool:
        """Costs one look at the folder, a listing where it is not."""
        return self._find(digest).is_file()

    def size(self, digest: str) -> int | None:
        """As the folder says."""
        path = self._find(digest)
        return path.stat().st_size if path.is_file() else None

    def location(self, digest: str) -> str:
        """The path of the file, whether or not it is there."""
        return str(self._locate(digest))

    def is_trusted(self, digest: str) -> bool:
        """Where it belongs to the user of this process, as far as the system tells of users."""
        path = self._find(digest)
        with explained(str(path)):
            own = not hasattr(os, "getuid") or path.stat().st_uid == os.getuid()
        return own or (self._trusted is not None and self._trusted.knows(self._place()))

    def trust(self) -> None:
        """Known by the path of the folder."""
        if self._trusted is not None:
            self._trusted.add(self._place())

    def _place(self) -> str:
        return str(self.root.resolve())

    def _locate(self, digest: str) -> Path:
        """Where it is, or belongs."""
        here = self.root / place(digest)
        once = self.root / shard(digest)
        with suppress(PermissionError):  # whoever reads it says so
            return once if not here.exists() and once.exists() else here
        return here

    def _find(self, digest: str) -> Path:
        """The same for readers, who take it back from a collector that just looks at it."""
        path = self._locate(digest)
        with suppress(OSError):  # whoever reads it says so
            if not path.exists():
                for folder in (path.parent, (self.root / shard(digest)).parent):
                    for taken in folder.glob(f".{digest}.*.{TRASH}"):
                        taken.rename(folder / digest)
                return self._locate(digest)
        return path

    def _verify(self, digest: str, path: Path) -> None:
        stamp = _stamp(path)
        if self._verified.get(digest) == stamp:
            return
        if digest_of_file(path) != digest:
            raise CorruptArtifactError(digest, str(path))
        self._verified[digest] = stamp

    def _sound(self, digest: str, path: Path) -> bool:
        """Whether the content is there and whole, and says that it is in use from now on.

        A damaged blob is to be written again, and so is one that was taken away meanwhile: it
        must be there still after it was said to be in use.
        """
        try:
            self._verify(digest, path)
            os.utime(path)
        except (OSError, CorruptArtifactError):
            return False
        return True

    def _adopt(self, path: Path, target: Path) -> bool:
        """Make a file itself the blob; not possible from another file system."""
        partial = target.with_name(f".{target.name[:12]}.{secrets.token_hex(8)}.partial")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, partial)
        except OSError:
            return False
        with explained(str(target)), path.open("rb") as file:
            try:
                os.fchmod(file.fileno(), 0o444)
                partial.replace(target)
                self._flush(file)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
        return True

    def _write(self, path: Path, digest: str, chunks: Iterable[bytes]) -> None:
        """Write beside the final name, rename when complete, then flush to disk.

        A reader never meets half a blob, and of two writers that race the last one replaces
        equal bytes by equal bytes. The flush comes last because ext4, XFS and btrfs then make
        the name durable together with the content, for one wait instead of two.
        """
        with explained(str(path)):
            partial = path.with_name(f".{digest[:12]}.{secrets.token_hex(8)}.partial")
            try:
                with _created(partial) as file:
                    _fill(file, digest, chunks)
                    os.fchmod(file.fileno(), 0o444)
                    partial.replace(path)
                    self._flush(file)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise


def _stamp(path: Path) -> tuple[int, int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def _created(path: Path) -> BinaryIO:
    try:
        return path.open("xb")
    except FileNotFoundError:  # the first of its folder
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _fill(file: BinaryIO, digest: str, chunks: Iterable[bytes]) -> None:
    hasher = blake3()
    for chunk in chunks:
        hasher.update(chunk)
        file.write(chunk)
    file.flush()
    if hasher.hexdigest() != digest:
        raise StorageError("The file changed while it was being stored. Run the step again.")
