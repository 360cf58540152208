"""Steps as processes on this machine: started, watched, stopped with all they have started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

GRACE = 5.0
"""Seconds between asking a process to end and ending it."""

TIMED_OUT = -1_000
"""Stands for the exit code of a process that was stopped because its time was over."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    """Both of the process's streams are appended to it."""
    timeout: float | None = None
    """Seconds."""


class Processes:
    """The processes of one run; threads may start them at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self.stopping = threading.Event()
        """Set once the run is to end; nothing is started after that."""

    def run(self, launch: Launch) -> int | None:
        """Start a process and wait for it: its exit code, or None when the run is stopping."""
        launch.log.parent.mkdir(parents=True, exist_ok=True)
        with launch.log.open("ab") as log:
            process = self._start(launch, log.fileno())
            if process is None:
                return None
            try:
                code = process.wait(launch.timeout)
            except subprocess.TimeoutExpired:
                _end(process)
                code = TIMED_OUT
            finally:
                with self._lock:
                    self._running.discard(process)
        return None if self.stopping.is_set() else code

    def stop(self) -> None:
        """End every process, and start no more."""
        self.stopping.set()
        with self._lock:
            running = tuple(self._running)
        for process in running:
            _signal(process, signal.SIGTERM)
        for process in running:
            _end(process)

    def _start(self, launch: Launch, log: int) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self.stopping.is_set():
                return None
            process = subprocess.Popen(
                launch.command,
                env=dict(launch.environment),
                cwd=launch.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us, who then end the steps in order
            )
            self._running.add(process)
            return process


def python_command(*arguments: str) -> tuple[str, ...]:
    """Our own command line, in the interpreter that runs us."""
    return (sys.executable, "-m", "jupyter_mlpipe", *arguments)


def _end(process: subprocess.Popen[bytes]) -> None:
    _signal(process, signal.SIGTERM)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
