"""The code archive as a worker meets it: verified before it is read, extracted safely."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from jupyter_mlpipe.model.errors import MetadataError, PipelineError, StorageError
from jupyter_mlpipe.model.pipeline import IR_VERSION, Pipeline
from jupyter_mlpipe.model.step import StepSource
from jupyter_mlpipe.model.wire import from_json

MAX_MEMBERS = 20_000
MAX_BYTES = 256 * 1024 * 1024
"""Of all files together once extracted; five times what `pack` lets in."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An archive's content on this machine."""

    folder: Path
    pipeline: Pipeline

    @property
    def modules(self) -> Path:
        """Goes on `sys.path`: the local modules the notebook imports."""
        return self.folder / "modules"

    def step(self, step: str) -> StepSource:
        """The cell with its options, as the user wrote it."""
        try:
            stated = from_json(StepSource, json.loads(self._read("steps", f"{step}.json")))
        except (ValueError, MetadataError) as error:
            raise PipelineError(f"The code archive's step {step!r} is damaged.") from error
        return replace(stated, source=self._read("steps", f"{step}.py"))

    def definitions(self, step: str) -> str:
        """The imports, functions, classes and constants the step uses, in order."""
        return self._read("definitions", f"{step}.py")

    def _read(self, kind: str, name: str) -> str:
        try:
            return (self.folder / kind / name).read_bytes().decode("utf-8", "surrogatepass")
        except (OSError, UnicodeDecodeError) as error:
            raise PipelineError(f"The code archive lacks {kind}/{name}.") from error


def fetch(uri: str) -> bytes:
    """An archive's bytes from a path or any URL that fsspec understands.

    Raises:
        StorageError: It is not there or cannot be read.
    """
    try:
        if "://" not in uri:
            return Path(uri).read_bytes()
        import fsspec

        filesystem, path = fsspec.core.url_to_fs(uri)
        content: bytes = filesystem.cat_file(path)
    except (OSError, ImportError, ValueError) as error:
        raise StorageError(f"The code archive {uri} cannot be read: {error}") from error
    return content


def unpack(data: bytes, sha256: str, folder: Path) -> Unpacked:
    """Verify an archive's bytes and write its files below `folder`, which is created.

    Raises:
        PipelineError: The bytes are not those that were promoted, or would write elsewhere.
        StorageError: The folder cannot be written.
    """
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise PipelineError(
            f"The code archive has the SHA-256 {found[:12]}…, expected {sha256[:12]}…: it was "
            "changed or cut short since promotion. Promote the notebook again."
        )
    files = _read_members(data)
    _write(files, folder)
    return Unpacked(folder, read_pipeline(files.get("pipeline.json", b"")))


def read_pipeline(text: bytes) -> Pipeline:
    """Read a pipeline's JSON form.

    Raises:
        PipelineError: It is something else, or newer than this installation.
    """
    try:
        pipeline = from_json(Pipeline, json.loads(text))
    except (ValueError, MetadataError) as error:
        raise PipelineError(f"Expected the JSON of a pipeline: {error}") from error
    if pipeline.ir_version > IR_VERSION:
        raise PipelineError(
            f"The pipeline has the form {pipeline.ir_version}; this installation reads up to "
            f"{IR_VERSION}. Update jupyter_mlpipe here."
        )
    return pipeline


def _read_members(data: bytes) -> Mapping[str, bytes]:
    """Every member is judged before the first is written, so a refusal leaves nothing behind."""
    files: dict[str, bytes] = {}
    total = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for member in archive:
                _refuse_unsafe(member)
                total += member.size
                if total > MAX_BYTES or len(files) >= MAX_MEMBERS:
                    raise PipelineError(
                        f"The code archive holds more than {MAX_BYTES // 2**20} MiB or "
                        f"{MAX_MEMBERS} files; it is not one of ours."
                    )
                stream = archive.extractfile(member)
                files[member.name] = stream.read() if stream else b""
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise PipelineError(f"The code archive cannot be read: {error}.") from error
    return files


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise PipelineError("The code archive names a file as a folder; refused.") from error
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror}.") from error


def _refuse_unsafe(member: tarfile.TarInfo) -> None:
    path = PurePosixPath(member.name)
    if not member.isreg():
        raise PipelineError(
            f"The code archive holds {member.name!r}, which is not a plain file; refused."
        )
    unsafe = path.is_absolute() or ".." in path.parts or not path.parts
    if unsafe or any(character in member.name for character in "\0\\:"):
        raise PipelineError(
            f"The code archive holds {member.name!r}, which would be written outside of its "
            "folder; refused."
        )
