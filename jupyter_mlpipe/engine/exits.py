"""What an orchestrator and a user learn from a finished process."""

from __future__ import annotations

import os
import sys
from enum import IntEnum


class ExitCode(IntEnum):
    """How the steps of one process ended."""

    SUCCEEDED = 0
    FAILED = 1
    """The user's own code raised."""
    REFUSED = 2
    """The pipeline or its input is unusable; trying again changes nothing."""
    UNABLE = 3
    """Something around the step is missing or away: a store, a package, disk space."""


def say(text: str, code: ExitCode = ExitCode.SUCCEEDED) -> ExitCode:
    """Write a message to standard error; gives back the code, to end with."""
    sys.stderr.write(f"{text.rstrip()}{os.linesep if text else ''}")
    sys.stderr.flush()
    return code
