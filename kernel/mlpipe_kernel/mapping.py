"""A mapped step's cell in the kernel: IPython runs its body once for each element."""

from __future__ import annotations

import time
from collections.abc import Iterator
from html import escape
from typing import Any

from jupyter_mlpipe.engine.attempt import Attempt, StepReport
from jupyter_mlpipe.engine.executor import Outcome
from jupyter_mlpipe.engine.lookup import Hit
from jupyter_mlpipe.engine.mapped import MappedStep
from jupyter_mlpipe.engine.places import places_of
from jupyter_mlpipe.engine.watch import ProcessWatch
from jupyter_mlpipe.model.digest import new_id
from mlpipe_kernel.recorder import OutputRecorder, replay

_PATIENCE = 1.0
"""Seconds after which a line tells how far the elements are; it is renewed as often."""


class MappedCell:
    """Drives a mapped step while IPython runs the cell's body in a loop."""

    def __init__(
        self, step: MappedStep, recorder: OutputRecorder, watch: ProcessWatch, shell: Any
    ) -> None:
        self._step = step
        self._recorder = recorder
        self._watch = watch
        self._shell = shell
        self._began = time.perf_counter()
        self._progress = _Progress(len(step.elements), shell)

    def values(self) -> Iterator[Any]:
        """The elements that must run; in between, what came of them is recorded.

        An error of the cell, or Ctrl-C, leaves this where it is; `close` comes after it.
        """
        while (attempt := self._step.turn()) is not None:
            if isinstance(attempt.decision, Hit):
                replay(self._step.reuse(), self._shell)
            else:
                yield from self._run(attempt)
            self._progress.tell(self._step.done)

    def show(self, value: Any) -> None:
        """Display the last expression's value, as IPython does for a cell that runs once."""
        from IPython.display import display

        if value is not None and not self._shell.displayhook.quiet():
            display(value)

    def close(self, error: BaseException | None) -> StepReport:
        """Record the whole step, or how far it came."""
        self._watch.stop()
        self._recorder.stop()
        self._progress.end(self._step.done)
        told = "" if error is None else f"{type(error).__name__}: {error}"
        return self._step.close(Outcome(error, told), time.perf_counter() - self._began)

    def _run(self, attempt: Attempt) -> Iterator[Any]:
        self._recorder.start()
        seen = self._watch.start(attempt.journal, places_of(attempt))
        clock = time.perf_counter()
        yield self._step.elements[self._step.done]
        seconds = time.perf_counter() - clock
        self._watch.stop()
        self._step.finish(Outcome(outputs=self._recorder.stop()), seconds, seen)


class _Progress:
    """One line, `3 of 40 elements`, that appears when a cell takes long."""

    def __init__(self, total: int, shell: Any) -> None:
        self._total = total
        self._publisher = shell.display_pub
        self._id = new_id()
        self._told = time.perf_counter()
        self._shown = False

    def tell(self, done: int) -> None:
        """Say how far it is, unless that was said a moment ago."""
        now = time.perf_counter()
        if now - self._told >= _PATIENCE:
            self._told = now
            self._say(done)

    def end(self, done: int) -> None:
        """Leave the line with the last word, where there is one."""
        if self._shown:
            self._say(done)

    def _say(self, done: int) -> None:
        text = f"{done} of {self._total} elements"
        html = f'<div style="color:var(--jp-ui-font-color2,#6b7280)">{escape(text)}</div>'
        self._publisher.publish(
            {"text/plain": text, "text/html": html},
            {},
            transient={"display_id": self._id},
            update=self._shown,
        )
        self._shown = True
