"""Digests of content: how blobs are named."""

from __future__ import annotations

import re
from pathlib import Path

from blake3 import blake3

from jupyter_mlpipe.model.errors import StorageError

_DIGEST = re.compile(r"[0-9a-f]{64}")
TRASH = "trash"
"""What a blob's name tells while a collector looks whether it is in use: the last part of its
file's name in a folder, the folder that it is in below a URL."""


def digest_of_bytes(data: bytes) -> str:
    """The blake3 digest, 64 hexadecimal digits."""
    return blake3(data).hexdigest()


def digest_of_file(path: Path) -> str:
    """The same of a file, which is mapped and not read into memory."""
    return blake3().update_mmap(path).hexdigest()


def is_digest(text: str) -> bool:
    """Whether it could name a blob."""
    return _DIGEST.fullmatch(text) is not None


def shard(digest: str) -> str:
    """Where a blob is below the root of a remote store, and was once in a folder.

    Raises:
        StorageError: `digest` is none, so it must not become part of a path.
    """
    _require(digest)
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def place(digest: str) -> str:
    """Where a blob is in a folder: in one level of folders, for making one takes as long as a blob.

    Raises:
        StorageError: `digest` is none, so it must not become part of a path.
    """
    _require(digest)
    return f"{digest[:2]}/{digest}"


def _require(digest: str) -> None:
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise StorageError(
            f"{str(digest)[:80]!r} is not the digest of a blob: expected 64 hexadecimal digits. "
            "The record that names it is damaged; run the step again with --no-cache."
        )
