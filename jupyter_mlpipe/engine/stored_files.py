"""The files of a value between its materializer and the artifact store."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.files import Files, Memory
from jupyter_mlpipe.materializers.moments import Moment
from jupyter_mlpipe.model.chunk import Chunk, chunks_of, cut
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.manifests import Manifest, StoredFile

_LARGE = 64 * 1024
_MOST_READ = 1 << 20
"""Bytes of a map that were read and not mapped, which cannot be told from what is written to."""


class FilesIn(Files):
    """On the way into the store: memory is named, and copied once, by the store."""

    def __init__(self, directory: Path, moment: Moment) -> None:
        super().__init__(directory)
        self._moment = moment
        self._small: dict[str, bytes] = {}
        self._parts: dict[str, tuple[Memory, ...]] = {}

    def put(self, name: str, *parts: Memory) -> None:
        """Never into the folder: writing and reading a file costs more than a small value."""
        if sum(part.data.nbytes for part in parts) < _LARGE:
            self._small[name] = b"".join(part.data for part in parts)
        else:
            self._parts[name] = parts

    def small(self) -> Mapping[str, bytes]:
        """Whole files that are not in the folder."""
        return self._small

    def large(self) -> dict[str, list[Chunk]]:
        """Chunks of the others."""
        return {
            name: [chunk for part in parts for chunk in self._chunks(part)]
            for name, parts in self._parts.items()
        }

    def settle(self, stored: Iterable[StoredFile]) -> None:
        """What memory held is what was stored of it, also where it was not known before."""
        for file in stored:
            digests = file.chunk_digests
            found = (digests[i : i + 32] for i in range(0, len(digests), 32))
            for part in self._parts.get(file.name, ()):
                count = len(cut(part.data.nbytes, part.row))
                self._moment.settle(part.data, part.row, list(itertools.islice(found, count)))

    def _chunks(self, part: Memory) -> Iterable[Chunk]:
        sizes = cut(part.data.nbytes, part.row)
        return chunks_of(part.data, sizes, self._moment.known(part.data, part.row))


class FilesOut(Files):
    """On the way out: each file is fetched when it is asked for."""

    def __init__(
        self,
        directory: Path,
        manifest: Manifest,
        artifacts: ArtifactStore,
        buffers: BufferDigests,
    ) -> None:
        super().__init__(directory)
        self._manifest = manifest
        self._artifacts = artifacts
        self._buffers = buffers

    @property
    def directory(self) -> Path:
        """All of them, as plain files."""
        if not os.listdir(self._directory):  # noqa: PTH208 - a folder of ours, looked at once
            self._artifacts.checkout(self._manifest, self._directory)
        return self._directory

    def get(self, name: str) -> Any:
        """Mapped where it is large, which takes the same time at any size."""
        file = self._manifest.file(name)
        if file is None or not file.chunks:
            return None if file is None else self._artifacts.content(file)
        mapped = self._artifacts.map(file)
        mapped.region.released = self._buffers.learn(
            mapped.memory, mapped.sizes, file.chunk_digests, lazily=mapped.read <= _MOST_READ
        )
        return mapped.memory
