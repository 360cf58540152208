"""Whether the steps that `--after` names have run before this one."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_mlpipe.analysis.order import steps_named, suggest_step
from jupyter_mlpipe.engine.handover import FINISHED
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.model.step import StepSource
from jupyter_mlpipe.tracking.store import MetadataStore, Query

_LOOKED_AT = 200
"""Step runs in which other names are looked for."""


def unmet_order(
    step: StepSource, run: Run, stated: frozenset[str], metadata: MetadataStore
) -> Iterator[str]:
    """One line for each step that should have come first; the cell runs all the same.

    `stated` are the steps of the notebook as it was saved.
    """
    recent = metadata.find(
        Query(StepRun, {"pipeline": run.pipeline, "element": ""}, limit=_LOOKED_AT)
    ).items
    known = sorted(stated.union(past.step for past in recent) - {step.name})
    for name in steps_named(step.options.after, known):
        done = {"run_id": run.id, "step": name, "status": FINISHED}
        if metadata.find(Query(StepRun, done, limit=1, counted=False)).items:
            continue
        if name in known:
            yield f"--after names the step {name!r}, which has not run in this session yet"
        else:
            meant = suggest_step(name, known) if known else "The notebook has no other step yet."
            yield f"--after names the step {name!r}, which is not known. {meant}"
