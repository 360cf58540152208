"""Stretches of several files, looked at as one block of memory."""

from __future__ import annotations

import ctypes
import itertools
import mmap
import os
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_mlpipe.storage.packs import PAGE

_FIXED = 0x10
"""MAP_FIXED of Linux; Python's own module has no name for it."""
_NO_RESERVE = 0x4000
_ALIGNED = 8
"""Bytes that memory is aligned to at least, as arrays of numbers need it."""
_MOST = 20_000
"""Stretches that are mapped at most: Linux grants a process 65,530 maps in all."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes of a file that go to one place in memory."""

    path: Path
    offset: int
    """In the file."""
    sizes: array[int]
    """Of the chunks that it consists of."""

    @property
    def length(self) -> int:
        """Bytes of all of them."""
        return sum(self.sizes)


class Region(mmap.mmap):
    """Memory that tells before it is given back."""

    released: Callable[[], None] | None = None

    def __del__(self) -> None:
        if self.released is not None:
            self.released()


@dataclass(frozen=True, slots=True)
class Mapped:
    """A file as it lies in memory."""

    memory: memoryview
    sizes: array[int]
    """Of its chunks."""
    region: Region
    read: int
    """Bytes that were read; the rest is read when it is first looked at."""


def gather(stretches: Sequence[Stretch]) -> Mapped:
    """Private memory that begins as these bytes; writing to it leaves the files alone.

    On Linux whole pages are mapped, and read when they are first looked at. What shares a page
    with its neighbour, or lies otherwise in its file than most, is read at once, and so is
    everything elsewhere.

    Raises:
        OSError: A file is gone or cannot be read.
    """
    lazily = sys.platform == "linux" and mmap.PAGESIZE == PAGE and len(stretches) <= _MOST
    lead = _lead(stretches) if lazily else 0
    memory = _reserve(lead + sum(stretch.length for stretch in stretches))
    files: dict[Path, int] = {}
    try:
        start, read = lead, 0
        for stretch in stretches:
            if stretch.path not in files:
                files[stretch.path] = os.open(stretch.path, os.O_RDONLY)
            read += _place(memory, start, stretch, files[stretch.path], lazily=lazily)
            start += stretch.length
    finally:
        for file in files.values():
            os.close(file)
    sizes = array("I", itertools.chain.from_iterable(stretch.sizes for stretch in stretches))
    return Mapped(memoryview(memory)[lead:], sizes, memory, read)


def _lead(stretches: Sequence[Stretch]) -> int:
    """Where in its first page the memory should begin, so that most of it can be mapped."""
    mapped: Counter[int] = Counter()
    start = 0
    for stretch in stretches:
        mapped[(stretch.offset - start) % PAGE] += stretch.length
        start += stretch.length
    return max((lead for lead in mapped if lead % _ALIGNED == 0), key=mapped.__getitem__, default=0)


def _reserve(length: int) -> Region:
    if sys.platform != "linux":
        return Region(-1, length)
    return Region(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NO_RESERVE)


def _place(memory: mmap.mmap, start: int, stretch: Stretch, file: int, *, lazily: bool) -> int:
    """Gives how many bytes were read."""
    end = start + stretch.length
    first = -(-start // PAGE) * PAGE
    last = end // PAGE * PAGE
    if not lazily or first >= last or (start - stretch.offset) % PAGE:
        _read(memory, start, end, file, stretch.offset)
        return stretch.length
    _read(memory, start, first, file, stretch.offset)
    _map(memory, first, last - first, file, stretch.offset + first - start)
    _read(memory, last, end, file, stretch.offset + last - start)
    return stretch.length - (last - first)


def _read(memory: mmap.mmap, start: int, end: int, file: int, offset: int) -> None:
    view = memoryview(memory)[start:end]
    while view:
        count = os.preadv(file, [view], offset)
        if not count:
            raise EOFError("the file ends too early")
        view, offset = view[count:], offset + count


def _map(memory: mmap.mmap, start: int, length: int, file: int, offset: int) -> None:
    """Python frees the whole range with the object that reserved it."""
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    integer, size = ctypes.c_int, ctypes.c_size_t
    library.mmap.argtypes = (ctypes.c_void_p, size, integer, integer, integer, ctypes.c_long)
    held = ctypes.c_char.from_buffer(memory)
    address = ctypes.addressof(held) + start
    rights, flags = mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | _NO_RESERVE
    if library.mmap(address, length, rights, flags | _FIXED, file, offset) != address:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
