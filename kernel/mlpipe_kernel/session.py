"""One kernel's life as a run: what each cell does to the variables, and what is kept of it."""

from __future__ import annotations

import ast
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_mlpipe.analysis.code import bound_by, code_statements, meaning_in
from jupyter_mlpipe.analysis.dataflow import signature_of_statements
from jupyter_mlpipe.analysis.dotted import dotted_names
from jupyter_mlpipe.analysis.options import parse_step_line
from jupyter_mlpipe.engine.attempt import Attempt
from jupyter_mlpipe.engine.displayed import load_displayed
from jupyter_mlpipe.engine.executor import Outcome
from jupyter_mlpipe.engine.lookup import Hit, Skip
from jupyter_mlpipe.engine.mapped import MappedStep
from jupyter_mlpipe.engine.places import places_of
from jupyter_mlpipe.engine.runner import apply_hit, begin, close_step, open_step, skip
from jupyter_mlpipe.environments.machine import user_name
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import (
    CorruptArtifactError,
    MlpipeError,
    NotebookError,
    ValueNotLoadableError,
)
from jupyter_mlpipe.model.events import SessionStarted
from jupyter_mlpipe.model.run import Run, Status
from jupyter_mlpipe.model.stated import Stated
from jupyter_mlpipe.model.step import StepSource
from mlpipe_kernel.current import CurrentCell
from mlpipe_kernel.definitions import Definitions
from mlpipe_kernel.display import show_keeping, show_note, show_report
from mlpipe_kernel.earlier import EarlierState
from mlpipe_kernel.filed import Filed
from mlpipe_kernel.gate import Repeated, raiser, split_mark
from mlpipe_kernel.mapping import MappedCell
from mlpipe_kernel.mentions import mentioned
from mlpipe_kernel.order import unmet_order
from mlpipe_kernel.recorder import OutputRecorder, replay
from mlpipe_kernel.restore import Brought
from mlpipe_kernel.rollback import left_again
from mlpipe_kernel.settling import Settling
from mlpipe_kernel.steps import StepNames
from mlpipe_kernel.suspects import Suspects
from mlpipe_kernel.whereabouts import UNNAMED, notebook_path, notebook_with
from mlpipe_kernel.workbench import Workbench

_UNUSABLE = (NotebookError, CorruptArtifactError, ValueNotLoadableError)
"""Running the cell after one of these would give the user a wrong or confusing result."""


