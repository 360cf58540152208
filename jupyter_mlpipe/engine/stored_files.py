"""The files of a value between its materializer and the artifact store."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jupyter_mlpipe.materializers.files import Files, Memory
from jupyter_mlpipe.model.chunk import Chunk, chunks_of, cut
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.manifests import Manifest

_LARGE = 64 * 1024


class FilesIn(Files):
    """On the way into the store: large memory is named, and copied once, by the store."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.large: dict[str, list[Chunk]] = {}
        """Chunks of what is in none of the files in the folder."""

    def put(self, name: str, *parts: Memory) -> None:
        """Into the folder only where it is small."""
        if sum(part.data.nbytes for part in parts) < _LARGE:
            super().put(name, *parts)
        else:
            self.large[name] = [chunk for part in parts for chunk in _chunks(part)]


class FilesOut(Files):
    """On the way out: each file is fetched when it is asked for."""

    def __init__(self, directory: Path, manifest: Manifest, artifacts: ArtifactStore) -> None:
        super().__init__(directory)
        self._manifest = manifest
        self._artifacts = artifacts

    @property
    def directory(self) -> Path:
        """All of them, as plain files."""
        if not os.listdir(self._directory):  # noqa: PTH208 - a folder of ours, looked at once
            self._artifacts.checkout(self._manifest, self._directory)
        return self._directory

    def get(self, name: str) -> Any:
        """Mapped where it is large, which takes the same time at any size."""
        file = self._manifest.file(name)
        return None if file is None else self._artifacts.content(file)


def _chunks(part: Memory) -> Iterable[Chunk]:
    return chunks_of(part.data, cut(part.data.nbytes, part.row))
