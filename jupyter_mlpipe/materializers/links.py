"""Data that stays where it is: only the place is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.base import Materializer
from jupyter_mlpipe.model.artifact import ArtifactType, Preview
from jupyter_mlpipe.model.digest import Plain, digest_of
from jupyter_mlpipe.model.errors import StorageError, ValueNotLoadableError

_FILE = "link.json"


@dataclass(frozen=True, slots=True)
class Link:
    """A file, a folder or a URL, as it was when it was linked to."""

    uri: str
    files: int
    nbytes: int
    listing: str
    """Digest of the names, sizes and times of all files."""


def link_to(path_or_uri: str | Path) -> Link:
    """Look at what is there, without reading it.

    Raises:
        StorageError: Nothing is, or it cannot be listed.
    """
    uri = str(path_or_uri)
    try:
        found = list(_remote(uri) if "://" in uri else _local(Path(uri).expanduser()))
    except (OSError, ImportError, ValueError) as error:
        raise StorageError(f"{uri} cannot be looked at: {error}") from error
    if not found:
        raise StorageError(f"There is nothing at {uri}. Check the path or URL.")
    place = uri if "://" in uri else str(Path(uri).expanduser().absolute())
    facts: list[Plain] = [[name, size, mark] for name, size, mark in sorted(found)]
    return Link(place, len(found), sum(size for _, size, _ in found), digest_of("link", facts))


def linked_files(directory: Path, scratch: Path) -> Mapping[str, Path]:
    """The files behind a stored link, by their names below it; remote ones are fetched.

    Args:
        directory: Where the link was placed.
        scratch: Where files that are fetched go.
    """
    uri = _uri(directory)
    if "://" not in uri:
        root = Path(uri)
        if root.is_file():
            return {root.name: root}
        return {str(f.relative_to(root)): f for f in sorted(root.rglob("*")) if f.is_file()}
    import fsspec

    filesystem, path = fsspec.core.url_to_fs(uri)
    filesystem.invalidate_cache()
    filesystem.get(path, str(scratch), recursive=True)
    return {str(f.relative_to(scratch)): f for f in sorted(scratch.rglob("*")) if f.is_file()}


class LinkMaterializer(Materializer):
    """Loads as a `Path`, or as the URL; only asked for by name."""

    name: ClassVar[str] = "link"
    artifact_type: ClassVar[ArtifactType] = ArtifactType.BASE

    def accepts(self, value: Any) -> bool:
        """What `link_to` gives."""
        return type(value) is Link

    def save(self, value: Any, directory: Path) -> None:
        """The place, and what was there."""
        (directory / _FILE).write_text(json.dumps(asdict(value)), encoding="utf-8")

    def load(self, directory: Path) -> Any:
        """Whether the data is there still is seen when it is opened."""
        uri = _uri(directory)
        return uri if "://" in uri else Path(uri)

    def summary(self, value: Any) -> Mapping[str, object]:
        """The place, and what was there."""
        return {"uri": value.uri, "files": value.files, "bytes": value.nbytes}

    def preview(self, value: Any) -> Preview | None:
        """The place."""
        return Preview("text", text=f"{value.uri}\n{value.files} files, {value.nbytes} bytes")


def _uri(directory: Path) -> str:
    try:
        return str(json.loads((directory / _FILE).read_bytes())["uri"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueNotLoadableError(
            f"The stored link cannot be read ({error}). Register the data again."
        ) from error


def _local(root: Path) -> Iterator[tuple[str, int, str]]:
    files = [root] if root.is_file() else sorted(f for f in root.rglob("*") if f.is_file())
    for file in files:
        facts = file.stat()
        yield str(file.relative_to(root)), facts.st_size, str(facts.st_mtime_ns)


def _remote(uri: str) -> Iterator[tuple[str, int, str]]:
    import fsspec

    filesystem, root = fsspec.core.url_to_fs(uri)
    filesystem.invalidate_cache()  # others may have written there since it was listed
    for path in sorted(filesystem.find(root)):
        facts = filesystem.info(path)
        yield path.removeprefix(root), int(facts.get("size") or 0), filesystem.ukey(path)
