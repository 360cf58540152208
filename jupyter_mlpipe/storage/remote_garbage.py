"""Garbage below a URL; `garbage` has the protocol.

An object cannot be renamed, so a blob that is going is copied to `trash/` first, and copied back
where somebody said meanwhile that it is in use. Of a pack that is mostly garbage the rest is
fetched, and sent as another.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from jupyter_mlpipe.model.errors import CorruptArtifactError
from jupyter_mlpipe.storage.addressing import TRASH, is_digest, shard
from jupyter_mlpipe.storage.failures import explained
from jupyter_mlpipe.storage.marking import Alive, Collected, collected_by_another, manifest_in
from jupyter_mlpipe.storage.objects import PARTIAL, Listed, Objects
from jupyter_mlpipe.storage.remote import RemoteBlobs
from jupyter_mlpipe.storage.remote_chunks import GOING, PACKS, USED

_LOCK = "collecting"


def collect_in_objects(
    blobs: RemoteBlobs, named: set[str], grace: float, *, dry_run: bool
) -> Collected:
    """Delete what is neither named, nor part of a value that is, nor was used lately.

    Raises:
        StorageError: As `collect_garbage` says.
    """
    objects = blobs.objects
    with explained(objects.location("")), _alone(objects, grace, dry_run=dry_run) as now:
        collector = _Collector(blobs, now - grace, dry_run=dry_run)
        collector.restore()
        alive = _alive(blobs, named & collector.there())
        collector.collect_blobs(alive.blobs)
        collector.collect_packs(alive.chunks)
        collector.move_rests(alive.chunks)
        collector.collect_leavings()
    return collector.collected


def _alive(blobs: RemoteBlobs, named: set[str]) -> Alive:
    alive = Alive(set(named))
    for manifest in blobs.objects.each(lambda d: manifest_in(blobs, d), named).values():
        alive.keep(manifest)
    return alive


@contextmanager
def _alone(objects: Objects, grace: float, *, dry_run: bool) -> Iterator[float]:
    """Let one process collect; gives the time by the clock of the store.

    A lock older than the grace period is of a process that was stopped.
    """
    name = secrets.token_hex(8)
    now = _now(objects, f"{_LOCK}-{name}")
    if dry_run:
        yield now
        return
    if not objects.create(_LOCK, name.encode()):
        since = objects.written(_LOCK)
        if since is None or since < now - grace:
            objects.write(_LOCK, name.encode())
        if objects.read(_LOCK) != name.encode():
            raise collected_by_another(objects.location(""))
    try:
        yield now
    finally:
        objects.delete([_LOCK])


def _now(objects: Objects, probe: str) -> float:
    objects.write(probe, b"")
    try:
        return objects.written(probe) or time.time()
    finally:
        objects.delete([probe])


class _Collector:
    def __init__(self, blobs: RemoteBlobs, before: float, *, dry_run: bool) -> None:
        self._objects = blobs.objects
        self._chunks = blobs.chunks
        self._before = before
        self._dry_run = dry_run
        self._listed = self._objects.listed()
        self.collected = Collected()

    def there(self) -> set[str]:
        """Digests of all blobs."""
        names = ((_name(key), key) for key in self._listed)
        return {name for name, key in names if is_digest(name) and key == shard(name)}

    def restore(self) -> None:
        """What a collector took away that was stopped; whether it is garbage is seen anew."""
        taken = [_name(key) for key in self._listed if key.startswith(f"{TRASH}/")]
        if taken and not self._dry_run:
            self._put_back(d for d in taken if is_digest(d) and shard(d) not in self._listed)
            self._objects.delete(f"{TRASH}/{digest}" for digest in taken)
            self._listed = self._objects.listed()

    def collect_blobs(self, alive: set[str]) -> None:
        """Taken away, looked after, and put back where they are in use."""
        gone = [d for d in sorted(self.there() - alive) if self._is_old(shard(d), self._listed)]
        if not self._dry_run:
            copied = self._objects.each(self._take_away, gone)
            gone = [digest for digest in gone if copied[digest]]
            self._objects.delete(map(shard, gone))
            found = self._objects.listed() if gone else {}
            used = {d for d in gone if not self._is_old(f"{shard(d)}{USED}", found)}
            self._put_back(used)
            self._objects.delete(f"{TRASH}/{digest}" for digest in gone)
            gone = [digest for digest in gone if digest not in used]
            self._objects.delete(f"{shard(digest)}{USED}" for digest in gone)
        self._count(map(shard, gone))
        self.collected.blobs += len(gone)

    def collect_packs(self, alive: set[bytes]) -> None:
        """Those of which nothing is alive."""
        self._remove_packs(self._chunks.without(alive))

    def move_rests(self, alive: set[bytes]) -> None:
        """Of packs of which less than half is alive, and which nobody used lately."""
        for name in () if self._dry_run else self._chunks.mostly_without(alive):
            if self._is_old(f"{PACKS}/{name}", self._listed):
                with suppress(CorruptArtifactError):  # it stays, with what is sound in it
                    self._chunks.copy(name, alive)
                    self._remove_packs([name])

    def collect_leavings(self) -> None:
        """Halves of objects, and marks beside what is gone."""
        left = [
            key
            for key, facts in self._listed.items()
            if facts.written < self._before
            and (
                key.endswith((PARTIAL, GOING))
                or (key.endswith(USED) and key.removesuffix(USED) not in self._listed)
            )
        ]
        if not self._dry_run:
            self._objects.delete(left)
        self._count(left)

    def _remove_packs(self, names: Sequence[str]) -> None:
        """Marked, looked after, and left where they are in use."""
        packs = {name: f"{PACKS}/{name}" for name in names}
        gone = [n for n, key in packs.items() if self._is_old(key, self._listed)]
        if not self._dry_run:
            going = [f"{packs[name]}{GOING}" for name in gone]
            self._objects.mark(going)
            found = self._objects.listed(PACKS) if gone else {}
            gone = [name for name in gone if self._is_old(packs[name], found)]
            self._objects.delete(packs[name] for name in gone)
            self._objects.delete(f"{packs[name]}{USED}" for name in gone)
            self._chunks.forget(gone)
            self._objects.delete(going)
        self._count(packs[name] for name in gone)
        self.collected.packs += len(gone)

    def _take_away(self, digest: str) -> bool:
        return self._objects.copy(shard(digest), f"{TRASH}/{digest}")

    def _put_back(self, digests: Iterable[str]) -> None:
        self._objects.each(lambda d: self._objects.copy(f"{TRASH}/{d}", shard(d)), digests)

    def _is_old(self, key: str, listed: dict[str, Listed]) -> bool:
        """Whether it was neither written nor used within the grace period, as far as is seen."""
        facts = [listed[k] for k in (key, f"{key}{USED}") if k in listed]
        return all(fact.written < self._before for fact in facts)

    def _count(self, keys: Iterable[str]) -> None:
        self.collected.nbytes += sum(self._listed[k].nbytes for k in keys if k in self._listed)


def _name(key: str) -> str:
    return key.rpartition("/")[2]
