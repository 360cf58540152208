"""Which pipelines run by themselves: noted down by promotions, listed, and ended."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from jupyter_mlpipe.analysis.notebook import read_notebook
from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.model.errors import MlpipeError, NotFoundError, OrchestratorError
from jupyter_mlpipe.model.schedules import PipelineSchedule, ScheduleState
from jupyter_mlpipe.model.views import ScheduleView
from jupyter_mlpipe.orchestrators.written import is_written_by_promoting
from jupyter_mlpipe.pipelines.compile import compile_notebook
from jupyter_mlpipe.pipelines.schedule import next_fires
from jupyter_mlpipe.tracking.store import MetadataStore, Query

_MOST = 10_000
_FIRES = 3


@dataclass(frozen=True, slots=True)
class Ended:
    """What ending a pipeline's schedules came to."""

    schedules: tuple[PipelineSchedule, ...]
    deleted: tuple[str, ...]
    missing: tuple[str, ...]
    """Files that are not on this machine; where they are, the orchestrator still follows them."""


def note_promotion(
    metadata: MetadataStore, files: Sequence[str], made: PipelineSchedule | None
) -> None:
    """Record the schedule that was promoted; those whose files were written over have ended."""
    now, written = time.time(), set(files)
    ended = [replace(old, ended=now) for old in _standing(metadata) if written & set(old.files)]
    if ended or made is not None:
        metadata.append((*ended, *([made] if made is not None else [])))


def schedule_views(metadata: MetadataStore, settings: Settings) -> tuple[ScheduleView, ...]:
    """The schedules that count, newest first, each with how the notebook and the files stand."""
    now = datetime.now(UTC)
    return tuple(
        ScheduleView(
            *(one.pipeline, one.orchestrator, one.schedule.cron, one.schedule.timezone),
            state=_state(one, metadata, settings),
            next_fires=_fires(one, now),
            notebook=one.notebook,
            files=one.files,
            user=one.user,
            created=one.created,
            id=one.id,
        )
        for one in _standing(metadata)
    )


def end_schedules(metadata: MetadataStore, pipeline: str, orchestrator: str | None = None) -> Ended:
    """Delete what promotions wrote for a pipeline's schedules, and note down that they ended.

    Raises:
        NotFoundError: The pipeline has no schedule there; names those that have one.
        OrchestratorError: A file has become somebody else's, or cannot be deleted.
    """
    standing = list(_standing(metadata))
    wanted = [one for one in standing if one.pipeline == pipeline]
    wanted = [one for one in wanted if orchestrator in (None, one.orchestrator)]
    if not wanted:
        known = ", ".join(sorted({f"{one.pipeline} on {one.orchestrator}" for one in standing}))
        there = f"Scheduled are: {known}." if known else "Nothing is scheduled."
        raise NotFoundError(f"{pipeline!r} has no schedule{_on(orchestrator)}. {there}")
    files = dict.fromkeys(file for one in wanted for file in one.files)
    missing = tuple(file for file in files if not Path(file).exists())
    for path in _deletable(wanted):
        _delete(path)
    ended = tuple(replace(one, ended=time.time()) for one in wanted)
    metadata.append(ended)
    return Ended(ended, tuple(file for file in files if file not in missing), missing)


def _standing(metadata: MetadataStore) -> Iterable[PipelineSchedule]:
    return metadata.find(Query(PipelineSchedule, {"ended": None}, limit=_MOST)).items


def _on(orchestrator: str | None) -> str:
    return f" on {orchestrator}" if orchestrator else ""


def _fires(one: PipelineSchedule, now: datetime) -> tuple[str, ...]:
    return tuple(fire.isoformat() for fire in next_fires(one.schedule, now, _FIRES))


def _state(one: PipelineSchedule, metadata: MetadataStore, settings: Settings) -> ScheduleState:
    if not all(Path(file).exists() for file in one.files):
        return ScheduleState.NO_FILES
    notebook = settings.root / one.notebook
    if not notebook.is_file():
        return ScheduleState.NO_NOTEBOOK
    try:
        now = compile_notebook(replace(read_notebook(notebook), path=one.notebook), metadata)
    except MlpipeError:
        return ScheduleState.CHANGED
    same = now.version == one.pipeline_version
    return ScheduleState.CURRENT if same else ScheduleState.CHANGED


def _deletable(schedules: Iterable[PipelineSchedule]) -> list[Path]:
    """Their files that are still there, after a look at all of them."""
    found = []
    for one in schedules:
        for path in map(Path, one.files):
            if not path.exists():
                continue
            if not is_written_by_promoting(path, one.pipeline):
                raise OrchestratorError(
                    f"{path} is no longer what promoting {one.pipeline!r} wrote, so it is not "
                    "deleted. Move it away, or delete it yourself, and try again."
                )
            found.append(path)
    return found


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OrchestratorError(f"{path} cannot be deleted: {error.strerror}.") from error
