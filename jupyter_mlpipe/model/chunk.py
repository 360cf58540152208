"""Chunks: what the content of large files is stored and found again by."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CHUNK = 512 * 1024
"""Bytes of a chunk at most: what a single changed byte costs to store anew."""
_ROW = 64 * 1024
"""Bytes from which a row is worth chunks of its own."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a file."""

    data: memoryview
    """Its bytes, flat; they may be those of a live value, so that no copy is needed."""
    digest: bytes | None = None
    """Their blake3 digest where it is known already."""


def cut(nbytes: int, row: int = 0) -> list[int]:
    """Sizes of the chunks that so many bytes are cut into.

    Args:
        nbytes: Length of the whole.
        row: Bytes after which something else begins each time, such as another column: then
            one that changes or grows leaves the chunks of the others as they are.
    """
    if not _ROW <= row < nbytes:
        row = nbytes
    sizes: list[int] = []
    while nbytes:
        length = min(row, nbytes)
        nbytes -= length
        whole, rest = divmod(length, CHUNK)
        sizes += [CHUNK] * whole
        if rest:
            sizes.append(rest)
    return sizes


def chunks_of(
    data: memoryview, sizes: Sequence[int], digests: Sequence[bytes | None] = ()
) -> Iterator[Chunk]:
    """The chunks of these sizes, one after the other, with their digests where they are known."""
    starts = itertools.accumulate(sizes, initial=0)
    for start, size, digest in itertools.zip_longest(starts, sizes, digests):
        if size is not None:
            yield Chunk(data[start : start + size], digest)
