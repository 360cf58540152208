"""Manifests: what a stored value consists of, as JSON."""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_mlpipe.model.artifact import Preview
from jupyter_mlpipe.model.errors import MetadataError, StorageError
from jupyter_mlpipe.model.wire import from_json, to_json

_FORMAT = 2
"""1: each file above 4 KiB is a blob of its own. 2: larger ones may be chunks in packs instead."""
SMALL = 4096
"""Bytes up to which a file is kept inside the manifest, whose digest vouches for it too."""
BLOB = 64 * 1024
"""Bytes up to which a file is a blob of its own."""
_DIGITS = 64


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a value, by the plain name its materializer gave it."""

    name: str
    nbytes: int
    content: str = ""
    """The file itself in base64, when it is so small that a place of its own would cost more
    than its bytes."""
    chunks: str = ""
    """Digests of its chunks, 64 digits each, one after the other."""
    digest: str = ""
    """Of the blob that it is, if it is one."""

    @property
    def chunk_digests(self) -> bytes:
        """Those of its chunks, 32 bytes each."""
        return bytes.fromhex(self.chunks)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything needed to bring a value back; itself a blob."""

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

    def file(self, name: str) -> StoredFile | None:
        """The file of that name, if there is one."""
        return next((file for file in self.files if file.name == name), None)


def small_file(name: str, data: bytes) -> StoredFile:
    """A file that the manifest holds itself."""
    return StoredFile(name, len(data), content=b64encode(data).decode())


def content_of(file: StoredFile) -> bytes:
    """What the manifest holds of a small file.

    Raises:
        StorageError: It is not as long as the manifest says.
    """
    try:
        data = b64decode(file.content, validate=True)
    except ValueError:
        data = b""
    if len(data) != file.nbytes:
        raise StorageError(
            f"The stored file {file.name!r} is not what its manifest says. "
            "Run the step again with --no-cache to store it anew."
        )
    return data


def encode(manifest: Manifest) -> bytes:
    """Equal manifests give equal bytes."""
    return json.dumps(to_json(manifest), sort_keys=True, separators=(",", ":")).encode()


def decode(data: bytes, *, previews: bool = True) -> Manifest | None:
    """Read a manifest; None for bytes that are none.

    Args:
        data: Of the blob.
        previews: Whether they are read as well, which may take longer than all the rest.

    Raises:
        StorageError: A newer release wrote it, or it names files that would lie elsewhere.
    """
    try:
        content = json.loads(data)
        _require_known_format(content["format"])
        content["previews"] = content["previews"] if previews else {}
        found: Manifest = from_json(Manifest, content)
        if not all(len(bytes.fromhex(f.chunks)) % (_DIGITS // 2) == 0 for f in found.files):
            return None
    except (ValueError, KeyError, TypeError, RecursionError, MetadataError):
        return None
    for file in found.files:
        require_plain_name(file.name)
    return found


def require_plain_name(name: str) -> None:
    """Refuse whatever could lead out of the folder that a file is written to.

    Raises:
        StorageError: It could.
    """
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


def _require_known_format(found: Any) -> None:
    if isinstance(found, int) and found > _FORMAT:
        raise StorageError(
            f"The artifact is stored in format {found}, and this release reads up to {_FORMAT}. "
            "Upgrade jupyter_mlpipe to read it."
        )
