"""Whether an earlier run of a step still holds, and if not, what exactly changed.

A verifying trace, as in "Build systems à la carte" (Mokhov, Mitchell, Peyton Jones, 2018): a run
is stored with the digests of what it really used, and holds while each of them is the same.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from jupyter_mlpipe.analysis.quantities import format_seconds
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.dependencies import Surroundings
from jupyter_mlpipe.engine.moments import Live
from jupyter_mlpipe.engine.reasons import code_changed, differences
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import MlpipeError
from jupyter_mlpipe.model.run import Status, StepRun
from jupyter_mlpipe.model.step import StepSource
from jupyter_mlpipe.tracking.left import left_by, version_left
from jupyter_mlpipe.tracking.store import Query

CANDIDATES = 20
"""How many earlier runs of the same code are tried, newest first."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An earlier step run of which nothing has changed, and the versions it left."""

    step_run: StepRun
    left: Mapping[str, ArtifactVersion]
    """Its outputs, and what is bound together with them."""


@dataclass(frozen=True, slots=True)
class Miss:
    """The first difference to the newest earlier run, in the user's words."""

    reason: str
    diff: str = ""
    """A few lines of what changed; see `reasons.Difference`."""


@dataclass(frozen=True, slots=True)
class Skip:
    """The step is not to run: its condition is false."""

    reason: str


Decision: TypeAlias = Hit | Miss | Skip


def find(step: StepSource, cell_hash: str, now: Surroundings, context: RunContext) -> Hit | Miss:
    """Compare the newest runs of the same code with the present.

    What a miss tells is the difference to the newest of them.
    """
    where = {
        "pipeline": now.scope.run.pipeline,
        "step": step.name,
        "status": Status.SUCCEEDED,
        "element": now.scope.element.digest if now.scope.element else "",
    }
    same_code = Query(StepRun, {**where, "cell_hash": cell_hash}, limit=CANDIDATES, counted=False)
    misses = []
    for run in context.metadata.find(same_code).items:
        decision = _compare(run, Live(now, step.source), context)
        if isinstance(decision, Hit):
            return decision
        misses.append(decision)
    if misses:
        return misses[0]
    other_code = context.metadata.find(Query(StepRun, where, limit=1, counted=False)).items
    if not other_code:
        return Miss("first run")
    edited = code_changed(other_code[0].source, step.source)
    return Miss(edited.words, edited.diff)


def _compare(run: StepRun, now: Live, context: RunContext) -> Hit | Miss:
    difference = next(differences(run, now, context), None)
    if difference is not None:
        return Miss(difference.words, difference.diff)
    why_not = run.uncacheable or _expired(run, now.surroundings.options.expires_after)
    if why_not:
        return Miss(why_not)
    try:
        return Hit(run, _stored(run, context))
    except MlpipeError:
        return Miss("what was stored of it is damaged or gone")


def _expired(run: StepRun, after: float | None) -> str:
    """A hit on a run does not make it younger."""
    if after is None or time.time() - run.started - run.seconds <= after:
        return ""
    return f"expired after {format_seconds(after)}"


def _stored(run: StepRun, context: RunContext) -> Mapping[str, ArtifactVersion]:
    left = left_by(run)
    versions = {name: version_left(item, context.metadata) for name, item in left.items()}
    for manifest in {version.manifest for version in versions.values()}:
        context.artifacts.check(manifest)
    return versions
