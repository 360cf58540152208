"""Which pages of memory were written to, as told by Linux.

The interface is `userfaultfd` in its asynchronous write-protect mode with the `PAGEMAP_SCAN`
ioctl, in Linux since 6.7: see Documentation/admin-guide/mm/{userfaultfd,pagemap}.rst there.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterator
from typing import TypeAlias

PageRange: TypeAlias = tuple[int, int, bool]
"""Addresses of the first byte and of the one behind the last, and whether the pages hold
anything: anonymous memory that was never touched reads as zeros, and costs nothing until then."""

_SYSCALLS = {"x86_64": 323, "aarch64": 282}
_USER_MODE_ONLY = 1
_FEATURES = 1 << 13 | 1 << 15
"""Write-protection of pages that do not exist yet, and without anyone to answer the faults."""
_API, _REGISTER, _SCAN = 0xC018AA3F, 0xC020AA00, 0xC0606610
_WRITE_PROTECT_MODE = 2
_ARM, _ONLY_REGISTERED = 1, 2
_WRITTEN, _FILE, _PRESENT, _SWAPPED = 2, 4, 8, 16
_RANGES = 256


class PageTracker:
    """Tells what was written since it was last asked, by whichever thread or library.

    Asking arms the pages anew, in the same instant. The first write to an armed page costs
    about a microsecond; reading costs nothing.
    """

    def __init__(self, fault_descriptor: int, map_descriptor: int) -> None:
        self._descriptors = (fault_descriptor, map_descriptor)
        self._process = os.getpid()
        self._found = (ctypes.c_uint64 * (3 * _RANGES))()
        self.page_size = os.sysconf("SC_PAGE_SIZE")

    def close(self) -> None:
        """Stop tracking; the memory stays as it is."""
        for descriptor in self._descriptors:
            os.close(descriptor)

    def watch(self, start: int, end: int) -> tuple[PageRange, ...] | None:
        """Begin with a range of addresses; gives the pages in it that nobody watched so far."""
        import fcntl

        first, last = self._pages(start, end)
        request = bytearray(struct.pack("4Q", first, last - first, _WRITE_PROTECT_MODE, 0))
        try:
            fcntl.ioctl(self._descriptors[0], _REGISTER, request)
        except OSError:
            return None
        return self.written(start, end)

    def written(self, start: int, end: int) -> tuple[PageRange, ...] | None:
        """Whole pages that were written to since they were last asked for.

        Returns:
            Ranges in ascending order, or None where nothing can be told: the memory was given
            back to the system since, or this is a forked process, whose memory is not watched.
        """
        return self._told(start, end, _ARM | _ONLY_REGISTERED, (0, _WRITTEN, 0))

    def altered(self, start: int, end: int) -> tuple[PageRange, ...] | None:
        """Whole pages of a private map of a file that are the file's no more, ever since.

        They need not be watched for that, and asking changes nothing.
        """
        return self._told(start, end, 0, (_FILE, _FILE, _PRESENT | _SWAPPED))

    def _told(
        self, start: int, end: int, flags: int, kinds: tuple[int, int, int]
    ) -> tuple[PageRange, ...] | None:
        if os.getpid() != self._process:
            return None
        try:
            return tuple(self._scan(*self._pages(start, end), flags, kinds))
        except OSError:
            return None

    def _scan(
        self, start: int, end: int, flags: int, kinds: tuple[int, int, int]
    ) -> Iterator[PageRange]:
        """Pages of all kinds wanted, where those that are not wanted are the first of three."""
        import fcntl

        vector = ctypes.addressof(self._found)
        returned = _WRITTEN | _PRESENT | _SWAPPED
        while start < end:
            fields = (96, flags, start, end, 0, vector, _RANGES, 0, *kinds, returned)
            request = bytearray(struct.pack("12Q", *fields))
            count = fcntl.ioctl(self._descriptors[1], _SCAN, request)
            for place in range(0, 3 * count, 3):
                first, last, found = self._found[place : place + 3]
                yield first, last, bool(found & (_PRESENT | _SWAPPED))
            (reached,) = struct.unpack_from("Q", request, 32)
            if reached <= start:
                raise OSError(errno.EIO, "the scan of pages does not advance")
            start = reached

    def _pages(self, start: int, end: int) -> tuple[int, int]:
        """Rounded outwards: what shares the outermost pages may count as written too."""
        size = self.page_size
        return start // size * size, -(-end // size) * size


def open_tracker() -> PageTracker | None:
    """A tracker, or None where the system has none or does not grant it."""
    number = _SYSCALLS.get(platform.machine())
    if sys.platform != "linux" or number is None:
        return None
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = library.syscall(number, os.O_CLOEXEC | os.O_NONBLOCK | _USER_MODE_ONLY)
    if descriptor < 0:
        return None
    try:
        return _probed(descriptor)
    except OSError:
        os.close(descriptor)
        return None


def _probed(descriptor: int) -> PageTracker | None:
    """Only a tracker that has told a write from none in memory of its own is believed."""
    import fcntl
    import mmap

    fcntl.ioctl(descriptor, _API, bytearray(struct.pack("3Q", 0xAA, _FEATURES, 0)))
    tracker = PageTracker(descriptor, os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC))
    size = tracker.page_size
    with mmap.mmap(-1, 4 * size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory[0] = 1
        view = ctypes.c_char.from_buffer(memory)
        start = ctypes.addressof(view)
        first = tracker.watch(start, start + 4 * size)
        clean = tracker.written(start, start + 4 * size)
        memory[size] = 1
        second = tracker.written(start, start + 4 * size)
        del view
    wanted = ((start, start + size, True), (start + size, start + 4 * size, False))
    told = (first, clean, second) == (wanted, (), ((start + size, start + 2 * size, True),))
    if told and _tells_altered(tracker):
        return tracker
    tracker.close()
    return None


def _tells_altered(tracker: PageTracker) -> bool:
    import mmap

    size = tracker.page_size
    file = os.memfd_create("mlpipe")
    try:
        os.write(file, b"x" * 3 * size)
        with mmap.mmap(file, 3 * size, access=mmap.ACCESS_COPY) as memory:
            memory[size] = memory[0]  # one page is read, one written to, one left alone
            view = ctypes.c_char.from_buffer(memory)
            start = ctypes.addressof(view)
            found = tracker.altered(start, start + 3 * size)
            del view
    finally:
        os.close(file)
    return found == ((start + size, start + 2 * size, True),)
