"""Objects below a URL, reached through fsspec."""

from __future__ import annotations

import errno
import secrets
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.storage.failures import explained

_ATOMIC = frozenset({"memory", "s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"})
"""Protocols in which an object appears under its name only when it is complete, and in which a
write can ask that nothing is there."""
PARTIAL = ".partial"
_TIMES = ("LastModified", "last_modified", "mtime", "modified", "created")
"""What drivers call the time at which an object was written, by the clock of its store."""
_AT_ONCE = 16
_NO_CONDITION = frozenset({errno.ENOSYS, errno.EINVAL})


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a listing shows it."""

    nbytes: int
    written: float
    """Seconds since 1970, by the clock of the store."""


class Objects:
    """What lies below a URL; keys are relative to it.

    Listings are never remembered: other machines write and delete too.
    """

    def __init__(self, url: str) -> None:
        with explained(url):
            self.fs, root = _opened(url)
        self._root = root.rstrip("/")
        protocol = self.fs.protocol
        names = {protocol} if isinstance(protocol, str) else set(protocol)
        self._atomic = bool(names & _ATOMIC)

    def path(self, key: str) -> str:
        """In the driver's words."""
        return f"{self._root}/{key}"

    def location(self, key: str) -> str:
        """With the protocol in front, for messages."""
        return str(self.fs.unstrip_protocol(self.path(key)))

    def size(self, key: str) -> int | None:
        """None where there is nothing."""
        try:
            return int(self.fs.info(self.path(key))["size"])
        except FileNotFoundError:
            return None

    def names(self, folder: str) -> list[str]:
        """Of all that lies in a folder."""
        try:
            found = self.fs.ls(self.path(folder), detail=False)
        except FileNotFoundError:
            return []
        return [path.rpartition("/")[2] for path in found]

    def read_parts(
        self, keys: Sequence[str], starts: Sequence[int], ends: Sequence[int]
    ) -> list[bytes]:
        """Stretches of objects, many requests at a time."""
        paths = [self.path(key) for key in keys]
        return list(self.fs.cat_ranges(paths, list(starts), list(ends), on_error="raise"))

    def fetch(self, key: str, to: Path) -> None:
        """Copy an object into a local file."""
        self.fs.get_file(self.path(key), str(to))

    def create(self, key: str, data: bytes) -> bool:
        """Write an object unless something is there; whether it surely was written.

        Where it was not, somebody else was quicker, an earlier try of this very request was, or
        the store knows no such condition: look what is there.
        """
        if not self._atomic:
            return False
        try:
            self.fs.pipe_file(self.path(key), data, mode="create")
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno in _NO_CONDITION or "ConditionalRequestConflict" in str(error):
                return False
            raise
        return True

    def write(self, key: str, data: bytes) -> None:
        """Write an object, in the place of what may be there."""
        self._upload(key, lambda path: self.fs.pipe_file(path, data))

    def send(self, source: Path, key: str) -> None:
        """The same with the content of a local file, which need not fit into memory."""
        self._upload(key, lambda path: self.fs.put_file(str(source), path))

    def copy(self, key: str, to: str) -> bool:
        """Copy an object within the store; False where it is gone."""
        self._make_room(to)
        try:
            self.fs.cp_file(self.path(key), self.path(to))
        except FileNotFoundError:
            return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects that may be gone already."""

        def remove(key: str) -> None:
            with suppress(FileNotFoundError):
                self.fs.rm_file(self.path(key))

        self.each(remove, keys)

    def mark(self, keys: Iterable[str]) -> None:
        """Write empty objects, whose times then tell of now."""
        self.each(lambda key: self.write(key, b""), keys)

    def each(self, work: Callable[[str], object], keys: Iterable[str]) -> dict[str, Any]:
        """Do something to many objects side by side; what came of each."""
        keys = list(keys)
        if len(keys) < 2:
            return {key: work(key) for key in keys}
        with ThreadPoolExecutor(min(_AT_ONCE, len(keys)), "mlpipe-objects") as pool:
            return dict(zip(keys, pool.map(work, keys), strict=True))

    def written(self, key: str) -> float | None:
        """When an object was written, by the clock of the store; None where there is none."""
        path = self.path(key)
        try:
            return self._listed(path, self.fs.info(path)).written
        except FileNotFoundError:
            return None

    def read(self, key: str) -> bytes:
        """All of a small object."""
        return bytes(self.fs.cat_file(self.path(key)))

    def listed(self, folder: str = "") -> dict[str, Listed]:
        """All objects below, or in one folder below.

        Raises:
            StorageError: The store does not say when they were written.
        """
        root = self.path(folder).rstrip("/")
        try:
            found = self.fs.find(root, detail=True)
        except FileNotFoundError:
            return {}
        start = len(self.path(""))
        return {path[start:]: self._listed(path, facts) for path, facts in found.items()}

    def _listed(self, path: str, facts: dict[str, Any]) -> Listed:
        time = next((facts[name] for name in _TIMES if facts.get(name)), None)
        if isinstance(time, datetime):
            return Listed(int(facts["size"] or 0), time.timestamp())
        if isinstance(time, int | float):
            return Listed(int(facts["size"] or 0), float(time))
        raise StorageError(
            f"The store does not say when {path} was written, so it cannot be told what in it "
            "is out of use. Nothing was deleted."
        )

    def _upload(self, key: str, upload: Callable[[str], object]) -> None:
        self._make_room(key)
        path = self.path(key)
        if self._atomic:
            upload(path)
        else:
            partial = f"{path}.{secrets.token_hex(8)}{PARTIAL}"
            upload(partial)
            self.fs.mv(partial, path)

    def _make_room(self, key: str) -> None:
        if not self._atomic:  # elsewhere there are no folders
            self.fs.makedirs(self.path(key).rpartition("/")[0], exist_ok=True)


def _opened(url: str) -> tuple[Any, str]:
    import fsspec

    try:
        found: tuple[Any, str] = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except TypeError:  # a driver that hands all options on, such as SFTP's, remembers no listing
        found = fsspec.core.url_to_fs(url)
    return found
