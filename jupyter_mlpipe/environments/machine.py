"""What the machine is, processor and graphics cards, and who uses it."""

from __future__ import annotations

import getpass
import os
import platform
import shutil
import subprocess
from pathlib import Path

_SECONDS = 3.0
_CPUINFO = Path("/proc/cpuinfo")


def cpu_name() -> str:
    """The processor's model where the system tells it, else its architecture."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()


def cpu_count() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gpu_names() -> tuple[str, ...]:
    """NVIDIA cards in the driver's order; none when the driver is absent or slow to answer."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return ()
    try:
        done = subprocess.run(
            [command, "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True,
            check=True,
            timeout=_SECONDS,
            text=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in done.stdout.splitlines() if line.strip())


def user_name() -> str:
    """Who runs the process; empty in a container without a user entry."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
