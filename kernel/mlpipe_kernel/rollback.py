"""How it is recorded that a variable holds an earlier version again."""

from __future__ import annotations

import time
from dataclasses import replace

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.run import Output, Run, Status, StepRun
from jupyter_mlpipe.tracking.store import MetadataStore, Query


def left_again(version: ArtifactVersion, run: Run, metadata: MetadataStore) -> StepRun | None:
    """A cached run of the step that made the version; None for what was made outside a step.

    What else the step left stays as its newest run has it. So lineage shows the version where it
    is used from now on, steps that read another one are stale, and a restart restores this one.
    """
    if version.step_run is None:
        return None
    maker = metadata.get(StepRun, version.step_run)
    where = {
        "pipeline": maker.pipeline,
        "step": maker.step,
        "status": (Status.SUCCEEDED, Status.CACHED),
    }
    newest = next(iter(metadata.find(Query(StepRun, where, limit=1, counted=False)).items), maker)
    others = [o for o in newest.outputs if o.variable != version.variable]
    return replace(
        maker,
        id=new_id(),
        run_id=run.id,
        pipeline=run.pipeline,
        status=Status.CACHED,
        started=time.time(),
        seconds=0.0,
        reason=f"`{version.variable}` was rolled back to {version.label}",
        outputs=(*others, Output(version.variable, version.id)),
        shared=(),
        deleted=(),
        dependencies=(),
        uncacheable="",
        cached_from=maker.cached_from or maker.id,
        effects={},
        immovable=(),
    )
