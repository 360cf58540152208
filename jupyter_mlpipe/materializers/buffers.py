"""Digests of large blocks of memory, taken again only of the chunks that were written to."""

from __future__ import annotations

import functools
import itertools
import sys
import threading
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import xxhash
from blake3 import blake3

from jupyter_mlpipe.materializers.memory import contiguous_bytes, is_private, row_of, span_of
from jupyter_mlpipe.materializers.pages import PageRange, PageTracker
from jupyter_mlpipe.model.chunk import cut

LARGE = 1 << 20
"""Bytes from which memory is watched, and digested by chunks."""
_SMALL = 4096
"""Bytes up to which a copy is faster than a view."""
_MOST_ALTERED = 32
"""Chunks of a map that are read again at each look; if more were written to, it is watched."""
_REMEMBERED = 4096
"""Blocks whose digests are kept at most; those asked for longest ago go first."""


@dataclass(slots=True)
class _Block:
    """A range of addresses, and what was known of its content when it was last clean."""

    start: int
    end: int
    starts: list[int]
    """Addresses of its chunks; it is but one where the elements have gaps between them."""
    digests: list[bytes | None]
    """Those of the chunks; None for those that must be read again."""
    mapped: bool = False
    """Whether it is a private map of files, whose pages tell by themselves that they were written
    to: it need not be watched, for which each page would have to be touched."""

    def soil(self, start: int, end: int) -> None:
        """Forget the chunks that lie in a range of addresses."""
        if not self.meets(start, end):
            return
        first = max(0, bisect_right(self.starts, start) - 1)
        last = bisect_left(self.starts, end)
        self.digests[first:last] = [None] * (last - first)

    def spans(self) -> Iterator[tuple[int, int]]:
        """First address of each chunk, and the one behind its last."""
        return itertools.pairwise((*self.starts, self.end))

    def known_between(self, start: int, end: int) -> Iterator[tuple[tuple[int, int], bytes | None]]:
        """Chunks that begin in a range of addresses, with their digests."""
        first, last = bisect_left(self.starts, start), bisect_left(self.starts, end)
        ends = (*self.starts[first + 1 : last + 1], self.end)
        spans = zip(self.starts[first:last], ends, strict=False)
        return zip(spans, self.digests[first:last], strict=True)

    def meets(self, start: int, end: int) -> bool:
        """Whether a range of addresses has some in common with it."""
        return self.start < end and start < self.end

    def holds(self, start: int, end: int) -> bool:
        """Whether a range of addresses lies within."""
        return self.start <= start and end <= self.end


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
        self._gone: deque[tuple[int, int]] = deque()
        """Maps that are no more; whoever ends one says so before its addresses are free."""
        self._lock = threading.Lock()

    @property
    def tracks(self) -> bool:
        """Whether clean memory is not read again."""
        return self._tracker is not None

    def digest(self, array: Any) -> bytes:
        """16 bytes for the elements of a NumPy array without Python objects, in C order."""
        if array.nbytes < _SMALL:
            return xxhash.xxh3_128_digest(array.tobytes())
        if array.nbytes < LARGE or self._tracker is None:
            return xxhash.xxh3_128_digest(contiguous_bytes(array))
        found = self._remembered(array, row_of(array)) or digests_of(array)
        return xxhash.xxh3_128_digest(b"".join(found))

    def chunks(self, array: Any, row: int) -> Sequence[bytes] | None:
        """Digests of the chunks of an array in C order that is cut by rows of so many bytes.

        None where they are not known without reading all of it.
        """
        watched = array.nbytes >= LARGE and array.flags.c_contiguous
        return self._remembered(array, row) if watched else None

    def learn(
        self, memory: memoryview, sizes: Iterable[int], digests: bytes, *, lazily: bool
    ) -> Callable[[], None]:
        """Remember chunks that were mapped just now, so that nobody need read them to know them.

        Args:
            memory: Theirs, and nobody else's yet.
            sizes: Of the chunks.
            digests: 32 bytes for each.
            lazily: Whether nearly all of it is a private map of files.

        Returns:
            What is to be called before the memory is given back.
        """
        numpy = sys.modules.get("numpy")
        if self._tracker is None or memory.nbytes < LARGE or numpy is None:
            return lambda: None
        start, end = span_of(numpy.frombuffer(memory, numpy.uint8))
        with self._lock:
            self._forget(start, end)
            if lazily or self._ask(start, end, self._tracker.watch) is not None:
                starts = list(itertools.accumulate(sizes, initial=start))[:-1]
                known = [digests[i : i + 32] for i in range(0, len(digests), 32)]
                block = _Block(start, end, starts, [*known], mapped=lazily)
                self._remember((start, end, "mapped"), block)
        return partial(self._gone.append, (start, end))

    def _remembered(self, array: Any, row: int) -> list[bytes] | None:
        if self._tracker is None:
            return None
        whole = not array.flags.c_contiguous
        start, end = span_of(array)
        key = (start, array.shape, array.strides, array.dtype.str) if whole else (start, end, row)
        with self._lock:
            while self._gone:
                self._forget(*self._gone.popleft())
            block = self._blocks.pop(key, None)
            around = block or next((b for b in self._blocks.values() if b.holds(start, end)), None)
            if around is None and not is_private(array):
                return None
            written = self._ask(start, end, self._question(around), block)
            if written is None:
                return None
            if block is None:
                sizes = [end - start] if whole else cut(array.nbytes, row)
                block = self._new_block(start, end, sizes, mapped=bool(around and around.mapped))
                if array.flags.owndata and around is None:
                    _fill_blank(block, written)
            if block.mapped and block.digests.count(None) > (0 if whole else _MOST_ALTERED):
                self._watch(block)
            found = _read(block, array, whole=whole)
            self._remember(key, block)
        return found

    def _ask(
        self, start: int, end: int, ask: Any, block: _Block | None = None
    ) -> tuple[PageRange, ...] | None:
        """Ask for the pages written to, and tell all blocks; overlapping views are such."""
        blocks = [*self._blocks.values(), *([block] if block else ())]
        if self._asked is not None:
            _soil(blocks, [self._asked])
        self._asked = (start, end)
        written: tuple[PageRange, ...] | None = ask(start, end)
        told = [(start, end)] if written is None else [page[:2] for page in written]
        _soil(blocks, told)
        self._asked = None
        return written

    def _question(self, around: _Block | None) -> Any:
        """How to ask for the pages of an array that were written to."""
        if around is None:
            return self._tracker.watch if self._tracker else None
        return getattr(self._tracker, "altered" if around.mapped else "written")

    def _watch(self, block: _Block) -> None:
        """From now on watch a map that is written to, and read again what was until now."""
        pages = self._tracker.watch(block.start, block.end) if self._tracker else None
        watched = [other for other in self._blocks.values() if not other.mapped]
        told = [(block.start, block.end)] if pages is None else [page[:2] for page in pages]
        _soil(watched, told)
        if pages is not None and self._tracker is not None:
            self._ask(block.start, block.end, self._tracker.altered, block)
            block.mapped = False

    def _forget(self, start: int, end: int) -> None:
        """Whatever was known of these addresses."""
        for key in [k for k, block in self._blocks.items() if block.meets(start, end)]:
            del self._blocks[key]

    def _new_block(self, start: int, end: int, sizes: Sequence[int], *, mapped: bool) -> _Block:
        """With what blocks that look at the same chunks know of them."""
        starts = list(itertools.accumulate(sizes, initial=start))[:-1]
        block = _Block(start, end, starts, [None] * len(starts), mapped)
        known: dict[tuple[int, int], bytes | None] = {}
        for other in self._blocks.values():
            if len(other.starts) > 1 and other.meets(start, end):
                known.update(other.known_between(start, end))
        if known:
            block.digests = [known.get(span) for span in block.spans()]
        return block

    def _remember(self, key: tuple[Any, ...], block: _Block) -> None:
        self._blocks[key] = block
        if len(self._blocks) > _REMEMBERED:
            del self._blocks[next(iter(self._blocks))]


