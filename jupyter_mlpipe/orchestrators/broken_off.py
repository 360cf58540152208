"""A local run that ended without a word, put on record for whoever looks at it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from jupyter_mlpipe.model.digest import digest_of
from jupyter_mlpipe.model.pipeline import PipelineStep
from jupyter_mlpipe.model.run import Run, Status, StepRun
from jupyter_mlpipe.tracking.store import MetadataStore, Query

ENDED = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})
_MOST_STEPS = 10_000


def record_broken_off(
    metadata: MetadataStore, run_id: str, steps: Sequence[PipelineStep], reason: str, error: str
) -> Run:
    """Record the run as failed, unless it came to an end by itself.

    The first of the pipeline's steps without a record carries `reason` and `error`; the others
    are cancelled. Whoever does the same again records the same.
    """
    run = metadata.get(Run, run_id)
    if run.status in ENDED:
        return run
    found = metadata.find(Query(StepRun, {"run_id": run_id}, limit=_MOST_STEPS)).items
    recorded = {step_run.step for step_run in found}
    left = [step for step in steps if step.name not in recorded]
    ended = replace(run, status=Status.FAILED, ended=time.time())
    records = [_failed(run, step, reason, error) for step in left[:1]]
    records += [_untried(run, step) for step in left[1:]]
    metadata.append((*records, ended))
    return ended


def _failed(run: Run, step: PipelineStep, reason: str, error: str) -> StepRun:
    return replace(_untried(run, step), status=Status.FAILED, reason=reason, error=error)


def _untried(run: Run, step: PipelineStep) -> StepRun:
    return StepRun(
        id=digest_of("broken off", [run.id, step.id])[:32],
        run_id=run.id,
        pipeline=run.pipeline,
        step=step.name,
        status=Status.CANCELLED,
        started=time.time(),
        reason="the run broke off",
        cell_id=step.cell_id,
    )