class KernelSession:
    """Follows one shell from cell to cell."""

    def __init__(self, shell: Any, bench: Workbench, notebook: Path | None) -> None:
        self._shell = shell
        self._bench = bench
        self._notebook = notebook
        self._named: str | None = None
        self._cache = True
        self._run: Run | None = None
        self._definitions = Definitions()
        self._recorder = OutputRecorder(shell)
        self._steps = StepNames()
        self._filed = Filed(shell)
        self._suspects = Suspects()
        self._settling = Settling(shell)
        self._cell = CurrentCell()
        self._running: Any = None
        """What IPython calls the info of the cell that runs."""
        self._prepared: str | None = None
        self._guesses = 5
        """Cells that are still looked for in the notebooks around."""
        self._lock = threading.Lock()

    @property
    def pipeline(self) -> str:
        """The name given with `%pipeline`, else the notebook's."""
        return self._named or (self._notebook.stem if self._notebook else UNNAMED)

    @property
    def run(self) -> Run:
        """This session as a run; another pipeline name makes it another run."""
        with self._lock:  # the channel to the sidebar asks from a thread of its own
            return self._current_run()

    def _current_run(self) -> Run:
        if self._run is None or self._run.pipeline != self.pipeline:
            self._run = Run(
                id=new_id(),
                pipeline=self.pipeline,
                kind="notebook",
                status=Status.RUNNING,
                started=time.time(),
                user=user_name(),
                tags=self._filed.tags(self._notebook, self.pipeline),
            )
        self._run = replace(
            self._run,
            notebook=str(self._notebook or ""),
            definitions=self._definitions.source,
            parameters=self._parameters(),
        )
        return self._run

    @property
    def notebook(self) -> Path | None:
        """Its file, as far as anybody told."""
        return self._notebook

    def stated(self) -> Stated:
        """What `mlpipe.yaml` says of the pipeline; see `Filed.stated`."""
        return self._filed.stated(self._notebook, self.pipeline)

    @property
    def in_step(self) -> bool:
        """Whether the cell that runs is a step."""
        return self._cell.attempt is not None

    @property
    def definitions(self) -> Definitions:
        """What cells of this session defined."""
        return self._definitions

    def name_pipeline(self, name: str, *, cache: bool) -> None:
        """What `%pipeline` says."""
        self._named = name
        self._cache = cache

    def move(self, notebook: Path) -> None:
        """The notebook's true path, from the frontend; relative to the server's root."""
        if self._notebook is None or self._notebook.name != notebook.name:
            folder = self._notebook.parent if self._notebook else Path.cwd()
            self._notebook = folder / notebook.name

    def greeting(self) -> SessionStarted:
        """What a frontend is told when it opens the channel."""
        return SessionStarted(run_id=self.run.id, pipeline=self.pipeline)

    def before_cell(self, info: Any) -> None:
        """IPython's `pre_run_cell`: bring back what the cell mentions."""
        if self._cell.seen is not None and not info.store_history:
            return  # a magic such as %%capture runs the body of the step as a cell of its own
        self._settling.now()
        self._running, self._cell = info, CurrentCell(source=info.raw_cell, cell_id=info.cell_id)
        self._locate(info.raw_cell)
        first, _, rest = info.raw_cell.partition("\n")
        marked = split_mark(first)
        try:
            self.recall()
            if self._defines_anew(rest if marked else info.raw_cell):
                self._bench.fetch_all()
            if self._bench.opened:
                self._restore(load=marked is None or marked[0] != "%%step")
        except Exception as error:  # noqa: BLE001 - the user's cell must run whatever happens here
            show_note("restore", f"not everything could be brought back: {error}", self._shell)

    def enter(self, mark: str, line: str) -> Callable[[], None] | Repeated | None:
        """Decide what becomes of a marked cell; part of the gate's contract."""
        self._cell.mark = mark
        if mark == "%%params":
            return None
        try:
            return self._enter_step(line)
        except (*_UNUSABLE, KeyboardInterrupt) as error:
            return raiser(error)
        except Exception as error:  # noqa: BLE001 - the user's cell must run whatever happens here
            self._cell.problem = str(error)
            return None

    def kept_statements(self, tree: ast.Module) -> list[ast.stmt]:
        """Imports and functions of a cell whose body does not run, where they are not there yet.

        A class that is there stays the one that objects in memory are of. Where one statement
        must run, so must all that bind its name: the last of them counts. What the step left as
        data comes back as that.
        """
        if self._cell.report is None:
            return []
        code = code_statements(tree, meaning_in(self._shell.user_ns))
        stored = {output.variable for output in self._cell.report.step_run.outputs}
        code = tuple(s for s in code if not bound_by(s) & stored)
        last = {name: s for s in code for name in bound_by(s)}
        there, bound = self._definitions.holds, self._shell.user_ns.keys()
        missing = set(self._bench.redefine(last))
        missing |= {name for name, s in last.items() if name not in bound or not there(s)}
        kept = [s for s in code if not bound_by(s) or bound_by(s) & missing]
        self._bench.fetch(signature_of_statements(tuple(kept)).reads)
        return kept

    def after_cell(self, result: Any) -> None:
        """IPython's `post_run_cell`: keep what a step left, learn what other cells define."""
        if self._running is not None and result.info is not self._running:
            return
        self._running, cell, self._cell = None, self._cell, CurrentCell()
        try:
            self._stop_watching(cell)
            soon = self._settles_later(cell, result)
        except Exception as error:  # noqa: BLE001 - the cell's own result stands
            self._say(cell, f"its result stands, but it is not kept: {error}")
            return
        if soon:
            cell.line = show_keeping(cell.title, cell.seconds, self._shell)
            self._settling.later(partial(self._keep, cell, result))
        else:
            self._keep(cell, result)

    def end(self) -> None:
        """Record that the session is over."""
        self._settling.now()
        if self._run is not None and self._bench.opened:
            ended = replace(self.run, status=Status.SUCCEEDED, ended=time.time())
            self._bench.context.metadata.append((ended,))

    def _enter_step(self, line: str) -> Callable[[], None] | Repeated | None:
        cell = self._cell
        name, options = parse_step_line(line, f"cell (%%step {line[:40]})")
        source = cell.source.partition("\n")[2]
        stated = self.stated()
        step = stated.over(StepSource(name, source, options, cell.cell_id))
        self._filed.set_parameters(stated, self._definitions.parameters)
        self._steps.claim(step, self._notebook)
        scope = replace(
            self._bench.scope(self.run, self._definitions),
            touched=self._suspects.last,
            handed=self._suspects.handed,
            cache=self._cache if stated.cache is None else stated.cache,
        )
        cell.attempt = self._with_order(open_step(step, scope, self._bench.context))
        if isinstance(cell.attempt.decision, Skip):
            cell.report = skip(cell.attempt, self._bench.context)
            return lambda: None
        if isinstance(cell.attempt.decision, Hit):
            return self._apply(cell, cell.attempt)
        prepared = self._learned(self._bench.prepare(cell.attempt.signature, load=True))
        self._tell(prepared)
        cell.attempt = begin(cell.attempt, self._bench.context)
        self._learned(self._bench.bring(()))
        if options.fan_out is not None:
            mapped = MappedStep(cell.attempt, self._bench.context)
            cell.mapped = MappedCell(mapped, self._recorder, scope.watch, self._shell)
            return Repeated(options.fan_out.element, cell.mapped.values, cell.mapped.show)
        self._recorder.start()
        cell.seen = scope.watch.start(cell.attempt.journal, places_of(cell.attempt))
        cell.clock = time.perf_counter()
        return None

    def _with_order(self, attempt: Attempt) -> Attempt:
        if not attempt.step.options.after:
            return attempt
        known = self._steps.names(self._notebook)
        metadata = self._bench.context.metadata
        unmet = unmet_order(attempt.step, attempt.scope.run, known, metadata)
        return replace(attempt, problems=(*attempt.problems, *unmet))

    def _apply(self, cell: CurrentCell, attempt: Attempt) -> Callable[[], None]:
        context = self._bench.context
        earlier = attempt.decision
        assert isinstance(earlier, Hit)
        outputs = load_displayed(earlier.step_run.display, context.blobs)
        cell.report = apply_hit(attempt, context)
        return lambda: replay(outputs, self._shell)

    def _stop_watching(self, cell: CurrentCell) -> None:
        cell.seconds = time.perf_counter() - cell.clock
        if cell.seen is not None:
            self._bench.stop_watching()
            cell.outputs = self._recorder.stop()

    def _settles_later(self, cell: CurrentCell, result: Any) -> bool:
        asked = cell.seen is not None and result.success and result.info.store_history
        return asked and cell.is_heavy(self._shell.user_ns) and self._settling.may_wait()

    def _keep(self, cell: CurrentCell, result: Any) -> None:
        try:
            self._finish(cell, result)
        except KeyboardInterrupt:
            self._say(cell, "interrupted while it was being kept; this run is not recorded")
        except Exception as error:  # noqa: BLE001 - the cell's own result stands
            self._say(cell, f"its result stands, but it is not kept: {error}")

    def _finish(self, cell: CurrentCell, result: Any) -> None:
        error = result.error_before_exec or result.error_in_exec
        if cell.attempt is not None and cell.seen is not None:
            told = "" if error is None else f"{type(error).__name__}: {error}"
            outcome, context = Outcome(error, told, cell.outputs), self._bench.context
            cell.report = close_step(cell.attempt, outcome, cell.seconds, cell.seen, context)
        if cell.mapped is not None:
            cell.report = cell.mapped.close(error)
        self._suspects.note_handed(cell.body, dotted_names(self._shell.user_ns))
        if cell.mark != "%%step":
            self._suspects.note(cell.source, result.execution_count or 0)
        if error is None:
            self._learn(cell)
        if cell.report is not None:
            show_report(cell.report, self._shell, cell.line)
        elif cell.problem:
            self._say(cell, f"its result stands, but it is not kept: {cell.problem}")

    def _learn(self, cell: CurrentCell) -> None:
        body = cell.body
        if cell.mark == "%%step":
            changed = self._definitions.learn_step(body, meaning_in(self._shell.user_ns))
        else:
            changed = self._definitions.learn(body, parameters=cell.mark == "%%params")
        if cell.mark == "%%params":
            self._filed.set_parameters(self.stated(), self._definitions.parameters)
        self._bench.note_modules()
        self._bench.withdraw(self._definitions.names())
        # Constants wait for the next step: writing them down after each cell would cost 1 ms.
        if changed and self._bench.opened and self._run is not None:
            self._bench.context.metadata.append((self.run,))

    def recall(self) -> None:
        """Let what earlier sessions of the pipeline left come back when it is mentioned."""
        self._settling.now()
        if self._prepared != self.pipeline:
            self._prepared = self.pipeline
            self._bench.offer_earlier(self.pipeline)

    @property
    def waiting(self) -> frozenset[str]:
        """Names of earlier sessions that come back when they are mentioned."""
        try:
            self.recall()
        except MlpipeError:  # the next cell says so
            return frozenset()
        return self._bench.waiting

    def describe(self, name: str) -> str:
        """A name that waits, for somebody who asks what it is."""
        return self._bench.describe_waiting(name)

    def bring(self, names: Iterable[str] | None, most_bytes: int | None = None) -> Brought:
        """Bring back names of earlier sessions now, or all of them; says nothing."""
        self.recall()
        return self._learned(self._bench.bring(names, most_bytes))

    def rewind(self, state: EarlierState, names: frozenset[str] | None) -> Brought:
        """Bind what an earlier run ended with in place of what is bound now."""
        self.recall()
        wanted = self._bench.rewind(state, names)
        self._definitions.take(wanted & self._definitions.names())
        brought = self._learned(self._bench.bring(wanted))
        given = {n: v for n, v in state.parameters.items() if n in wanted}
        self._shell.user_ns.update(given)
        return replace(brought, loaded=brought.loaded | given.keys())

    def roll_back(self, version: ArtifactVersion) -> None:
        """Bind an earlier version to its variable, and record that its step left it again."""
        self._bench.bind(version)
        self._bench.withdraw(frozenset({version.variable}))
        self._definitions.take(frozenset({version.variable}) & self._definitions.names())
        context = self._bench.context
        again = left_again(version, self.run, context.metadata)
        if again is not None:
            context.metadata.append((self.run, again))

    def _defines_anew(self, cell: str) -> bool:
        """Whether a class gets another meaning, be it one that was not brought back yet."""
        known = [self._definitions, *([self._bench.asleep] if self._bench.opened else [])]
        return any(definitions.defines_anew(cell) for definitions in known)

    def _restore(self, *, load: bool) -> None:
        self._tell(self._learned(self._bench.prepare(mentioned(self._cell.source), load=load)))

    def _tell(self, brought: Brought) -> None:
        if brought.loaded or brought.problems:
            names = ", ".join(self._bench.describe(name) for name in sorted(brought.loaded))
            show_note("restored", names or "nothing", self._shell, brought.problems)

    def _learned(self, brought: Brought) -> Brought:
        for statement in brought.ran:
            self._definitions.learn(statement.source)
        return brought

    def _locate(self, cell: str) -> None:
        """Find out which notebook this is, where the frontend did not tell."""
        if self._notebook is None and self._guesses:
            self._guesses -= 1
            told = notebook_path(os.environ, self._shell.user_ns)
            self._notebook = told or notebook_with(Path.cwd(), cell)

    def _parameters(self) -> dict[str, object]:
        namespace = self._shell.user_ns
        names = self._definitions.parameters
        plain = (bool, int, float, str, type(None))
        return {n: namespace[n] for n in sorted(names) if isinstance(namespace.get(n), plain)}

    def _say(self, cell: CurrentCell, text: str) -> None:
        show_note(cell.title, text, self._shell, line=cell.line)
