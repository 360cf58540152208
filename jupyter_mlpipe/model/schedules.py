"""Schedules: which pipelines run by themselves, where, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jupyter_mlpipe.model.html import record_html
from jupyter_mlpipe.model.pipeline import Schedule


class ScheduleState(StrEnum):
    """How a schedule's notebook and files stand to what was promoted."""

    CURRENT = "current"
    CHANGED = "notebook changed"
    NO_NOTEBOOK = "notebook not here"
    NO_FILES = "files not here"
    """At least one of them: it was deleted, or lies on another machine."""


@dataclass(frozen=True, slots=True)
class PipelineSchedule:
    """A pipeline as it was promoted with a schedule, which its orchestrator follows."""

    id: str
    pipeline: str
    orchestrator: str
    schedule: Schedule
    pipeline_version: str
    """Of the notebook when it was promoted."""
    notebook: str
    """Relative to the project's folder."""
    files: tuple[str, ...]
    """Absolute paths that the promotion wrote; a later one that writes over them ends this."""
    user: str
    created: float
    ended: float | None = None
    """When it was deleted or promoted anew; None while it counts."""

    _repr_html_ = record_html
