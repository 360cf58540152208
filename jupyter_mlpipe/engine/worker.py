"""The entry point of a step that runs in a process of its own, on any machine."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import Any

from jupyter_mlpipe.analysis.modules import ModuleFiles
from jupyter_mlpipe.analysis.statements import Statement, StatementKind, read_statements
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.config import load_settings
from jupyter_mlpipe.engine.archive import Unpacked, fetch, unpack
from jupyter_mlpipe.engine.context import RunContext, open_context
from jupyter_mlpipe.engine.executor import Executor, Outcome, default_executor
from jupyter_mlpipe.engine.handover import (
    finished_steps,
    left_in_another_process,
    not_left,
    process_effects,
    shared_run_id,
    unforeseen,
    visible_versions,
)
from jupyter_mlpipe.engine.immovable import text_of
from jupyter_mlpipe.engine.parameters import parse_overrides
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.engine.states import ProcessStates
from jupyter_mlpipe.engine.steps import run_step
from jupyter_mlpipe.engine.variables import Variables
from jupyter_mlpipe.engine.watch import ProcessWatch
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import MlpipeError, NotebookError, NotFoundError, PipelineError
from jupyter_mlpipe.model.pipeline import Pipeline, PipelineStep
from jupyter_mlpipe.model.run import Run, Status
from jupyter_mlpipe.model.step import StepSource

LOCAL = "local"
"""The engine that keeps the state of its runs itself."""

_CONSTANTS = frozenset({StatementKind.CONSTANT, StatementKind.IMPORT})


class ExitCode(IntEnum):
    """What an orchestrator learns from a finished step."""

    SUCCEEDED = 0
    FAILED = 1
    """The user's own code raised."""
    REFUSED = 2
    """The pipeline or its input is unusable; trying again changes nothing."""
    UNABLE = 3
    """Something around the step is missing or away: a store, a package, disk space."""


