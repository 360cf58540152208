"""Steps of a run in one process: alone, or after each other where they share what cannot travel."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from jupyter_mlpipe.analysis.canonical import canonical_hash
from jupyter_mlpipe.analysis.dotted import dotted_names
from jupyter_mlpipe.analysis.handed import handed_over
from jupyter_mlpipe.analysis.modules import ModuleFiles
from jupyter_mlpipe.analysis.plotting import chooses_backend
from jupyter_mlpipe.analysis.statements import (
    Statement,
    StatementKind,
    definitions_for,
    read_statements,
)
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.engine.archive import Unpacked
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.executor import Executor, Outcome
from jupyter_mlpipe.engine.exits import ExitCode, say
from jupyter_mlpipe.engine.handover import (
    changed_modules,
    done_outside,
    finished_steps,
    last_in_notebook,
    left_in_another_process,
    not_left,
    process_effects,
    taken_away,
    unforeseen,
    visible_versions,
)
from jupyter_mlpipe.engine.immovable import text_of
from jupyter_mlpipe.engine.module_states import ModuleStates
from jupyter_mlpipe.engine.open_figures import OpenFigures, keeps_open
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.engine.state_record import state_contents
from jupyter_mlpipe.engine.states import ProcessStates
from jupyter_mlpipe.engine.steps import run_step
from jupyter_mlpipe.engine.variables import Variables
from jupyter_mlpipe.engine.watch import ProcessWatch
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import NotebookError, PipelineError
from jupyter_mlpipe.model.pipeline import PipelineStep
from jupyter_mlpipe.model.run import Run, Status, StepRun
from jupyter_mlpipe.model.step import StepSource

_CONSTANTS = frozenset({StatementKind.CONSTANT, StatementKind.DERIVED, StatementKind.IMPORT})
_CODE = frozenset({StatementKind.IMPORT, StatementKind.FUNCTION, StatementKind.CLASS})


@dataclass(frozen=True, slots=True)
class Job:
    """Steps of one run that are to run in this process."""

    unpacked: Unpacked
    steps: Sequence[PipelineStep]
    run: Run
    context: RunContext


def run_job(job: Job, executor: Executor) -> ExitCode:
    """Run the steps in their order, until one does not succeed.

    Raises:
        NotebookError: A cell cannot be run as it is written.
        PipelineError: A step needs what no earlier step left, or what only another process has.
    """
    states = ModuleStates(job.context.buffers)
    with _fresh_main(job.unpacked.modules) as namespace, states.imports.watching():
        process = _Process(job, executor, namespace, states)
        for step in job.steps:
            code = process.run(step)
            if code is not ExitCode.SUCCEEDED:
                return code
    return ExitCode.SUCCEEDED


class _Process:
    """The namespace that the steps share, and what has been run in it."""

    def __init__(
        self, job: Job, executor: Executor, namespace: dict[str, Any], modules: ModuleStates
    ) -> None:
        self._job = job
        self._executor = executor
        self._namespace = namespace
        self._variables = Variables(namespace, job.context.values, job.context.buffers)
        self._variables.define_with(self._define_late)
        self._modules = ModuleFiles()
        self._watch = ProcessWatch((job.context.settings.home, job.unpacked.folder))
        self._states = ProcessStates(job.context.settings.root)
        self._module_states = modules
        self._figures = OpenFigures()
        self._defined = _Defined()
        self._done: set[str] = set()
        self._code: tuple[Statement, ...] = ()
        """Definitions of all steps up to the present one."""

    def run(self, target: PipelineStep) -> ExitCode:
        """Run one step as it would run alone, on what the ones before it left here."""
        pipeline, context = self._job.unpacked.pipeline, self._job.context
        step = self._job.unpacked.step(target.id)
        statements = read_statements(self._job.unpacked.definitions(target.id))
        self._refuse_what_is_elsewhere(target, step, statements)
        self._code = _code_up_to(target, self._job.unpacked)
        above = (pipeline, target, self._job.run.id, context.metadata, self._done)
        versions = visible_versions(*above)
        context.values.leave_out(taken_away(*above))
        for line in not_left(pipeline, target, versions.keys() | self._namespace.keys()):
            say(line)
        # An untagged cell may have bound a name anew after the step that left a version of it.
        hidden = {n for s in statements for n in s.names} - {r.variable for r in target.inputs}
        offered = {n: v for n, v in versions.items() if n not in hidden}
        problem = self._prepare(target, step, statements, offered)
        if problem is not None:
            return problem
        # What steps made here of one memory is so still, be it a view that cannot be stored.
        self._variables.expect(offered, alone=False)
        hash_ = canonical_hash(python_source(step.source))
        last = last_in_notebook(self._job.run.pipeline, target.name, hash_, context.metadata)
        try:
            scope = self._scope(target, statements, last)
            report = run_step(step, scope, self._executor, context)
        except NotebookError as error:
            raise NotebookError(step.label, error.problem) from error
        finally:
            if not (keeps_open(last) if last else self._chooses_backend()):
                self._figures.close_new()
        self._done.add(target.name)
        self._defined.note(read_statements(python_source(step.source)), _CODE)
        for warning in report.warnings:
            say(warning)
        if report.step_run.status is Status.FAILED:
            return say(report.step_run.error, ExitCode.FAILED)
        surprise = unforeseen(pipeline, target, report.step_run)
        return say(surprise, ExitCode.REFUSED) if surprise else ExitCode.SUCCEEDED

    def _refuse_what_is_elsewhere(
        self, target: PipelineStep, step: StepSource, statements: Sequence[Statement]
    ) -> None:
        text = text_of(python_source(step.source), statements)
        missing = left_in_another_process(
            self._job.unpacked.pipeline, target, text, self._finished_elsewhere()
        )
        if missing:
            raise PipelineError(missing)

    def _finished_elsewhere(self) -> Mapping[str, StepRun]:
        finished = finished_steps(self._job.run.id, self._job.context.metadata)
        return {name: run for name, run in finished.items() if name not in self._done}

    def _chooses_backend(self) -> bool:
        unpacked = self._job.unpacked
        ids = [step.id for step in unpacked.pipeline.steps]
        return chooses_backend(
            (*map(unpacked.definitions, ids), *(unpacked.step(id_).source for id_ in ids))
        )

    def _prepare(
        self,
        target: PipelineStep,
        step: StepSource,
        statements: Sequence[Statement],
        offered: Mapping[str, ArtifactVersion],
    ) -> ExitCode | None:
        """Set the state that steps in other processes left, and run the definitions."""
        context = self._job.context
        effects = process_effects(
            self._job.unpacked.pipeline, target, self._job.run.id, context.metadata, self._done
        )
        contents = state_contents(effects, context.blobs)
        self._states.apply_all(contents)  # imports may need the search path and the folder
        self._load_first(statements, offered)
        problem = self._define(step, statements)
        self._states.apply_all(contents)  # what definitions set, such as a seed, was set before
        return problem

    def _load_first(
        self, statements: Sequence[Statement], versions: Mapping[str, ArtifactVersion]
    ) -> None:
        """Data that definitions read while they are run, such as a base class a step keeps."""
        own = {name for statement in statements for name in statement.names}
        early = {name for statement in statements for name in statement.at_once} - own
        self._variables.expect({name: v for name, v in versions.items() if name in early})
        self._variables.load(early)

    def _define(self, step: StepSource, statements: Sequence[Statement]) -> ExitCode | None:
        """Run the definitions around the step; a code when that did not work out.

        Parameters come first, for a constant may be computed from one, and again at the end, for
        a constant of the same name would hide the value that was asked for. What has been
        defined here stays: objects are of its classes, and steps may have changed it.
        """
        parameters = {} if self._done else self._job.run.parameters
        self._namespace.update(parameters)
        outcome = self._run_missing(statements)
        self._namespace.update(parameters)
        if outcome.error is None:
            return None
        say(outcome.traceback)
        return say(_blame(step, outcome), _severity(outcome))

    def _define_late(self, name: str) -> bool:
        """Run what a value needs that shares memory with one that the step reads."""
        if self._variables.load((name,)):
            return True
        needed = definitions_for(frozenset({name}), self._code)
        return bool(needed) and self._run_missing(needed).error is None

    def _run_missing(self, statements: Sequence[Statement]) -> Outcome:
        missing = self._defined.missing(statements)
        source = "\n".join(statement.source for statement in missing)
        outcome = self._executor.execute(source, self._namespace) if missing else Outcome()
        self._defined.note(missing)
        return outcome

    def _scope(
        self, target: PipelineStep, statements: Sequence[Statement], last: StepRun | None
    ) -> Scope:
        others = tuple(other.name for other in self._job.steps if other is not target)
        return Scope(
            run=self._job.run,
            variables=self._variables,
            modules=self._modules,
            watch=self._watch,
            states=self._states,
            module_states=self._module_states,
            figures=self._figures,
            elsewhere=changed_modules(
                self._job.unpacked.pipeline, target, self._finished_elsewhere()
            ),
            outside=done_outside(last),
            constants=frozenset(n for s in statements if s.kind in _CONSTANTS for n in s.names),
            parameters=frozenset(self._job.run.parameters),
            definitions=self._job.unpacked.definitions(target.id),
            handed=handed_over(
                self._job.unpacked.definitions(target.id), dotted_names(self._namespace)
            ),
            foreseen=frozenset(read.variable for read in target.inputs),
            cache=self._job.unpacked.pipeline.cache,
            task=others,
            metadata=self._job.context.metadata,
        )


def _code_up_to(target: PipelineStep, unpacked: Unpacked) -> tuple[Statement, ...]:
    steps = unpacked.pipeline.steps
    texts = [unpacked.definitions(step.id) for step in steps[: steps.index(target) + 1]]
    found = {s.source: s for text in texts for s in read_statements(text)}
    return tuple(found.values())


class _Defined:
    """The definition of each name that was run last in this process."""

    def __init__(self) -> None:
        self._latest: dict[str, str] = {}
        self._settings: set[str] = set()

    def missing(self, statements: Sequence[Statement]) -> tuple[Statement, ...]:
        """Those that were not run yet, or not as they are."""
        return tuple(s for s in statements if not self._holds(s))

    def note(
        self, statements: Sequence[Statement], kinds: frozenset[StatementKind] | None = None
    ) -> None:
        """Take up what was run; of the kinds given, or all."""
        for statement in statements:
            if kinds is None or statement.kind in kinds:
                self._latest.update(dict.fromkeys(statement.names, statement.source))
                self._settings.add(statement.source)

    def _holds(self, statement: Statement) -> bool:
        if not statement.names:
            return statement.source in self._settings
        return all(self._latest.get(name) == statement.source for name in statement.names)


@contextmanager
def _fresh_main(modules: Path) -> Iterator[dict[str, Any]]:
    """A `__main__` of the steps' own, so that the notebook's classes pickle as in the kernel."""
    before, path = sys.modules["__main__"], list(sys.path)
    main = ModuleType("__main__")
    sys.modules["__main__"] = main
    sys.path.insert(0, str(modules))
    try:
        yield main.__dict__
    finally:
        sys.modules["__main__"] = before
        sys.path[:] = path


def _severity(outcome: Outcome) -> ExitCode:
    missing = isinstance(outcome.error, ImportError)
    return ExitCode.UNABLE if missing else ExitCode.FAILED


def _blame(step: StepSource, outcome: Outcome) -> str:
    return (
        f"{step.label}: the definitions it needs from other cells failed "
        f"({type(outcome.error).__name__}: {outcome.error}); the step itself did not start."
    )
