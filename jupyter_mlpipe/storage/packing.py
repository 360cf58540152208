"""Chunks on their way into a pack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from jupyter_mlpipe.model.chunk import Chunk
from jupyter_mlpipe.storage.pack_writer import PackWriter

Missing: TypeAlias = Callable[[Sequence[bytes], dict[str, Any]], set[bytes]]
"""Which of some chunks are not stored; keeps what it found out for when it is asked again."""


class Packing:
    """Takes chunks of several files; each is stored once, and none that is stored already."""

    def __init__(self, missing: Missing, writer: PackWriter) -> None:
        self.writer = writer
        self._missing = missing
        self._used: dict[str, Any] = {}

    def add(self, chunks: Iterable[Chunk]) -> bytes:
        """Store a file of these chunks; their digests, one after the other.

        Raises:
            StorageError: A chunk is not what its digest says.
        """
        chunks = list(chunks)
        missing = self._missing([c.digest for c in chunks if c.digest], self._used)
        digests, at = [], 0
        for chunk in chunks:
            digest = chunk.digest
            if digest is None or (digest in missing and not self.writer.holds(digest)):
                digest = self._store(chunk, at)
            digests.append(digest)
            at += len(chunk.data)
        return b"".join(digests)

    def close(self) -> None:
        """Nothing is left of what was not kept."""
        self.writer.close()

    def _store(self, chunk: Chunk, at: int) -> bytes:
        digest = self.writer.take(chunk, at)
        if self.writer.holds(digest):
            return digest
        if chunk.digest is not None or self._missing([digest], self._used):
            self.writer.keep(digest)
        return digest
