"""Chunks in packs below any URL that fsspec understands."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager, suppress

from blake3 import blake3

from jupyter_mlpipe.model.chunk import Chunk
from jupyter_mlpipe.model.errors import CorruptArtifactError, StorageError
from jupyter_mlpipe.storage.chunks import ChunkFolder
from jupyter_mlpipe.storage.failures import explained
from jupyter_mlpipe.storage.index import ChunkIndex
from jupyter_mlpipe.storage.mapping import Mapped
from jupyter_mlpipe.storage.objects import Objects
from jupyter_mlpipe.storage.pack_writer import PackWriter
from jupyter_mlpipe.storage.packing import Packing
from jupyter_mlpipe.storage.packs import DIGEST, PackTable, parse_table, table_length
from jupyter_mlpipe.storage.shelf import PACK_NAME

PACKS = "packs"
"""The folder of all packs."""
USED, GOING = ".used", ".going"
_TAIL = 64 * 1024
"""Bytes of a pack's end that are fetched at once: most tables are shorter."""
_TRIES = 8
_TOGETHER = 8 * 1024 * 1024
"""Bytes that one request asks for at most; many requests are under way at a time."""
_AT_ONCE = 128
"""Chunks that are held in memory on their way from one pack into another."""


class RemoteChunks:
    """Chunks are fetched once, and mapped from a local folder, which is a store of its own.

    What is where is remembered in an index beside that folder.

    Beside a pack lies `<name>.used` once others built upon it, and `<name>.going` while it is
    being deleted; see `garbage`.

    Args:
        objects: The store, of which one folder holds the packs.
        cache: Keeps what was sent and fetched.
    """

    def __init__(self, objects: Objects, cache: ChunkFolder) -> None:
        self._objects = objects
        self._url = objects.location(PACKS)
        self._cache = cache
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
                    self._send(packing.writer)
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

    def missing(self, digests: Sequence[bytes], used: dict[str, PackTable | None]) -> set[bytes]:
        """Those of the chunks that are in no pack over there.

        Args:
            digests: Of the chunks.
            used: Packs that were said to be in use and found to stay, and others without a
                table; gains those that the chunks may be in.
        """
        known = self._index.packs_of(digests)
        used |= self._objects.each(self._relied_upon, {n[0] for n in known.values()} - used.keys())
        return {d for d in digests if not any(self._holds(n, d, used) for n in known.get(d, ()))}

    def without(self, alive: set[bytes]) -> list[str]:
        """Names of the packs that hold none of these chunks, as their own tables say."""
        self._look_around()
        found = self._index.packs_of(list(alive)).values()
        rest = self._index.packs() - {name for names in found for name in names}
        tables = self._objects.each(self._table, sorted(rest))
        return [n for n, t in tables.items() if t and alive.isdisjoint(_split(t.digests))]

    def mostly_without(self, alive: set[bytes]) -> Iterator[str]:
        """Names of the packs of which these chunks are something, but less than half."""
        for name in sorted(self._index.packs()):
            table = self._table(name)
            if table is not None:
                sizes = zip(_split(table.digests), table.sizes, strict=True)
                kept = sum(size for digest, size in sizes if digest in alive)
                if 0 < 2 * kept < sum(table.sizes):
                    yield name

    def copy(self, name: str, wanted: Container[bytes]) -> None:
        """Send those of a pack's chunks that are wanted in another pack as well.

        Raises:
            CorruptArtifactError: One of them is damaged.
        """
        table = self._table(name)
        if table is None:
            return
        places = [place for place in range(len(table)) if table.digest(place) in wanted]
        writer = self._cache.writer()
        try:
            for first in range(0, len(places), _AT_ONCE):
                some = [(name, table, place) for place in places[first : first + _AT_ONCE]]
                data = self._download(some)
                for _, _, place in some:
                    digest = table.digest(place)
                    writer.take(Chunk(memoryview(data[digest]), digest), table.offsets[place])
                    writer.keep(digest)
            self._send(writer)
        finally:
            writer.close()

    def forget(self, names: Sequence[str]) -> None:
        """What is known of packs that are gone."""
        for name in names:
            self._tables.pop(name, None)
        self._index.remove(names)

    def _send(self, writer: PackWriter) -> None:
        table = self._cache.keep(writer)
        self._objects.send(writer.path, _key(writer.name))
        self._tables[writer.name] = table
        self._index.add(writer.name, table.digests, "")

    def _holds(self, name: str, digest: bytes, used: dict[str, PackTable | None]) -> bool:
        if name not in used:
            used[name] = self._relied_upon(name)
        table = used[name]
        return table is not None and table.place(digest) is not None

    def _relied_upon(self, name: str) -> PackTable | None:
        """Say that a pack is in use, then look whether it is there to stay: in this order."""
        key = _key(name)
        self._objects.mark([f"{key}{USED}"])
        if self._objects.size(f"{key}{GOING}") is not None:
            return None
        if self._objects.size(key) is None:
            self.forget([name])
            return None
        return self._table(name)

    def _fetch(self, digests: bytes) -> None:
        """Each time around there are fewer places at which a chunk may be."""
        damage: CorruptArtifactError | None = None
        for _ in range(_TRIES):
            try:
                return self._bring(digests)
            except FileNotFoundError:  # others deleted a pack; what it held may be in another
                self._tables.clear()
                self._look_around()
            except CorruptArtifactError as error:
                damage = error
            except StorageError:
                if damage is None:
                    raise
                break
        raise damage or self._loss(digests[:DIGEST])

    def _bring(self, digests: bytes) -> None:
        """Bring the chunks that are not here into one local pack, in the order of the file."""
        wanted = list(_split(digests))
        absent = self._cache.missing(wanted, {})
        places = {digest: self._found(digest) for digest in wanted if digest in absent}
        data = self._download(list(places.values()))
        with self._cache.packing() as packing:
            packing.add(Chunk(memoryview(data[d]), d) for d in wanted if d in data)

    def _download(self, places: list[tuple[str, PackTable, int]]) -> dict[bytes, bytes]:
        runs = list(_runs(places))
        keys = [_key(name) for name, _, _, _ in runs]
        starts = [table.offsets[first] for _, table, first, _ in runs]
        ends = [
            start + table.length(first, count)
            for start, (_, table, first, count) in zip(starts, runs, strict=True)
        ]
        contents = self._objects.read_parts(keys, starts, ends)
        found: dict[bytes, bytes] = {}
        damage: CorruptArtifactError | None = None
        for content, (name, table, first, count) in zip(contents, runs, strict=True):
            at = 0
            for place in range(first, first + count):
                chunk = content[at : at + table.sizes[place]]
                at += table.sizes[place]
                try:
                    found[table.digest(place)] = self._verified(chunk, name, table, place)
                except CorruptArtifactError as error:
                    damage = error
        if damage is not None:
            raise damage
        return found

    def _verified(self, chunk: bytes, name: str, table: PackTable, place: int) -> bytes:
        """The chunk, which is read once more where it is not what it should be."""
        digest, start = table.digest(place), table.offsets[place]
        if blake3(chunk).digest() != digest:
            end = start + table.sizes[place]
            (chunk,) = self._objects.read_parts([_key(name)], [start], [end])
        if blake3(chunk).digest() != digest:
            self._index.remove_chunk(name, digest)  # so that it is stored anew
            raise CorruptArtifactError(digest.hex(), self._objects.location(_key(name)))
        return chunk

    def _found(self, digest: bytes) -> tuple[str, PackTable, int]:
        for looked_around in (False, True):
            if looked_around:
                self._look_around()
            for name in self._index.packs_of([digest]).get(digest, ()):
                table = self._table(name)
                place = table.place(digest) if table else None
                if table is not None and place is not None:
                    return name, table, place
        raise self._loss(digest)

    def _loss(self, digest: bytes) -> StorageError:
        return StorageError(
            f"The chunk {digest.hex()[:12]} is missing from {self._url}. "
            "Run the step that made it again with --no-cache."
        )

    def _table(self, name: str) -> PackTable | None:
        if name not in self._tables:
            with suppress(FileNotFoundError, ValueError):
                self._tables[name] = self._read_table(_key(name))
        return self._tables.get(name)

    def _read_table(self, key: str) -> PackTable:
        size = self._objects.size(key)
        if not size:
            raise ValueError("no pack")
        (tail,) = self._objects.read_parts([key], [max(0, size - _TAIL)], [size])
        length = min(size, table_length(tail))
        if length > len(tail):
            (tail,) = self._objects.read_parts([key], [size - length], [size])
        return parse_table(tail)

    def _look_around(self) -> None:
        self._known = True
        there = {name for name in self._objects.names(PACKS) if PACK_NAME(name)}
        known = self._index.packs()
        for name, table in self._objects.each(self._table, sorted(there - known)).items():
            if table is not None:
                self._index.add(name, table.digests, "")
        self._index.remove(sorted(known - there))


def _key(name: str) -> str:
    return f"{PACKS}/{name}"


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
