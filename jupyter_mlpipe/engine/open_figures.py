"""Figures that pyplot keeps open from cell to cell, on which a later cell may draw unnamed.

There are none in a notebook that shows figures inline, for there pyplot forgets them at the end
of each cell. With another backend they are state of the process that cannot be stored: the figure
may be held by variables as well, and a copy of it would be another figure.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from jupyter_mlpipe.model.run import Immovable, StepRun

FIGURES = "figures"
"""The kind of immovable state; its `shares` are the steps that were seen to draw on them."""
LEFT_OPEN = "a figure left open"


@dataclass(frozen=True, slots=True)
class Drawn:
    """How a step and the figures of pyplot met."""

    makers: tuple[StepRun, ...] = ()
    """Steps that had opened what this one drew on."""
    used: bool = False
    """Whether it drew on a figure that was open before it began."""
    missed: bool = False
    """Whether it would have, had these makers run rather than hit."""
    left: bool = False
    """Whether a figure that it opened is open still."""

    def why_never(self) -> str:
        """Why the step can never be proven to hold later; empty where it can."""
        return "draws on a figure that an earlier cell left open" if self.used else ""

    def immovable(self) -> tuple[Immovable, ...]:
        """As part of the step's own record."""
        return (Immovable("pyplot", FIGURES, LEFT_OPEN),) if self.left else ()

    def makers_noted(self, step_run: StepRun) -> tuple[StepRun, ...]:
        """The makers' records, as of steps that must run before this one."""
        return tuple(_noted(maker, step_run.step) for maker in self.makers)

    def problems(self, step_run: StepRun) -> tuple[str, ...]:
        """One line where the step did not find what the notebook's code would have left."""
        if not self.missed:
            return ()
        names = ", ".join(f"`{maker.step}`" for maker in self.makers)
        line = (
            f"this step draws on a figure that {names} leaves open in pyplot, which a hit does "
            f"not bring back: run {names} again, then `{step_run.step}`"
        )
        return (line,)


class OpenFigures:
    """Knows for one process which step opened which figure."""

    def __init__(self) -> None:
        self._makers: WeakKeyDictionary[Any, StepRun] = WeakKeyDictionary()
        self._missing: dict[str, StepRun] = {}
        """Steps that hit, and whose figure is therefore not open."""
        self._watch: _Watch | None = None
        self._before: frozenset[Any] = frozenset()

    def begin(self) -> None:
        """Look on while a step runs, if there is anything it could draw on."""
        self._stop()
        self._before = _open()
        registry = _registry()
        if registry is not None and (self._before or self._missing):
            self._watch = _Watch(registry)

    def end(self) -> Drawn:
        """What the step did, from its `begin` on."""
        watch = self._stop()
        left = bool(_open() - self._before)
        if watch is None:
            return Drawn(left=left)
        found = watch.met & self._before
        missed = watch.empty and bool(self._missing)
        makers = {run.id: run for run in map(self._makers.get, found) if run is not None}
        if missed:
            makers |= {run.id: run for run in self._missing.values()}
        return Drawn(tuple(makers.values()), bool(found) or missed, missed, left)

    def ran(self, step_run: StepRun, drawn: Drawn) -> None:
        """Take up what was recorded of a step that ran."""
        self._missing.pop(step_run.step, None)
        for manager in _open() - self._before:
            self._makers[manager] = step_run
        for maker in drawn.makers_noted(step_run):
            for manager, known in list(self._makers.items()):
                if known.id == maker.id:
                    self._makers[manager] = maker

    def hit(self, step_run: StepRun) -> None:
        """Take up that a step did not run, by the record of the run that holds still."""
        if any(state.kind == FIGURES for state in step_run.immovable):
            self._missing[step_run.step] = step_run

    def close_new(self) -> None:
        """Forget what the step opened, as a notebook does that shows figures inline."""
        for manager in _open() - self._before:
            _registry().destroy(manager)

    def _stop(self) -> _Watch | None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.stop()
        return watch


class _Watch:
    """Hears which figures pyplot takes for the current one.

    Pyplot asks its registry, matplotlib's `_pylab_helpers.Gcf`, whenever a call names no figure.
    """

    def __init__(self, registry: Any) -> None:
        self.met: set[Any] = set()
        self.empty = False
        """Whether it asked for the current figure while none was open."""
        self._registry = registry
        self._active: Callable[[], Any] = registry.get_active
        self._numbered: Callable[[Any], Any] = registry.get_fig_manager
        self._kept = {name: vars(registry)[name] for name in ("get_active", "get_fig_manager")}
        registry.get_active = self._get_active
        registry.get_fig_manager = self._get_fig_manager

    def stop(self) -> None:
        """Leave the registry as it was found."""
        for name, method in self._kept.items():
            setattr(self._registry, name, method)

    def _get_active(self) -> Any:
        manager = self._active()
        asked_by = sys._getframe(1).f_code.co_name  # noqa: SLF001
        if asked_by != "close":  # which draws nothing
            self.met.add(manager)
            self.empty |= manager is None
        return manager

    def _get_fig_manager(self, num: Any) -> Any:
        manager = self._numbered(num)
        self.met.add(manager)
        return manager


def keeps_open(step_run: StepRun | None) -> bool:
    """Whether other steps draw on what this one left open."""
    states = step_run.immovable if step_run else ()
    return any(state.kind == FIGURES and state.shares for state in states)


def _noted(maker: StepRun, user: str) -> StepRun:
    users = {user}.union(*(s.shares for s in maker.immovable if s.kind == FIGURES))
    others = tuple(state for state in maker.immovable if state.kind != FIGURES)
    state = Immovable("pyplot", FIGURES, LEFT_OPEN, tuple(sorted(users)))
    why = f"always runs: `{user}` draws on the figure it leaves open"
    return replace(maker, immovable=(*others, state), uncacheable=maker.uncacheable or why)


def _registry() -> Any:
    return getattr(sys.modules.get("matplotlib._pylab_helpers"), "Gcf", None)


def _open() -> frozenset[Any]:
    registry = _registry()
    return frozenset(registry.figs.values()) if registry is not None else frozenset()
