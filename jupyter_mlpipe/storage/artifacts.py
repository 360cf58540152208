"""Artifacts in the store: the files of a value, and the manifest that names them."""

from __future__ import annotations

import mmap
import os
import shutil
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jupyter_mlpipe.model.artifact import Preview
from jupyter_mlpipe.model.chunk import Chunk, chunks_of, cut
from jupyter_mlpipe.model.errors import CorruptArtifactError, StorageError
from jupyter_mlpipe.storage.blobs import BlobStore, require_trust
from jupyter_mlpipe.storage.failures import explained
from jupyter_mlpipe.storage.manifests import (
    BLOB,
    SMALL,
    Manifest,
    StoredFile,
    content_of,
    decode,
    encode,
    require_plain_name,
    small_file,
)
from jupyter_mlpipe.storage.mapping import Mapped
from jupyter_mlpipe.storage.packing import Packing

_NONE: Mapping[str, Any] = MappingProxyType({})


class ArtifactStore:
    """Commits the files of values as immutable artifacts, and hands them out again."""

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
        """Store the files in `directory` as one value; gives the manifest.

        Raises:
            StorageError: The store refused, or `directory` holds more than plain files.
        """
        return self.record(Manifest(materializer, self.store(directory), previews, pickled))

    def store(
        self,
        directory: Path,
        memory: Mapping[str, Iterable[Chunk]] = _NONE,
        small: Mapping[str, bytes] = _NONE,
    ) -> tuple[StoredFile, ...]:
        """Store files of which no manifest tells yet.

        Args:
            directory: Holds some of them.
            memory: Others by name, in chunks.
            small: Others by name, each of at most 64 KiB.

        Raises:
            StorageError: The store refused, or `directory` holds more than plain files.
        """
        files, large = [self._store_small(name, data) for name, data in small.items()], []
        for path in sorted(directory.iterdir()):
            _require_plain_file(path)
            if path.stat().st_size > BLOB:
                large.append(path)
            else:
                files.append(self._store_small(path.name, path.read_bytes()))
        if large or memory:
            with self._blobs.chunks.packing() as packing:
                files += [_pack(name, packing, chunks) for name, chunks in memory.items()]
                files += [_pack_file(path, packing) for path in large]
        return tuple(sorted(files, key=lambda file: file.name))

    def record(self, manifest: Manifest) -> str:
        """Store the manifest, last of all: whoever can read it finds every file that it names."""
        return self._blobs.put(encode(manifest))

    def open(self, manifest: str, *, previews: bool = True) -> Manifest:
        """Read the manifest with this digest, with or without its previews.

        Raises:
            CorruptArtifactError: The stored bytes are not a manifest.
            StorageError: It is missing, or a newer release wrote it.
        """
        found = decode(self._blobs.get(manifest), previews=previews)
        if found is None:
            raise CorruptArtifactError(manifest, self._blobs.location(manifest))
        return found

    def require_trust(self, manifest: str) -> None:
        """Before what this manifest names is unpickled; see `blobs.require_trust`."""
        require_trust(self._blobs, manifest)

    def check(self, manifest: str) -> None:
        """Make sure, without reading them, that all files of a value are there in full length.

        Raises:
            StorageError: The manifest or one of its files is missing, changed or cut short.
        """
        chunks = self._blobs.chunks
        for file in self.open(manifest, previews=False).files:
            if file.digest and not file.content:
                whole = self._blobs.size(file.digest) == file.nbytes
            else:
                whole = not file.chunks or chunks.length(file.chunk_digests) == file.nbytes
            if not whole:
                raise CorruptArtifactError(manifest, self._blobs.location(manifest))

    def content(self, file: StoredFile) -> bytearray | memoryview | mmap.mmap:
        """The verified bytes of a file, to be written to as one likes.

        Large ones are mapped where possible, and read when they are first looked at.

        Raises:
            CorruptArtifactError: They are not what was stored.
            StorageError: They are missing.
        """
        if file.chunks:
            return self.map(file).memory
        if file.content or not file.digest or not file.nbytes:
            return bytearray(content_of(file))
        with self._blobs.path(file.digest).open("rb") as stored:
            return mmap.mmap(stored.fileno(), 0, access=mmap.ACCESS_COPY)

    def map(self, file: StoredFile) -> Mapped:
        """The same of a file that consists of chunks."""
        mapped = self._blobs.chunks.map(file.chunk_digests)
        if len(mapped.memory) != file.nbytes:
            raise CorruptArtifactError(file.chunks, file.name)
        return mapped

    def checkout(self, manifest: Manifest, directory: Path) -> None:
        """Place the verified files into `directory`, which is made if need be: never write to them.

        A file that is a blob of its own is a link to it where possible.
        """
        for file in manifest.files:
            require_plain_name(file.name)
            target = directory / file.name
            blob = file.digest and not file.content
            source = self._blobs.path(file.digest) if blob else None
            with explained(str(target)):
                directory.mkdir(parents=True, exist_ok=True)
                if source is None:
                    self._unfold(file, target)
                else:
                    _place(source.absolute(), target)

    def _store_small(self, name: str, data: bytes) -> StoredFile:
        if len(data) <= SMALL:
            return small_file(name, data)
        return StoredFile(name, len(data), digest=self._blobs.put(data))

    def _unfold(self, file: StoredFile, target: Path) -> None:
        _require_absent(target)
        with target.open("xb") as written:
            written.write(self.content(file))
        target.chmod(0o444)


def _pack(name: str, packing: Packing, chunks: Iterable[Chunk]) -> StoredFile:
    require_plain_name(name)
    chunks = list(chunks)
    digests = packing.add(chunks)
    return StoredFile(name, sum(len(chunk.data) for chunk in chunks), chunks=digests.hex())


def _pack_file(path: Path, packing: Packing) -> StoredFile:
    with path.open("rb") as file:
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return _pack(path.name, packing, chunks_of(data, cut(len(data))))


def _require_plain_file(path: Path) -> None:
    require_plain_name(path.name)
    if not stat.S_ISREG(path.lstat().st_mode):
        raise StorageError(
            f"{path} is not a plain file: a materializer writes files only, no folders or "
            "links. Report this to whoever maintains the materializer."
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
