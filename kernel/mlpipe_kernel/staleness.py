"""Which steps are stale, told after every cell and every edit; and how to run just those."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_mlpipe.analysis.closure import close_over
from jupyter_mlpipe.analysis.dataflow import analyze
from jupyter_mlpipe.analysis.notebook import Cell
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.engine.edited import place, told_by_text
from jupyter_mlpipe.engine.present import FileFacts, Present
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.engine.staleness import Order, PlacedStep, difference, spread
from jupyter_mlpipe.engine.standing import Ledger, Standing
from jupyter_mlpipe.model.errors import NotebookError
from jupyter_mlpipe.model.events import CellText, Event, StaleReady, StaleStep, StepsStale
from jupyter_mlpipe.model.step import StepSource
from mlpipe_kernel.cells import Cells, step_of
from mlpipe_kernel.edits import Touches, edited_names
from mlpipe_kernel.idle import Idle
from mlpipe_kernel.session import KernelSession
from mlpipe_kernel.workbench import Workbench


@dataclass(frozen=True, slots=True)
class _Look:
    """What was found when no cell ran; text is laid over it at any time."""

    steps: frozenset[str] = frozenset()
    """All that were looked for."""
    standings: Mapping[str, Standing] = field(default_factory=dict)
    differences: Mapping[str, str] = field(default_factory=dict)
    definitions: Mapping[str, str] = field(default_factory=dict)
    """Hashes of what is defined, or comes back when it is mentioned."""


class Staleness:
    """Follows a session; what is told while a cell runs is told from text alone.

    The user's variables are looked at only between cells, on the kernel's own thread.
    """

    def __init__(
        self,
        session: KernelSession,
        bench: Workbench,
        idle: Idle,
        send: Callable[[Event], None],
    ) -> None:
        self._session = session
        self._bench = bench
        self._idle = idle
        self._send = send
        self._cells = Cells(lambda: session.notebook)
        self._touches = Touches()
        self._files = FileFacts()
        self._ledger: Ledger | None = None
        self._look = _Look()
        self._ran: Any = None
        self._told: tuple[StaleStep, ...] = ()
        self._owed = False
        """Whether a frontend waits for an answer."""
        self._wanted: tuple[str, ...] | None = None
        self._lock = threading.Lock()

    def before_cell(self, info: Any) -> None:
        """IPython's `pre_run_cell`."""
        self._ran = info
        self._idle.cell_starts()

    def after_cell(self, result: Any) -> None:
        """IPython's `post_run_cell`; the work itself is done after the reply."""
        info = result.info
        if result.success:
            self._cells.ended(info.raw_cell, info.cell_id)
        self._touches.ran(info.raw_cell, info.cell_id)
        self._idle.cell_ended()
        self._idle.soon(self._work)

    def heard(self, event: Event) -> None:
        """The engine's own events."""
        if event.type == "step_finished" and self._ledger is not None:
            self._ledger.forget(event.step)

    def edited(self, cells: Sequence[CellText]) -> None:
        """A frontend tells what stands on the screen; in a thread of its own."""
        self._cells.show(cells)
        known = self._look.steps.issuperset(step.name for step in self._steps())
        if self._idle.busy or (known and not self._idle.due):
            self._tell(self._judge(self._look), always=True)
        else:
            self._owed = True
            self._idle.soon(self._work)

    def wanted(self, done: tuple[str, ...]) -> None:
        """A frontend runs stale steps one after the other, and asks for the next."""
        self._wanted = done
        self._idle.soon(self._work)

    def end(self) -> None:
        """Nothing is done any more."""
        self._idle.drop()

    def stale(self) -> tuple[StaleStep, ...]:
        """Look at everything now; only from the kernel's own thread, and between cells."""
        self._look_around()
        return self._judge(self._look)

    def next(self, done: Sequence[str]) -> Cell | None:
        """The cell of the first stale step that is not done yet, ready to be run.

        Its inputs are then what the steps above it left. When none is left, variables are what
        the last step that leaves each of them left.
        """
        stale = {found.step for found in self.stale()} - set(done)
        if self._ledger is None:
            return None
        order = self._order(self._look.standings, self._scope())
        for cell in self._cells.current():
            step = step_of(cell)
            if step is not None and step.name in stale:
                self._make_ready(step, order)
                return cell
        if done:
            self._settle(order)
        return None

    def _work(self) -> None:
        if self._bench.warming:
            self._idle.soon(self._work)  # a cell that arrives meanwhile does not wait for it
            return
        owed, self._owed = self._owed, False
        self._tell(self.stale(), always=owed)
        if self._wanted is not None:
            done, self._wanted = self._wanted, None
            cell = self.next(done)
            step = step_of(cell) if cell else None
            self._send(StaleReady(step.name, step.cell_id) if step else StaleReady())

    def _tell(self, stale: tuple[StaleStep, ...], *, always: bool) -> None:
        with self._lock:
            news, self._told = stale != self._told, stale
        if news or always:
            self._send(StepsStale(stale))

    def _judge(self, look: _Look) -> tuple[StaleStep, ...]:
        """What the text on the screen makes of what was found when no cell ran."""
        texts = {step.name: step for step in self._steps()}
        placed = _placed(texts.values(), look.standings)
        edits = edited_names(self._cells, look.definitions)
        own = dict(look.differences)
        for step in placed:
            told = told_by_text(step, texts[step.name], placed, edits)
            own |= {step.name: told} if told else {}
        return tuple(
            StaleStep(name, texts[name].cell_id, reason)
            for name, reason in spread(placed, own).items()
        )

    def _steps(self) -> tuple[StepSource, ...]:
        found = (step_of(cell) for cell in self._cells.current())
        try:
            over = self._session.stated().over
        except NotebookError:  # the next step says so
            return tuple({step.name: step for step in found if step}.values())
        return tuple({step.name: over(step) for step in found if step}.values())

    def _scope(self) -> Scope:
        return self._bench.scope(self._session.run, self._session.definitions)

    def _look_around(self) -> None:
        self._session.recall()
        if not self._bench.opened:
            return
        scope, context = self._scope(), self._bench.context
        if self._ledger is None or self._ledger.pipeline != self._session.pipeline:
            self._ledger = Ledger(self._session.pipeline, context.metadata)
        names = frozenset(step.name for step in self._steps())
        standings = self._ledger.standings(names)
        self._touches.look(scope.variables, self._ledger)
        order = self._order(standings, scope)
        found = {s.name: difference(s, order, context) for s in order.steps}
        self._look = _Look(
            names,
            standings,
            {name: reason for name, reason in found.items() if reason},
            {**order.present.asleep, **self._session.definitions.hashes},
        )

    def _order(self, standings: Mapping[str, Standing], scope: Scope) -> Order:
        assert self._ledger is not None
        steps = _placed(self._steps(), standings)
        asleep = self._bench.asleep.hashes
        traces = [standing.trace for standing in standings.values()]
        present = Present(scope, self._files, asleep, traces)
        touched = self._touches.places(self._cells)
        return Order(steps, self._ledger, present, touched)

    def _make_ready(self, step: StepSource, order: Order) -> None:
        """Bind what the step would find if all above it had just run; nothing is loaded."""
        scope = order.present.surroundings.scope
        signature = analyze(python_source(step.source))
        closure = close_over(signature, scope.variables.namespace, scope.modules)
        (placed,) = (other for other in order.steps if other.name == step.name)
        names = closure.reads | closure.absent
        expected = {name: order.expected(name, placed).version for name in names}
        scope.variables.expect({n: version for n, version in expected.items() if version})

    def _settle(self, order: Order) -> None:
        names = frozenset().union(*(step.standing.outputs for step in order.steps))
        found = {name: order.last(name) for name in names}
        variables = order.present.surroundings.scope.variables
        variables.expect({name: version for name, version in found.items() if version})


def _placed(
    steps: Iterable[StepSource], standings: Mapping[str, Standing]
) -> tuple[PlacedStep, ...]:
    return tuple(
        place(PlacedStep(step.name, step.position, standings[step.name]), step)
        for step in steps
        if step.name in standings
    )
