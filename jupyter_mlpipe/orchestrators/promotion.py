"""From a notebook to an orchestrator's files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.environments.machine import user_name
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import OrchestratorError
from jupyter_mlpipe.model.pipeline import Pipeline, Schedule
from jupyter_mlpipe.model.schedules import PipelineSchedule
from jupyter_mlpipe.model.views import CompiledFile, PromotePlan
from jupyter_mlpipe.orchestrators.registry import find_orchestrator
from jupyter_mlpipe.orchestrators.requirements import advisory_warnings
from jupyter_mlpipe.orchestrators.scheduling import note_promotion
from jupyter_mlpipe.orchestrators.written import is_written_by_promoting
from jupyter_mlpipe.pipelines.codestore import store
from jupyter_mlpipe.pipelines.prepare import prepare
from jupyter_mlpipe.pipelines.schedule import next_fires, validate_schedule
from jupyter_mlpipe.tracking.opening import changing, looking_at

_FIRES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PromoteOptions:
    """What to promote to, and how it is to run there."""

    target: str
    schedule: Schedule | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    """Values that replace the notebook's own."""
    out: Path | None = None
    """Folder to write to; None for a preview that writes nothing at all."""


def promote(path: Path, settings: Settings, options: PromoteOptions) -> PromotePlan:
    """Compile a notebook for a target and, when a folder is given, write the files there.

    Everything is checked before anything is written; the code archive is stored before the files
    that name it.

    Raises:
        NotebookError: A cell cannot run elsewhere.
        PipelineError: A parameter or the schedule is not valid.
        OrchestratorError: The target is unknown or cannot express the pipeline, or a file that
            would be replaced was not written by a promotion of the same pipeline.
    """
    orchestrator = find_orchestrator(options.target, settings)
    if options.schedule is not None:
        validate_schedule(options.schedule)
    with looking_at(settings) as metadata:
        prepared = prepare(path, settings, options.parameters, metadata)
    pipeline = replace(prepared.pipeline, schedule=options.schedule)
    files = orchestrator.compile(pipeline)
    written: tuple[str, ...] = ()
    if options.out is not None:
        targets = _targets(files, options.out, pipeline)
        store(prepared.archive, settings.artifact_store, settings.home)
        written = _write(files, targets)
        _note(pipeline, orchestrator.name, written, settings)
    advice = advisory_warnings(pipeline, orchestrator.title, orchestrator.capabilities)
    return PromotePlan(
        pipeline=pipeline.name,
        target=orchestrator.name,
        files=files,
        parameters=pipeline.parameters,
        next_fires=_fires(options.schedule),
        warnings=(*pipeline.warnings, *advice),
        written=written,
        command=orchestrator.run_command(pipeline, options.out or Path()),
    )


def _note(
    pipeline: Pipeline, orchestrator: str, written: tuple[str, ...], settings: Settings
) -> None:
    files = tuple(str(Path(path).absolute()) for path in written)
    made = None
    if pipeline.schedule is not None:
        made = PipelineSchedule(
            id=new_id(),
            pipeline=pipeline.name,
            orchestrator=orchestrator,
            schedule=pipeline.schedule,
            pipeline_version=pipeline.version,
            notebook=pipeline.notebook,
            files=files,
            user=user_name(),
            created=time.time(),
        )
    opened = changing if made else looking_at  # a store that holds no schedule is not made for none
    with opened(settings) as metadata:
        note_promotion(metadata, files, made)


def _fires(schedule: Schedule | None) -> tuple[str, ...]:
    if schedule is None:
        return ()
    return tuple(fire.isoformat() for fire in next_fires(schedule, datetime.now(UTC), _FIRES_SHOWN))


def _targets(files: tuple[CompiledFile, ...], out: Path, pipeline: Pipeline) -> tuple[Path, ...]:
    targets = []
    for file in files:
        relative = PurePosixPath(file.path)
        if relative.is_absolute() or ".." in relative.parts:
            raise OrchestratorError(f"The target wants to write {file.path!r}, outside of {out}.")
        target = out / relative
        if target.exists() and not is_written_by_promoting(target, pipeline.name):
            raise OrchestratorError(
                f"{target} is there already and was not written by promoting {pipeline.name!r}. "
                "Move it away, or choose another folder."
            )
        targets.append(target)
    return tuple(targets)


def _write(files: tuple[CompiledFile, ...], targets: tuple[Path, ...]) -> tuple[str, ...]:
    try:
        for file, target in zip(files, targets, strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(file.content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OrchestratorError(f"{error.filename} cannot be written: {error.strerror}.") from error
    return tuple(str(target) for target in targets)
