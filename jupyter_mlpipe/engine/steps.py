"""A step from lookup to record where no kernel runs it: on a worker, on every orchestrator."""

from __future__ import annotations

import time

from jupyter_mlpipe.engine.attempt import Attempt, StepReport
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.executor import Executor, Outcome
from jupyter_mlpipe.engine.lookup import Hit, Skip
from jupyter_mlpipe.engine.mapped import MappedStep
from jupyter_mlpipe.engine.places import places_of
from jupyter_mlpipe.engine.runner import apply_hit, begin, close_step, open_step, skip
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.engine.watch import Sightings
from jupyter_mlpipe.model.errors import NotebookError
from jupyter_mlpipe.model.step import StepSource


def run_step(step: StepSource, scope: Scope, executor: Executor, context: RunContext) -> StepReport:
    """Look a step up, and execute and record it if nothing earlier holds.

    Raises:
        NotebookError: The cell cannot be run as it is written; nothing was run.
    """
    attempt = open_step(step, scope, context)
    if isinstance(attempt.decision, Hit):
        return apply_hit(attempt, context)
    if isinstance(attempt.decision, Skip):
        return skip(attempt, context)
    attempt = begin(attempt, context)
    if step.options.fan_out is not None:
        return _run_elements(MappedStep(attempt, context), executor)
    return close_step(attempt, *_execute(attempt, executor), context)


def _run_elements(mapped: MappedStep, executor: Executor) -> StepReport:
    clock = time.perf_counter()
    outcome = Outcome()
    try:
        while outcome.error is None and (attempt := mapped.turn()) is not None:
            if isinstance(attempt.decision, Hit):
                mapped.reuse()
                continue
            outcome, seconds, seen = _execute(attempt, executor)
            mapped.finish(outcome, seconds, seen)
    except NotebookError as error:
        mapped.close(Outcome(error, str(error)), time.perf_counter() - clock)
        raise
    return mapped.close(outcome, time.perf_counter() - clock)


def _execute(attempt: Attempt, executor: Executor) -> tuple[Outcome, float, Sightings]:
    with attempt.scope.watch.watching(attempt.journal, places_of(attempt)) as seen:
        clock = time.perf_counter()
        outcome = executor.execute(attempt.step.source, attempt.scope.variables.namespace)
        return outcome, time.perf_counter() - clock, seen
