"""Where code archives are kept: by their digest, so that a stored one never changes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.model.pipeline import CodeArchive


def locate(data: bytes, artifact_store: str, home: Path) -> CodeArchive:
    """Where an archive belongs, whether it is there already or not.

    Archives go below `home`, the project's `.mlpipe`, or, when the artifact store is remote,
    beside the artifacts, so that whoever can read these can run the code. A location with a
    password in it stays out of every file we write, so there the archive stays here.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    if _is_remote(artifact_store):
        return CodeArchive(f"{artifact_store.rstrip('/')}/code/{sha256}.tar.gz", sha256)
    return CodeArchive(str(local_copy(sha256, home)), sha256)


def store(data: bytes, artifact_store: str, home: Path) -> CodeArchive:
    """Keep an archive; below `home` in any case, so that this machine can run it offline.

    Raises:
        StorageError: It cannot be written.
    """
    archive = locate(data, artifact_store, home)
    try:
        _write(data, local_copy(archive.sha256, home))
        if _is_remote(artifact_store):
            _upload(data, archive.uri)
    except (OSError, ImportError, ValueError) as error:
        raise StorageError(
            f"The code archive cannot be stored at {archive.uri}: {error}"
        ) from error
    return archive


def local_copy(sha256: str, home: Path) -> Path:
    """Where this machine keeps an archive."""
    return home / "code" / f"{sha256}.tar.gz"


def _is_remote(artifact_store: str) -> bool:
    scheme, separator, _ = artifact_store.partition("://")
    holds_password = urlsplit(artifact_store).password is not None
    return bool(separator) and scheme not in ("file", "local") and not holds_password


def _write(data: bytes, path: Path) -> None:
    if path.exists() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _upload(data: bytes, uri: str) -> None:
    import fsspec

    filesystem, path = fsspec.core.url_to_fs(uri)
    if not filesystem.exists(path):
        filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
        filesystem.pipe_file(path, data)