def _soil(blocks: Iterable[_Block], written: Iterable[tuple[int, int]]) -> None:
    for first, last in written:
        for block in blocks:
            block.soil(first, last)


def digests_of(array: Any) -> list[bytes]:
    """Those of the chunks of an array, in C order and cut by its rows."""
    memory = contiguous_bytes(array)
    starts = itertools.accumulate(cut(len(memory), row_of(array)), initial=0)
    return [blake3(memory[i:j]).digest() for i, j in itertools.pairwise(starts)]


def _read(block: _Block, array: Any, *, whole: bool) -> list[bytes]:
    if whole:
        block.digests[0] = block.digests[0] or b"".join(digests_of(array))
    elif None in block.digests:
        memory = contiguous_bytes(array)
        for place, (start, end) in enumerate(block.spans()):
            if block.digests[place] is None:
                part = memory[start - block.start : end - block.start]
                block.digests[place] = blake3(part).digest()
    return [digest for digest in block.digests if digest is not None]


def _fill_blank(block: _Block, pages: Iterable[PageRange]) -> None:
    """Chunks that lie wholly in memory that nobody has touched yet hold zeros.

    Only the pages that came to be watched just now are known to be untouched.
    """
    blank = _joined((first, last) for first, last, filled in pages if not filled)
    places = dict(blank)
    firsts = sorted(places)
    for place, (start, end) in enumerate(block.spans()):
        before = bisect_right(firsts, start) - 1
        if block.digests[place] is None and before >= 0 and end <= places[firsts[before]]:
            block.digests[place] = _zeros(end - start)


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in ranges:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


@functools.lru_cache(16)
def _zeros(count: int) -> bytes:
    return blake3(bytes(count)).digest()
