"""A run's state and story as its steps recorded them."""

from __future__ import annotations

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.model.run import Run, Status
from jupyter_mlpipe.orchestrators.base import Submission
from jupyter_mlpipe.tracking.opening import looking_at
from jupyter_mlpipe.tracking.reading import run_details


def recorded_status(submission: Submission, settings: Settings) -> Status:
    """Where the steps of a run say it stands; queued until the first of them has started."""
    with looking_at(settings) as metadata:
        try:
            return metadata.get(Run, submission.run_id).status
        except NotFoundError:
            return Status.QUEUED


def recorded_story(submission: Submission, settings: Settings, step: str | None) -> str:
    """What the steps recorded of themselves, one line each, with what went wrong."""
    with looking_at(settings) as metadata:
        try:
            details = run_details(metadata, submission.run_id)
        except NotFoundError:
            return ""
    lines = []
    for view in details.steps:
        if step in (None, view.step):
            lines.append(f"{view.step}: {view.status} in {view.seconds:.1f} s ({view.reason})")
            lines += [view.error] if view.error else []
    return "\n".join(lines)
