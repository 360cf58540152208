"""Chunks in packs below any URL that fsspec understands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from blake3 import blake3

from jupyter_mlpipe.model.chunk import Chunk
from jupyter_mlpipe.model.errors import CorruptArtifactError, StorageError
from jupyter_mlpipe.storage.chunks import ChunkFolder
from jupyter_mlpipe.storage.failures import explained
from jupyter_mlpipe.storage.index import ChunkIndex
from jupyter_mlpipe.storage.mapping import Mapped
from jupyter_mlpipe.storage.packing import Packing
from jupyter_mlpipe.storage.packs import DIGEST, PackTable, parse_table, table_length
from jupyter_mlpipe.storage.shelf import PACK_NAME

_TAIL = 64 * 1024
"""Bytes of a pack's end that are fetched at once: most tables are shorter."""
_TOGETHER = 8 * 1024 * 1024
"""Bytes that one request asks for at most; many requests are under way at a time."""


class RemoteChunks:
    """Chunks are fetched once, and mapped from a local folder, which is a store of its own.

    What is where is remembered in an index beside that folder.

    Args:
        fs: The remote file system.
        url: Folder of the packs, in its words.
        cache: Keeps what was sent and fetched.
        send: Copies a local file to a key, which appears when all of it is there.
    """

    def __init__(
        self, fs: Any, url: str, cache: ChunkFolder, send: Callable[[Path, str], None]
    ) -> None:
        self._fs = fs
        self._url = url
        self._cache = cache
        self._send = send
        self._index = ChunkIndex(cache.root / "remote.db")
        self._tables: dict[str, PackTable] = {}
        self._known = False

    @contextmanager
    def packing(self) -> Iterator[Packing]:
        """Chunks that are new go into one pack, which is sent and stays here as well."""
        with explained(self._url):
            if not self._known:
                self._look_around()
            packing = Packing(self.missing, self._cache.writer())
            try:
                yield packing
                if packing.writer.table.sizes:
                    table = self._cache.keep(packing.writer)
                    self._send(packing.writer.path, self._key(packing.writer.name))
                    self._tables[packing.writer.name] = table
                    self._index.add(packing.writer.name, table.digests, "")
            finally:
                packing.close()

    def map(self, digests: bytes) -> Mapped:
        """From the local copies; what is not there yet is fetched first."""
        try:
            found = self._cache.map(digests)
        except StorageError:
            with explained(self._url):
                self._fetch(digests)
            found = self._cache.map(digests)
        self._cache.trim()
        return found

    def length(self, digests: bytes) -> int:
        """Bytes of a file of these chunks, as the tables of the packs say."""
        with explained(self._url):
            found = (self._found(digest) for digest in _split(digests))
            return sum(table.sizes[place] for _, table, place in found)

    def missing(self, digests: Sequence[bytes], used: dict[str, PackTable]) -> set[bytes]:
        """Those of the chunks that are in no pack over there."""
        known = self._index.packs_of(digests)
        missing = set(digests) - known.keys()
        for digest, names in known.items():
            if not any(self._uses(name, digest, used) for name in names):
                missing.add(digest)
        return missing

    def _uses(self, name: str, digest: bytes, used: dict[str, PackTable]) -> bool:
        if name not in used:
            table = self._table(name) if self._fs.exists(self._key(name)) else None
            if table is None:
                self._index.remove([name])
                return False
            used[name] = table
        return used[name].place(digest) is not None

    def _fetch(self, digests: bytes) -> None:
        """Bring the chunks that are not here into one local pack, in the order of the file."""
        wanted = list(_split(digests))
        absent = self._cache.missing(wanted, {})
        places = {digest: self._found(digest) for digest in wanted if digest in absent}
        data = self._download(list(places.values()))
        with self._cache.packing() as packing:
            packing.add(Chunk(memoryview(data[d]), d) for d in wanted if d in data)

    def _download(self, places: list[tuple[str, PackTable, int]]) -> dict[bytes, bytes]:
        runs = list(_runs(places))
        keys = [self._key(name) for name, _, _, _ in runs]
        starts = [table.offsets[first] for _, table, first, _ in runs]
        ends = [
            start + table.length(first, count)
            for start, (_, table, first, count) in zip(starts, runs, strict=True)
        ]
        found: dict[bytes, bytes] = {}
        contents = self._fs.cat_ranges(keys, starts, ends, on_error="raise")
        for key, content, (_, table, first, count) in zip(keys, contents, runs, strict=True):
            at = 0
            for place in range(first, first + count):
                chunk = content[at : at + table.sizes[place]]
                at += table.sizes[place]
                if blake3(chunk).digest() != table.digest(place):
                    raise CorruptArtifactError(table.digest(place).hex(), key)
                found[table.digest(place)] = chunk
        return found

    def _found(self, digest: bytes) -> tuple[str, PackTable, int]:
        for looked_around in (False, True):
            if looked_around:
                self._look_around()
            for name in self._index.packs_of([digest]).get(digest, ()):
                table = self._table(name)
                place = table.place(digest) if table else None
                if table is not None and place is not None:
                    return name, table, place
        raise StorageError(
            f"The chunk {digest.hex()[:12]} is missing from {self._url}. "
            "Run the step that made it again with --no-cache."
        )

    def _table(self, name: str) -> PackTable | None:
        if name not in self._tables:
            with suppress(FileNotFoundError, ValueError):
                self._tables[name] = self._read_table(self._key(name))
        return self._tables.get(name)

    def _read_table(self, key: str) -> PackTable:
        size = int(self._fs.info(key)["size"])
        tail = self._fs.cat_file(key, start=max(0, size - _TAIL), end=size)
        length = min(size, table_length(tail))
        if length > len(tail):
            tail = self._fs.cat_file(key, start=size - length, end=size)
        return parse_table(tail)

    def _look_around(self) -> None:
        self._known = True
        try:
            listed = self._fs.ls(self._url, detail=False, refresh=True)
        except FileNotFoundError:
            listed = []
        there = {name for name in (key.rpartition("/")[2] for key in listed) if PACK_NAME(name)}
        known = self._index.packs()
        for name in sorted(there - known):
            table = self._table(name)
            if table is not None:
                self._index.add(name, table.digests, "")
        self._index.remove(sorted(known - there))

    def _key(self, name: str) -> str:
        return f"{self._url}/{name}"


def _split(digests: bytes) -> Iterator[bytes]:
    return (digests[i : i + DIGEST] for i in range(0, len(digests), DIGEST))


def _runs(places: list[tuple[str, PackTable, int]]) -> Iterator[tuple[str, PackTable, int, int]]:
    """Chunks that follow each other in a pack are asked for together."""
    current: tuple[str, PackTable, int, int] | None = None
    for name, table, place in places:
        if current is not None:
            run, _, first, count = current
            follows = run == name and place == first + count
            near = follows and table.offsets[place] == table.offsets[first] + table.length(
                first, count
            )
            if near and table.length(first, count + 1) <= _TOGETHER:
                current = (name, table, first, count + 1)
                continue
            yield current
        current = (name, table, place, 1)
    if current is not None:
        yield current