@dataclass(frozen=True, slots=True)
class Job:
    """One step, ready to run."""

    unpacked: Unpacked
    target: PipelineStep
    step: StepSource
    run: Run
    context: RunContext

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline the step belongs to."""
        return self.unpacked.pipeline


def run_step_command(archive: str, sha256: str, step: str, environ: Mapping[str, str]) -> int:
    """Run one step of a stored pipeline; messages go to standard error.

    `environ` tells the run: `MLPIPE_RUN_ID`, or `MLPIPE_ENGINE` and `MLPIPE_ENGINE_RUN_ID`;
    `MLPIPE_PARAMS`, a JSON object of parameters to set; and the settings, such as
    `MLPIPE_ARTIFACT_STORE` and `MLPIPE_METADATA_STORE`.
    """
    try:
        settings = load_settings(Path.cwd(), environ)
        with tempfile.TemporaryDirectory(prefix="mlpipe-code-") as folder:
            unpacked = unpack(fetch(archive), sha256, Path(folder))
            target = _find_step(unpacked.pipeline, step)
            context = open_context(settings)
            with closing(context.metadata):
                run = _join_run(unpacked.pipeline, environ, context)
                job = Job(unpacked, target, unpacked.step(step), run, context)
                return _run(job, default_executor())
    except (PipelineError, NotebookError) as error:
        return _say(str(error), ExitCode.REFUSED)
    except MlpipeError as error:
        return _say(str(error), ExitCode.UNABLE)


def _run(job: Job, executor: Executor) -> ExitCode:
    pipeline, metadata = job.pipeline, job.context.metadata
    statements = read_statements(job.unpacked.definitions(job.target.id))
    text = text_of(python_source(job.step.source), statements)
    finished = finished_steps(job.run.id, metadata)
    missing = left_in_another_process(pipeline, job.target, text, finished)
    if missing:
        raise PipelineError(missing)
    versions = visible_versions(pipeline, job.target, job.run.id, metadata)
    for line in not_left(pipeline, job.target, versions):
        _say(line)
    with _fresh_main(job.unpacked.modules) as namespace:
        states = ProcessStates(job.context.settings.root)
        effects = process_effects(pipeline, job.target, job.run.id, metadata)
        contents = {name: job.context.blobs.get(blob) for name, blob in effects.items()}
        states.apply_all(contents)  # imports may need the search path and the folder
        scope = _scope(job, namespace, statements, states)
        # An untagged cell may have bound a name anew after the step that left a version of it.
        hidden = {n for s in statements for n in s.names} - {r.variable for r in job.target.inputs}
        offered = {n: v for n, v in versions.items() if n not in hidden}
        _load_first(statements, offered, scope.variables)
        problem = _define(job, executor, namespace)
        if problem is not None:
            return problem
        states.apply_all(contents)  # what definitions set, such as a seed, was set before
        scope.variables.expect(offered)
        try:
            report = run_step(job.step, scope, executor, job.context)
        except NotebookError as error:
            raise NotebookError(job.step.label, error.problem) from error
    for warning in report.warnings:
        _say(warning)
    if report.step_run.status is Status.FAILED:
        code = _say(report.step_run.error, ExitCode.FAILED)
    else:
        surprise = unforeseen(pipeline, job.target, report.step_run)
        code = _say(surprise, ExitCode.REFUSED) if surprise else ExitCode.SUCCEEDED
    _settle(job, code)
    return code


def _load_first(
    statements: Sequence[Statement],
    versions: Mapping[str, ArtifactVersion],
    variables: Variables,
) -> None:
    """Data that definitions read while they are run, such as a base class that a step keeps."""
    own = {name for statement in statements for name in statement.names}
    early = {name for statement in statements for name in statement.at_once} - own
    variables.expect({name: v for name, v in versions.items() if name in early})
    variables.load(early)


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


@contextmanager
def _fresh_main(modules: Path) -> Iterator[dict[str, Any]]:
    """A `__main__` of the step's own, so that the notebook's classes pickle as in the kernel."""
    before, path = sys.modules["__main__"], list(sys.path)
    main = ModuleType("__main__")
    sys.modules["__main__"] = main
    sys.path.insert(0, str(modules))
    try:
        yield main.__dict__
    finally:
        sys.modules["__main__"] = before
        sys.path[:] = path


def _define(job: Job, executor: Executor, namespace: dict[str, Any]) -> ExitCode | None:
    """Run the definitions around the step; a code when that did not work out.

    Parameters come first, for a constant may be computed from one, and again at the end, for a
    constant of the same name would hide the value that was asked for.
    """
    namespace.update(job.run.parameters)
    outcome = executor.execute(job.unpacked.definitions(job.target.id), namespace)
    namespace.update(job.run.parameters)
    if outcome.error is None:
        return None
    _say(outcome.traceback)
    return _say(_blame(job.step, outcome), _severity(outcome))


def _severity(outcome: Outcome) -> ExitCode:
    missing = isinstance(outcome.error, ImportError)
    return ExitCode.UNABLE if missing else ExitCode.FAILED


def _blame(step: StepSource, outcome: Outcome) -> str:
    return (
        f"{step.label}: the definitions it needs from other cells failed "
        f"({type(outcome.error).__name__}: {outcome.error}); the step itself did not start."
    )


def _scope(
    job: Job, namespace: dict[str, Any], statements: Sequence[Statement], states: ProcessStates
) -> Scope:
    return Scope(
        run=job.run,
        variables=Variables(namespace, job.context.values, job.context.buffers),
        modules=ModuleFiles(),
        watch=ProcessWatch((job.context.settings.home, job.unpacked.folder)),
        states=states,
        constants=frozenset(n for s in statements if s.kind in _CONSTANTS for n in s.names),
        parameters=frozenset(job.run.parameters),
        definitions=job.unpacked.definitions(job.target.id),
        cache=job.pipeline.cache,
    )


def _settle(job: Job, code: ExitCode) -> None:
    """Close the run where no one else does: engines do not know of our records."""
    if job.run.kind == LOCAL:
        return
    names = {step.name for step in job.pipeline.steps}
    if code is not ExitCode.SUCCEEDED:
        status = Status.FAILED
    elif names <= finished_steps(job.run.id, job.context.metadata).keys():
        status = Status.SUCCEEDED
    else:
        return
    job.context.metadata.append((replace(job.run, status=status, ended=time.time()),))


def _say(text: str, code: ExitCode = ExitCode.SUCCEEDED) -> ExitCode:
    sys.stderr.write(f"{text.rstrip()}{os.linesep if text else ''}")
    sys.stderr.flush()
    return code
