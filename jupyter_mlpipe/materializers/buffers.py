"""Digests of large blocks of memory, taken again only of the parts that were written to."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import xxhash

from jupyter_mlpipe.materializers.memory import contiguous_bytes, is_private, span_of
from jupyter_mlpipe.materializers.pages import PageRange, PageTracker

LARGE = 1 << 20
"""Bytes from which memory is watched, and the size of the parts it is digested in."""
_SMALL = 4096
"""Bytes up to which a copy is faster than a view."""
_REMEMBERED = 4096
"""Blocks whose digests are kept at most; those asked for longest ago go first."""


@dataclass(slots=True)
class _Block:
    """A range of addresses, and what was known of its content when it was last clean."""

    start: int
    end: int
    parts: list[bytes | None]
    """Digest of each part; None for those that must be read again."""
    whole: bool
    """Whether it has but one part, whatever its size: the elements have gaps between them."""

    def soil(self, start: int, end: int) -> None:
        """Forget the parts that lie in a range of addresses."""
        if start >= self.end or end <= self.start:
            return
        if self.whole:
            self.parts = [None]
            return
        first = max(0, start - self.start) // LARGE
        last = math.ceil((min(end, self.end) - self.start) / LARGE)
        self.parts[first:last] = [None] * (last - first)


class BufferDigests:
    """What large arrays hold, as digests that depend on the bytes alone.

    A remembered digest belongs to addresses, not to an object, and lasts while the pages there
    were neither written to nor unmapped. So memory that was freed and lent to another object
    needs no care: whoever filled it has written to it.
    """

    def __init__(self, tracker: PageTracker | None) -> None:
        self._tracker = tracker
        self._blocks: dict[tuple[Any, ...], _Block] = {}
        self._asked: tuple[int, int] | None = None
        """Addresses whose written pages were asked for; left behind only by an interrupt."""
        self._lock = threading.Lock()

    @property
    def tracks(self) -> bool:
        """Whether clean memory is not read again."""
        return self._tracker is not None

    def digest(self, array: Any) -> bytes:
        """16 bytes for the elements of a NumPy array without Python objects, in C order."""
        if array.nbytes < _SMALL:
            return xxhash.xxh3_128_digest(array.tobytes())
        if array.nbytes < LARGE:
            return xxhash.xxh3_128_digest(contiguous_bytes(array))
        parts = None
        if self._tracker is not None:
            with self._lock:
                parts = self._remembered(array, self._tracker)
        return _combined(parts or _parts_of(contiguous_bytes(array)))

    def _remembered(self, array: Any, tracker: PageTracker) -> list[bytes] | None:
        whole = not array.flags.c_contiguous
        start, end = span_of(array)
        key = (start, array.shape, array.strides, array.dtype.str) if whole else (start, end)
        if self._asked is not None:
            self._soil([(*self._asked, True)])
        block = self._blocks.pop(key, None)
        if block is None and not is_private(array):
            return None
        self._asked = (start, end)
        written = tracker.written(start, end) if block else tracker.watch(start, end)
        self._soil([(start, end, True)] if written is None else written)
        for first, last, _ in written or ():
            if block is not None:
                block.soil(first, last)
        self._asked = None
        if written is None:
            return None
        blank: list[int] = []
        if block is None:
            count = 1 if whole else math.ceil((end - start) / LARGE)
            block = _Block(start, end, [None] * count, whole)
            blank = _blank_parts(block, written) if array.flags.owndata else []
        parts = _read(block, array, blank)
        self._blocks[key] = block
        if len(self._blocks) > _REMEMBERED:
            del self._blocks[next(iter(self._blocks))]
        return parts

    def _soil(self, written: Iterable[PageRange]) -> None:
        """Overlapping views are blocks of their own, and each is told."""
        for first, last, _ in written:
            for block in self._blocks.values():
                block.soil(first, last)


def _read(block: _Block, array: Any, blank: Iterable[int]) -> list[bytes]:
    if block.whole:
        known = block.parts[0] or b"".join(_parts_of(contiguous_bytes(array)))
        block.parts[0] = known
        return [known]
    memory = contiguous_bytes(array)
    for place in blank:
        size = min(LARGE, len(memory) - place * LARGE)
        block.parts[place] = xxhash.xxh3_128_digest(bytes(size)) if size < LARGE else _ZEROS
    for place, part in enumerate(block.parts):
        if part is None:
            start = place * LARGE
            block.parts[place] = xxhash.xxh3_128_digest(memory[start : start + LARGE])
    return [part for part in block.parts if part is not None]


def _blank_parts(block: _Block, pages: Iterable[PageRange]) -> list[int]:
    """Parts that lie wholly in memory that nobody has touched yet, and so hold zeros.

    Only the pages that came to be watched just now are known to be untouched.
    """
    blank: list[int] = []
    for start, end in _joined((first, last) for first, last, filled in pages if not filled):
        first = math.ceil(max(0, start - block.start) / LARGE)
        last = len(block.parts) if end >= block.end else (end - block.start) // LARGE
        blank += range(first, last)
    return [] if block.whole else blank


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in ranges:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _parts_of(memory: Any) -> list[bytes]:
    starts = range(0, len(memory), LARGE)
    return [xxhash.xxh3_128_digest(memory[start : start + LARGE]) for start in starts]


def _combined(parts: list[bytes]) -> bytes:
    return xxhash.xxh3_128_digest(b"".join(parts))


_ZEROS = xxhash.xxh3_128_digest(bytes(LARGE))
