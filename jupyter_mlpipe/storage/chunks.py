"""Chunks in a local folder of packs."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from jupyter_mlpipe.model.chunk import Chunk
from jupyter_mlpipe.model.errors import CorruptArtifactError, StorageError
from jupyter_mlpipe.storage.failures import explained
from jupyter_mlpipe.storage.flushing import Flush, flush_now
from jupyter_mlpipe.storage.mapping import Mapped, Stretch, gather
from jupyter_mlpipe.storage.pack_writer import Buffer, PackWriter
from jupyter_mlpipe.storage.packing import Packing
from jupyter_mlpipe.storage.packs import DIGEST, PackTable
from jupyter_mlpipe.storage.shelf import Pack, PackShelf, last_use

_AT_ONCE = 64
"""Chunks that the index is asked for at a time."""


class ChunkFolder:
    """Each chunk is stored once, whichever files it occurs in.

    Args:
        root: The folder.
        flush: Brings packs to disk.
        most: Bytes that a folder may take which is but a cache.
    """

    def __init__(self, root: Path, flush: Flush = flush_now, most: int | None = None) -> None:
        self.root = root
        self._flush = flush
        self._most = most
        self._spare: list[Buffer] = []
        self.shelf = PackShelf(root)

    @contextmanager
    def packing(self) -> Iterator[Packing]:
        """Store the chunks of one version: those that are new go into one pack.

        Raises:
            StorageError: The folder cannot be written.
        """
        with explained(str(self.root)):
            packing = Packing(self.missing, self.writer())
            try:
                yield packing
                if packing.writer.table.sizes:
                    self.keep(packing.writer)
            finally:
                packing.close()

    def writer(self) -> PackWriter:
        """Of a pack in this folder."""
        return PackWriter(self.root, self._flush, self._spare)

    def keep(self, writer: PackWriter) -> PackTable:
        """Make a pack part of the folder."""
        table = writer.finish()
        self.shelf.put(writer.path, table, durable=self._flush is flush_now)
        return table

    def map(self, digests: bytes) -> Mapped:
        """The content of a file whose chunks these are; it must have some.

        Raises:
            CorruptArtifactError: A chunk is damaged.
            StorageError: A chunk is missing.
        """
        with explained(str(self.root)):
            return gather(list(self._locate(digests)))

    def length(self, digests: bytes) -> int:
        """Bytes of such a file, of which nothing is read."""
        with explained(str(self.root)):
            return sum(stretch.length for stretch in self._locate(digests))

    def missing(self, digests: Sequence[bytes], used: dict[str, Pack]) -> set[bytes]:
        """Those of the chunks that are not here.

        Args:
            digests: Of the chunks.
            used: Packs that were found to be whole and said to be in use; gains those of the
                chunks that are here.
        """
        missing: set[bytes] = set()
        known: dict[bytes, list[str]] = {}
        joined = b"".join(digests)
        first = asked = 0
        while first < len(digests):
            if first >= asked:
                asked = first + _AT_ONCE
                known = self.shelf.packs_of(digests[first:asked])
            names = known.get(digests[first], ())
            pack = next(
                (p for name in names if (p := self._used(name, digests[first], used))), None
            )
            place = pack.place(digests[first]) if pack else None
            if pack is None or place is None:
                missing.add(digests[first])
                first += 1
            else:  # what follows here mostly follows there
                first += pack.together(place, joined, first)
        return missing

    def copy(self, pack: Pack, wanted: Container[bytes]) -> None:
        """Store those of its chunks that are wanted in another pack as well."""
        writer, table = self.writer(), pack.table
        try:
            with pack.path.open("rb") as file:
                for place, digest in enumerate(pack.digests()):
                    if digest in wanted and not writer.holds(digest):
                        data = os.pread(file.fileno(), table.sizes[place], table.offsets[place])
                        writer.take(Chunk(memoryview(data), digest), table.offsets[place])
                        writer.keep(digest)
            self.keep(writer)
        finally:
            writer.close()

    def trim(self) -> None:
        """Where the folder is a cache, delete what was used longest ago from one too large."""
        if self._most is None:
            return
        packs = sorted(self._last_uses())
        excess = sum(size for _, size, _ in packs) - self._most
        for _, size, name in packs[:-1]:  # what was fetched just now is about to be used
            if excess > 0:
                self.shelf.remove(name)
                excess -= size

    def _last_uses(self) -> Iterator[tuple[float, int, str]]:
        for name in self.shelf.names():
            path = self.root / name
            with suppress(OSError):
                yield last_use(path), path.stat().st_size, name

    def _locate(self, digests: bytes) -> Iterator[Stretch]:
        first, count = 0, len(digests) // DIGEST
        known: dict[bytes, tuple[Pack, int]] = {}  # a constant array is one chunk many times over
        while first < count:
            digest = digests[DIGEST * first : DIGEST * (first + 1)]
            if digest not in known:
                known[digest] = self._found(digest)
            pack, place = known[digest]
            last = place + pack.together(place, digests, first)
            yield Stretch(pack.path, pack.table.offsets[place], pack.table.sizes[place:last])
            first += last - place

    def _found(self, digest: bytes) -> tuple[Pack, int]:
        for again in (False, True):
            if again:
                self.shelf.look_around()
            for name in self.shelf.packs_of([digest]).get(digest, ()):
                pack = self.shelf.pack(name)
                place = pack.place(digest) if pack else None
                if pack is not None and place is not None:
                    return pack, place
        raise self._loss(digest)

    def _loss(self, digest: bytes) -> StorageError:
        for name in self.shelf.packs_of([digest]).get(digest, ()):
            if (self.root / name).exists():
                return CorruptArtifactError(digest.hex(), str(self.root / name))
        return StorageError(
            f"The chunk {digest.hex()[:12]} is missing from {self.root}. "
            "Run the step that made it again with --no-cache."
        )

    def _used(self, name: str, digest: bytes, used: dict[str, Pack]) -> Pack | None:
        pack = used.get(name) or self.shelf.pack(name)
        if pack is None or pack.place(digest) is None:
            return None
        if name not in used and not self.shelf.use(name):
            return None
        used[name] = pack
        return pack
