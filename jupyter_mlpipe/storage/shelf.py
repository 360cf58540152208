"""The packs in a local folder, each verified before anything is taken from it."""

from __future__ import annotations

import itertools
import mmap
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from jupyter_mlpipe.storage.flushing import flush_now
from jupyter_mlpipe.storage.index import ChunkIndex
from jupyter_mlpipe.storage.packs import PackTable, read_table
from jupyter_mlpipe.storage.stamps import is_vouched, look_at, vouched

PACK_NAME = re.compile(r"[0-9a-f]{32}").fullmatch
_MOST_OPEN = 256
_MOST_WORKERS = 8
_WORTH_A_WORKER = 16
"""Chunks of a pack for each thread that verifies it."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was verified when it looked like this."""

    path: Path
    look: str
    table: PackTable
    damaged: frozenset[int] = frozenset()
    """Chunks that are not what their digests say."""

    def place(self, digest: bytes) -> int | None:
        """Where a sound chunk is."""
        place = self.table.place(digest)
        return None if place in self.damaged else place

    def digests(self) -> Iterator[bytes]:
        """Those of all its chunks."""
        return (self.table.digest(place) for place in range(len(self.table)))

    def together(self, place: int, digests: bytes, first: int) -> int:
        """How many sound chunks from there on are those wanted, from the `first` of them on."""
        count = self.table.common(place, digests, first)
        broken = (chunk - place for chunk in self.damaged if place < chunk < place + count)
        return min(broken, default=count)


class PackShelf:
    """Packs, and what is known of them.

    A pack is verified when it is first read from, unless the index remembers that it was, and
    the system says that nothing was written to it since.

    Beside a pack lies an empty file, `<name>.used`, whose time is that of its last use, and
    `<name>.going` while it is being deleted.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._index = ChunkIndex(root / "index.db")
        self._packs: dict[str, Pack] = {}
        self._complete = False
        """Whether packs that came here in other ways were looked for."""

    def packs_of(self, digests: Sequence[bytes]) -> dict[bytes, list[str]]:
        """Names of the packs that hold each chunk, as far as they are known."""
        if not self._complete:
            self.look_around()
        return self._index.packs_of(digests)

    def put(self, path: Path, table: PackTable, *, durable: bool) -> None:
        """Take in a pack that was just written there."""
        look = look_at(path)
        self._packs[path.name] = Pack(path, look, table)
        self._index.add(path.name, table.digests, vouched(look, durable=durable))

    def pack(self, name: str) -> Pack | None:
        """A pack as it is now; None where it is gone or has no table any more."""
        if not PACK_NAME(name):  # whatever the index says, nothing leads out of the folder
            return None
        path = self.root / name
        try:
            look = look_at(path)
            known = self._packs.get(name)
            if known is None or known.look != look:
                known = self._opened(name, path, look)
        except (OSError, ValueError):
            self._packs.pop(name, None)
            return None
        return known

    def use(self, name: str) -> bool:
        """Say that a pack is in use, then look whether it is there still: in this order."""
        (self.root / f"{name}.used").touch()
        return (self.root / name).exists() and not (self.root / f"{name}.going").exists()

    @contextmanager
    def going(self, name: str) -> Iterator[None]:
        """Say that a pack is about to go, so that nobody begins to rely on it meanwhile."""
        mark = self.root / f"{name}.going"
        mark.touch()
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Delete a pack."""
        for path in (self.root / name, self.root / f"{name}.used"):
            path.unlink(missing_ok=True)
        self.forget([name])

    def forget(self, names: Sequence[str]) -> None:
        """What is known of packs that are gone."""
        for name in names:
            self._packs.pop(name, None)
        self._index.remove(names)

    def names(self) -> frozenset[str]:
        """All packs in the folder."""
        try:
            return frozenset(e.name for e in os.scandir(self.root) if PACK_NAME(e.name))
        except FileNotFoundError:
            return frozenset()

    def look_around(self) -> None:
        """Remember what is in packs that the index has not met."""
        self._complete = True
        there = self.names()
        known = self._index.packs() if there else frozenset()
        for name in sorted(there - known):
            with suppress(OSError, ValueError):  # damaged: whoever needs what was in it misses it
                self._index.add(name, _table_of(self.root / name).digests, "")
        if known - there:
            self._index.remove(sorted(known - there))

    def _opened(self, name: str, path: Path, look: str) -> Pack:
        table = _table_of(path)
        damaged: frozenset[int] = frozenset()
        if not is_vouched(self._index.stamp(name), look):
            damaged = _damaged(path, table)
            if not damaged:
                self._index.approve(name, vouched(look, durable=_on_disk(path)))
        if len(self._packs) >= _MOST_OPEN:
            del self._packs[next(iter(self._packs))]
        self._packs[name] = Pack(path, look, table, damaged)
        return self._packs[name]


def last_use(pack: Path) -> float:
    """When a pack was last written or said to be in use, in seconds since 1970."""
    times = [pack.stat().st_mtime]
    with suppress(FileNotFoundError):
        times.append(pack.with_name(f"{pack.name}.used").stat().st_mtime)
    return max(times)


def _table_of(path: Path) -> PackTable:
    with path.open("rb") as file:
        return read_table(file.fileno())


def _on_disk(path: Path) -> bool:
    """Bring a pack there that somebody else wrote; most have been for long, which costs nothing."""
    try:
        with path.open("rb") as file:
            flush_now(file)
    except OSError:  # some systems flush only what is open for writing
        return False
    return True


def _damaged(path: Path, table: PackTable) -> frozenset[int]:
    """Chunks that are not what their digests say; the price is reading all of the pack."""
    with path.open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    workers = min(_MOST_WORKERS, os.cpu_count() or 1, len(table) // _WORTH_A_WORKER + 1)
    with content, memoryview(content) as view, ThreadPoolExecutor(workers) as pool:
        shares = (range(first, len(table), workers) for first in range(workers))
        found = pool.map(lambda share: _damaged_of(view, table, share), shares)
        return frozenset(itertools.chain.from_iterable(found))


def _damaged_of(content: memoryview, table: PackTable, places: Iterable[int]) -> list[int]:
    found = []
    for place in places:
        offset = table.offsets[place]
        with content[offset : offset + table.sizes[place]] as data:
            if blake3(data).digest() != table.digest(place):
                found.append(place)
    return found
