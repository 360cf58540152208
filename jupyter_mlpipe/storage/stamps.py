"""How a file looks from outside: whether it may have been written to since it was verified."""

from __future__ import annotations

import functools
import os
import time
from pathlib import Path

_SECOND = 10**9
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def look_at(path: Path) -> str:
    """What tells a file from every other, and from itself after it was written to.

    Whoever writes to a file changes the time of its last change, which nobody can set. A copy
    is another inode.

    Raises:
        OSError: There is no such file.
    """
    stat = path.stat()
    facts = stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
    return " ".join(map(str, facts))


def settle(file: int, mode: int) -> None:
    """Set the mode of an open file, then wait until a later change to it is told from this one.

    Systems whose files have times of a millisecond or coarser are waited for that long; not for
    a clock that was set back meanwhile, which tells other times anyway.
    """
    before = os.fstat(file).st_ctime_ns
    os.fchmod(file, mode)
    now = os.fstat(file).st_ctime_ns
    coarse = getattr(time, "CLOCK_REALTIME_COARSE", None)
    if coarse is None or now != before:
        return
    while now - _SECOND < time.clock_gettime_ns(coarse) <= now:
        time.sleep(0.001)


def vouched(look: str, *, durable: bool) -> str:
    """What to remember of a file that is sound and looks like this.

    A file that may be on its way to the disk yet could lose its content in a power cut, so it
    is trusted until the machine starts anew.
    """
    return look if durable else f"{look} until {_this_boot()}"


def is_vouched(remembered: str, look: str) -> bool:
    """Whether a file that looks like this is the one remembered."""
    return remembered in (look, f"{look} until {_this_boot()}")


@functools.cache
def _this_boot() -> str:
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:  # no other process will take its word
        return f"the end of process {os.getpid()}"
