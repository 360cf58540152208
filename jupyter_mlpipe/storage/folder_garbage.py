"""Garbage in a local folder; `garbage` has the protocol."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jupyter_mlpipe.storage.addressing import TRASH, is_digest
from jupyter_mlpipe.storage.failures import explained
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.marking import Alive, Collected, collected_by_another, manifest_in
from jupyter_mlpipe.storage.packs import DIGEST
from jupyter_mlpipe.storage.shelf import Pack, PackShelf, last_use

_DIGITS = 2 * DIGEST
_FOLDER = "[0-9a-f][0-9a-f]"


def collect_in_folder(
    blobs: FolderBlobs, named: set[str], grace: float, *, dry_run: bool
) -> Collected:
    """Delete what is neither named, nor part of a value that is, nor was used lately.

    The rest of a pack that is mostly garbage is moved into another.

    Raises:
        StorageError: As `collect_garbage` says.
    """
    with explained(str(blobs.root)):
        if not blobs.root.is_dir():
            return Collected()
        alive = _alive(blobs, named)
        collector = _Collector(_now(blobs.root) - grace, dry_run=dry_run)
        with _alone(blobs.root, dry_run=dry_run):
            collector.collect_blobs(blobs.root, alive.blobs)
            collector.collect_packs(blobs.chunks.shelf, alive.chunks)
            for pack in collector.mostly_garbage(blobs.chunks.shelf, alive.chunks):
                blobs.chunks.copy(pack, alive.chunks)
                collector.remove_pack(pack, blobs.chunks.shelf)
    return collector.collected


def _alive(blobs: FolderBlobs, named: set[str]) -> Alive:
    alive = Alive(set(named))
    for digest in named:
        if blobs.exists(digest):
            alive.keep(manifest_in(blobs, digest))
    return alive


@contextmanager
def _alone(root: Path, *, dry_run: bool) -> Iterator[None]:
    """Let one process collect, where the system knows of such locks; they end with a process."""
    if dry_run or os.name != "posix":
        yield
        return
    import fcntl

    folder = os.open(root, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems lock nothing
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise collected_by_another(str(root)) from error
        yield
    finally:
        os.close(folder)


class _Collector:
    def __init__(self, before: float, *, dry_run: bool) -> None:
        self._before = before
        self._dry_run = dry_run
        self.collected = Collected()

    def collect_blobs(self, root: Path, alive: set[str]) -> None:
        for path in _files_below(root):
            if path.name.endswith(f".{TRASH}"):
                _put_back(path)  # of a collector that was stopped
            elif path.name.startswith("."):
                self._remove_partial(path)
            elif path.name not in alive and is_digest(path.name):
                self._remove_blob(path)

    def collect_packs(self, shelf: PackShelf, alive: set[bytes]) -> None:
        for name in shelf.names():
            pack = shelf.pack(name)
            if pack is not None and alive.isdisjoint(pack.digests()):
                self.remove_pack(pack, shelf)
        for pattern in (".*.partial", "*.going"):
            for path in shelf.root.glob(pattern):
                self._remove_partial(path)
        for path in shelf.root.glob("*.used"):
            if not path.with_suffix("").exists():
                self._remove_partial(path)

    def mostly_garbage(self, shelf: PackShelf, alive: set[bytes]) -> Iterator[Pack]:
        """Packs of which less than half is alive, and which nobody used lately."""
        for name in () if self._dry_run else shelf.names():
            pack = shelf.pack(name)
            if pack is None or pack.damaged or last_use(pack.path) >= self._before:
                continue
            sizes = dict(zip(pack.digests(), pack.table.sizes, strict=True))
            kept = sum(size for digest, size in sizes.items() if digest in alive)
            if 0 < kept < sum(sizes.values()) / 2:
                yield pack

    def remove_pack(self, pack: Pack, shelf: PackShelf) -> None:
        with suppress(FileNotFoundError):
            size = pack.path.stat().st_size
            if last_use(pack.path) >= self._before:
                return
            if not self._dry_run:
                with shelf.going(pack.path.name):
                    if last_use(pack.path) >= self._before:
                        return
                    shelf.remove(pack.path.name)
            self.collected.packs += 1
            self.collected.nbytes += size

    def _remove_blob(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            stat = path.stat()
            if stat.st_mtime >= self._before:
                return
            if not self._dry_run:
                trash = path.with_name(f".{path.name}.{secrets.token_hex(8)}.{TRASH}")
                path.rename(trash)
                if trash.stat().st_mtime >= self._before:
                    _put_back(trash)
                    return
                trash.unlink()
            self.collected.blobs += 1
            self.collected.nbytes += stat.st_size

    def _remove_partial(self, path: Path) -> None:
        """What a process left that did not come to the end of writing."""
        with suppress(FileNotFoundError):
            stat = path.stat()
            if stat.st_mtime < self._before:
                if not self._dry_run:
                    path.unlink()
                self.collected.nbytes += stat.st_size


def _files_below(root: Path) -> Iterator[Path]:
    """In the folders that blobs are in; there were two levels of them once."""
    for outer in sorted(root.glob(_FOLDER)):
        for entry in sorted(outer.iterdir()):
            if entry.match(_FOLDER) and entry.is_dir():
                yield from sorted(entry.iterdir())
            else:
                yield entry


def _put_back(trash: Path) -> None:
    name = trash.name[1 : 1 + _DIGITS]
    if is_digest(name):
        with suppress(FileNotFoundError):  # a reader was quicker
            trash.rename(trash.with_name(name))


def _now(root: Path) -> float:
    """By the clock that the times of files come from, which may be another machine's."""
    probe = root / f".{secrets.token_hex(8)}.partial"
    try:
        probe.touch()
        return probe.stat().st_mtime
    except OSError:  # it may be counted, and not be written to
        return time.time()
    finally:
        probe.unlink(missing_ok=True)
