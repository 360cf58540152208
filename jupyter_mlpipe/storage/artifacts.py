"""Artifacts in the store: the files of a value, and the manifest that names them."""

from __future__ import annotations

import json
import os
import shutil
import stat
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_mlpipe.model.artifact import Preview
from jupyter_mlpipe.model.errors import CorruptArtifactError, MetadataError, StorageError
from jupyter_mlpipe.model.wire import from_json, to_json
from jupyter_mlpipe.storage.addressing import digest_of_bytes
from jupyter_mlpipe.storage.blobs import BlobStore
from jupyter_mlpipe.storage.failures import explained

_FORMAT = 1
_SMALL = 4096
"""Bytes up to which a file is kept inside the manifest, whose digest vouches for it too."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a value, by the plain name its materializer gave it."""

    name: str
    digest: str
    nbytes: int
    content: str = ""
    """The file itself in base64, when it is so small that a blob of its own would cost more
    than its bytes; empty for a file that has one."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything needed to bring a value back; itself a blob, in JSON."""

    materializer: str
    files: tuple[StoredFile, ...]
    previews: Mapping[str, Preview] = field(default_factory=dict)
    """Keyed by member; the empty key belongs to a value that was stored alone."""
    pickled: bool = False
    """Loading runs code from the files: only for stores of the user's own."""
    format: int = _FORMAT

    @property
    def nbytes(self) -> int:
        """What all files take together; shared content counts each time it is named."""
        return sum(file.nbytes for file in self.files)


class ArtifactStore:
    """Commits folders of files as immutable artifacts, and hands them out again."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    def commit(
        self,
        directory: Path,
        materializer: str,
        *,
        pickled: bool,
        previews: Mapping[str, Preview],
    ) -> str:
        """Store the files in `directory`, which are the store's from now on; gives the manifest.

        The manifest goes last: whoever can read it finds every file that it names.

        Raises:
            StorageError: The store refused, or `directory` holds more than plain files.
        """
        files = tuple(self._store(path) for path in sorted(directory.iterdir()))
        return self._blobs.put(_encode(Manifest(materializer, files, previews, pickled)))

    def open(self, manifest: str) -> Manifest:
        """Read the manifest with this digest.

        Raises:
            CorruptArtifactError: The stored bytes are not a manifest.
            StorageError: It is missing, or a newer release wrote it.
        """
        data = self._blobs.get(manifest)
        try:
            content = json.loads(data)
            _require_known_format(content["format"])
            found: Manifest = from_json(Manifest, content)
        except (ValueError, KeyError, TypeError, RecursionError, MetadataError) as error:
            raise CorruptArtifactError(manifest, self._blobs.location(manifest)) from error
        return found

    def check(self, manifest: str) -> None:
        """Make sure, without reading them, that all files of a value are there in full length.

        Raises:
            StorageError: The manifest or one of its files is missing, changed or cut short.
        """
        for file in self.open(manifest).files:
            if not file.content and self._blobs.size(file.digest) != file.nbytes:
                raise CorruptArtifactError(file.digest, self._blobs.location(file.digest))

    def checkout(self, manifest: Manifest, directory: Path) -> None:
        """Place the verified files into `directory`, which is made if need be.

        They are links to the stored blobs where possible, so that a value can be mapped
        without being copied: never write to them.
        """
        for file in manifest.files:
            _require_plain_name(file.name)
            source = None if file.content else self._blobs.path(file.digest)
            with explained(str(directory / file.name)):
                directory.mkdir(parents=True, exist_ok=True)
                if source is None:
                    _unfold(file, directory / file.name)
                else:
                    _place(source.absolute(), directory / file.name)

    def _store(self, path: Path) -> StoredFile:
        _require_plain_name(path.name)
        facts = path.lstat()
        if not stat.S_ISREG(facts.st_mode):
            raise StorageError(
                f"{path} is not a plain file: a materializer writes files only, no folders or "
                "links. Report this to whoever maintains the materializer."
            )
        size = facts.st_size
        if 0 < size <= _SMALL:
            data = path.read_bytes()
            return StoredFile(path.name, digest_of_bytes(data), size, b64encode(data).decode())
        return StoredFile(path.name, self._blobs.put_file(path, spare=True), size)


def _unfold(file: StoredFile, target: Path) -> None:
    _require_absent(target)
    with target.open("xb") as written:
        written.write(b64decode(file.content))
    target.chmod(0o444)


def _encode(manifest: Manifest) -> bytes:
    return json.dumps(to_json(manifest), sort_keys=True, separators=(",", ":")).encode()


def _require_known_format(found: Any) -> None:
    if isinstance(found, int) and found > _FORMAT:
        raise StorageError(
            f"The artifact is stored in format {found}, and this release reads up to {_FORMAT}. "
            "Upgrade jupyter_mlpipe to read it."
        )


def _require_plain_name(name: str) -> None:
    plain = (
        name not in ("", ".", "..")
        and not any(mark in name for mark in "/\\:")
        and name.isprintable()
        and len(os.fsencode(name)) <= 255
    )
    if not plain:
        raise StorageError(
            f"{name[:80]!r} is not a plain file name, so the artifact that holds it is refused. "
            "Run the step again with --no-cache to store it anew."
        )


def _require_absent(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise FileExistsError(f"{target} is there already")


def _place(source: Path, target: Path) -> None:
    _require_absent(target)
    for link in (os.link, os.symlink):
        try:
            link(source, target)
        except OSError:  # another device, or a file system without such links
            continue
        return
    shutil.copy(source, target)
