"""What the kernel tells whoever listens while steps run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class OutputNote:
    """One line of a step's report."""

    variable: str
    artifact: str
    version: int
    nbytes: int
    mutated: bool = False
    version_name: str | None = None


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """Answer to a frontend that opened the channel."""

    run_id: str
    pipeline: str
    type: Literal["session_started"] = "session_started"
    format: int = 1


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step's cell began."""

    run_id: str
    step: str
    cell_id: str | None
    started: float
    type: Literal["step_started"] = "step_started"


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step's cell ended and everything about it is recorded."""

    run_id: str
    step_run_id: str
    step: str
    cell_id: str | None
    status: str
    reason: str
    seconds: float
    saved_seconds: float = 0.0
    """For a hit: what the original execution took."""
    outputs: tuple[OutputNote, ...] = ()
    warnings: tuple[str, ...] = ()
    type: Literal["step_finished"] = "step_finished"


@dataclass(frozen=True, slots=True)
class StaleStep:
    """A step whose result no longer stands."""

    step: str
    cell_id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class StepsStale:
    """All stale steps in the notebook's order, after an edit, a run or a change of data."""

    steps: tuple[StaleStep, ...] = ()
    type: Literal["steps_stale"] = "steps_stale"


@dataclass(frozen=True, slots=True)
class StaleReady:
    """Answer to `StaleWanted`: its inputs are what the steps above it left; run it now."""

    step: str = ""
    """Empty when no step is stale any more."""
    cell_id: str | None = None
    type: Literal["stale_ready"] = "stale_ready"


Event: TypeAlias = SessionStarted | StepStarted | StepFinished | StepsStale | StaleReady


@dataclass(frozen=True, slots=True)
class NotebookMoved:
    """From the frontend: the notebook's true path, on opening and after each rename."""

    path: str
    type: Literal["notebook_moved"] = "notebook_moved"


@dataclass(frozen=True, slots=True)
class CellText:
    """A code cell as it stands on the screen."""

    id: str
    source: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CellsEdited:
    """From the frontend: all code cells in order, on opening and shortly after each edit."""

    cells: tuple[CellText, ...]
    type: Literal["cells_edited"] = "cells_edited"


@dataclass(frozen=True, slots=True)
class StaleWanted:
    """From the frontend: which stale step is to run next?"""

    done: tuple[str, ...] = ()
    """Steps that were run since the user asked for all stale ones; each is run once."""
    type: Literal["stale_wanted"] = "stale_wanted"


Said: TypeAlias = NotebookMoved | CellsEdited | StaleWanted
"""What a frontend may send."""
