"""Packs as they are written."""

from __future__ import annotations

import mmap
import os
import secrets
from array import array
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from blake3 import blake3

from jupyter_mlpipe.model.chunk import CHUNK, Chunk
from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.storage.flushing import Flush, begin_flush, flush_now
from jupyter_mlpipe.storage.packs import PAGE, PackTable, encode_table
from jupyter_mlpipe.storage.stamps import settle

_BUFFER = 4 * CHUNK
"""Bytes that are written at a time."""


class PackWriter:
    """Writes one pack under a name of its own; two buffers, so that hashing and writing overlap.

    What is hashed is the copy that is written. Whatever happens to the memory meanwhile, a
    chunk holds the bytes that its digest says.

    Args:
        folder: Of the packs.
        flush: Brings the pack to disk.
        spare: Buffers of earlier packs, for to get new memory takes longer than to fill it.
    """

    def __init__(self, folder: Path, flush: Flush, spare: list[Buffer]) -> None:
        self.name = secrets.token_hex(16)
        self.table = PackTable(b"", array("Q"), array("I"))
        self.path = folder / self.name
        self._partial = folder / f".{self.name}.partial"
        self._flush = flush
        self._digests: dict[bytes, int] = {}
        self._spare = spare
        self._buffers = [spare.pop() if spare else Buffer() for _ in range(2)]
        self._start = 0
        """Where in the pack the buffer at hand begins."""
        self._thread: ThreadPoolExecutor | None = None
        self._file = -1

    def holds(self, digest: bytes) -> bool:
        """Whether the pack has this chunk so far."""
        return digest in self._digests

    def take(self, chunk: Chunk, at: int) -> bytes:
        """Copy a chunk that begins `at` this offset of its file; its digest.

        It is in the pack once `keep` was called, and forgotten when another is taken.

        Raises:
            StorageError: It is not what its digest says.
        """
        buffer = self._buffers[0]
        gap = (at - self._start - buffer.filled) % PAGE
        if buffer.filled + gap + len(chunk.data) > _BUFFER:
            self._turn_over()
            buffer = self._buffers[0]
            gap = (at - self._start - buffer.filled) % PAGE
        copy = buffer.copy(chunk.data, gap)
        digest = blake3(copy).digest()
        if chunk.digest not in (None, digest):
            raise StorageError(
                "The value changed while it was being stored. Let whatever changes it in the "
                "background come to its end, then run the step again."
            )
        return digest

    def keep(self, digest: bytes) -> None:
        """Add the chunk that was taken last."""
        buffer = self._buffers[0]
        self._digests[digest] = len(self._digests)
        self.table.offsets.append(self._start + buffer.filled + buffer.gap)
        self.table.sizes.append(buffer.size)
        buffer.keep()

    def finish(self) -> PackTable:
        """Bring the pack under its name, then to disk."""
        table = PackTable(b"".join(self._digests), self.table.offsets, self.table.sizes)
        try:
            self._write_rest(encode_table(table))
            self._partial.replace(self.path)
            settle(self._file, 0o444)
            with os.fdopen(os.dup(self._file), "rb") as file:
                self._flush(file)
        except BaseException:
            self.path.unlink(missing_ok=True)
            raise
        return table

    def close(self) -> None:
        """Let go of everything, also of a pack that was not finished."""
        if self._thread is not None:
            self._thread.shutdown()
        if self._file >= 0:
            os.close(self._file)
            self._partial.unlink(missing_ok=True)
        if len(self._spare) < 2:
            self._spare += [buffer.empty() for buffer in self._buffers]

    def _turn_over(self) -> None:
        """Have the full buffer written, and go on with the other."""
        full, other = self._buffers
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "mlpipe-pack")
        other.wait()
        work = self._write_early if self._flush is flush_now else _write
        full.writing = self._thread.submit(work, self._opened(), full.content())
        self._start += full.filled
        self._buffers = [other.empty(), full]

    def _write_early(self, file: int, data: memoryview) -> None:
        """While more is being hashed, the disk begins with what is there."""
        _write(file, data)
        begin_flush(file, len(data))

    def _write_rest(self, table: bytes) -> None:
        last, other = self._buffers
        other.wait()
        _write(self._opened(), last.content())
        _write(self._opened(), memoryview(table))

    def _opened(self) -> int:
        if self._file < 0:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            try:
                self._file = os.open(self._partial, flags, 0o600)
            except FileNotFoundError:  # the first of its folder
                self._partial.parent.mkdir(parents=True, exist_ok=True)
                self._file = os.open(self._partial, flags, 0o600)
        return self._file


class Buffer:
    """What is to be written next. Memory is taken as it fills."""

    def __init__(self) -> None:
        self._memory: mmap.mmap | None = None
        self.filled = self.gap = self.size = 0
        self.writing: Future[None] | None = None

    def copy(self, data: memoryview, gap: int) -> memoryview:
        """Bytes behind those that are kept, and a gap before them."""
        if self._memory is None:
            self._memory = mmap.mmap(-1, _BUFFER)
        self.gap, self.size = gap, len(data)
        start = self.filled + gap
        view = memoryview(self._memory)
        view[self.filled : start] = bytes(gap)
        view[start : start + self.size] = data
        return view[start : start + self.size]

    def keep(self) -> None:
        """What was copied last."""
        self.filled += self.gap + self.size

    def content(self) -> memoryview:
        """What is kept."""
        return memoryview(self._memory)[: self.filled] if self._memory else memoryview(b"")

    def empty(self) -> Buffer:
        """For the next to use."""
        self.filled = self.gap = self.size = 0
        self.writing = None
        return self

    def wait(self) -> None:
        """Until it is written; raises what befell whoever wrote it."""
        writing, self.writing = self.writing, None
        if writing is not None:
            writing.result()


def _write(file: int, data: memoryview) -> None:
    while data:
        data = data[os.write(file, data) :]
