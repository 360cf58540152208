"""The entry point of steps that run in a process of their own, on any machine."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from jupyter_mlpipe.config import load_settings
from jupyter_mlpipe.engine.archive import fetch, unpack
from jupyter_mlpipe.engine.context import RunContext, open_context
from jupyter_mlpipe.engine.executor import default_executor
from jupyter_mlpipe.engine.exits import ExitCode, say
from jupyter_mlpipe.engine.handover import finished_steps, shared_run_id
from jupyter_mlpipe.engine.parameters import parse_overrides
from jupyter_mlpipe.engine.task import Job, run_job
from jupyter_mlpipe.model.errors import MlpipeError, NotebookError, NotFoundError, PipelineError
from jupyter_mlpipe.model.pipeline import Pipeline, PipelineStep
from jupyter_mlpipe.model.run import Run, Status

LOCAL = "local"
"""The engine that keeps the state of its runs itself."""


def run_steps_command(
    archive: str, sha256: str, steps: Sequence[str], environ: Mapping[str, str]
) -> int:
    """Run steps of a stored pipeline in this process; messages go to standard error.

    `environ` tells the run: `MLPIPE_RUN_ID`, or `MLPIPE_ENGINE` and `MLPIPE_ENGINE_RUN_ID`;
    `MLPIPE_PARAMS`, a JSON object of parameters to set; and the settings, such as
    `MLPIPE_ARTIFACT_STORE` and `MLPIPE_METADATA_STORE`.
    """
    try:
        settings = load_settings(Path.cwd(), environ)
        with tempfile.TemporaryDirectory(prefix="mlpipe-code-") as folder:
            unpacked = unpack(fetch(archive), sha256, Path(folder))
            targets = tuple(_find_step(unpacked.pipeline, step) for step in steps)
            context = open_context(settings)
            with closing(context.metadata):
                run = _join_run(unpacked.pipeline, environ, context)
                job = Job(unpacked, targets, run, context)
                code = run_job(job, default_executor())
                _settle(job, code)
                return code
    except (PipelineError, NotebookError) as error:
        return say(str(error), ExitCode.REFUSED)
    except MlpipeError as error:
        return say(str(error), ExitCode.UNABLE)


def _find_step(pipeline: Pipeline, id_: str) -> PipelineStep:
    for step in pipeline.steps:
        if step.id == id_:
            return step
    known = ", ".join(step.id for step in pipeline.steps)
    raise PipelineError(f"The pipeline has no step {id_!r}; its steps are {known}.")


def _join_run(pipeline: Pipeline, environ: Mapping[str, str], context: RunContext) -> Run:
    """Whichever step comes first records the run; all of them would record the same."""
    engine = environ.get("MLPIPE_ENGINE", LOCAL)
    engine_run = environ.get("MLPIPE_ENGINE_RUN_ID", "")
    id_ = environ.get("MLPIPE_RUN_ID") or (engine_run and shared_run_id(engine, engine_run))
    if not id_:
        raise PipelineError(
            "It is not said which run this step belongs to: set MLPIPE_RUN_ID, or MLPIPE_ENGINE "
            "and MLPIPE_ENGINE_RUN_ID, to the same values for every step of a run."
        )
    parameters = _parameters(pipeline, environ)
    try:
        known = context.metadata.get(Run, id_)
        return replace(known, status=Status.RUNNING, ended=None, parameters=parameters)
    except NotFoundError:
        run = Run(
            id=id_,
            pipeline=pipeline.name,
            kind=engine,
            status=Status.RUNNING,
            started=time.time(),
            notebook=pipeline.notebook,
            engine_run_id=engine_run,
            parameters=parameters,
            user=environ.get("USER", ""),
            tags=pipeline.tags,
        )
        context.metadata.append((run,))
        return run


def _parameters(pipeline: Pipeline, environ: Mapping[str, str]) -> Mapping[str, object]:
    text = environ.get("MLPIPE_PARAMS") or "{}"
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise PipelineError(f"MLPIPE_PARAMS holds {text[:80]!r}; expected a JSON object.")
    defaults = {parameter.name: parameter.default for parameter in pipeline.parameters}
    return defaults | dict(parse_overrides(given, pipeline.parameters))


def _settle(job: Job, code: ExitCode) -> None:
    """Close the run where no one else does: engines do not know of our records."""
    if job.run.kind == LOCAL:
        return
    names = {step.name for step in job.unpacked.pipeline.steps}
    if code is not ExitCode.SUCCEEDED:
        status = Status.FAILED
    elif names <= finished_steps(job.run.id, job.context.metadata).keys():
        status = Status.SUCCEEDED
    else:
        return
    job.context.metadata.append((replace(job.run, status=status, ended=time.time()),))
