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


Event: TypeAlias = SessionStarted | StepStarted | StepFinished


@dataclass(frozen=True, slots=True)
class NotebookMoved:
    """From the frontend: the notebook's true path, on opening and after each rename."""

    path: str
    type: Literal["notebook_moved"] = "notebook_moved"
