"""Whether an earlier run of a step still holds, and if not, what exactly changed.

A verifying trace, as in "Build systems à la carte" (Mokhov, Mitchell, Peyton Jones, 2018): a run
is stored with the digests of what it really used, and holds while each of them is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.dependencies import OPAQUE, Surroundings
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import MlpipeError
from jupyter_mlpipe.model.run import Dependency, DependencyKind, Status, StepRun
from jupyter_mlpipe.tracking.store import Query

CANDIDATES = 20
"""How many earlier runs of the same code are tried, newest first."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An earlier step run of which nothing has changed, and the versions it left."""

    step_run: StepRun
    outputs: dict[str, ArtifactVersion]


@dataclass(frozen=True, slots=True)
class Miss:
    """The first difference to the newest earlier run, in the user's words."""

    reason: str


@dataclass(frozen=True, slots=True)
class Skip:
    """The step is not to run: its condition is false."""

    reason: str


Decision: TypeAlias = Hit | Miss | Skip


def find(step: str, cell_hash: str, now: Surroundings, context: RunContext) -> Hit | Miss:
    """Compare the newest runs of the same code with the present.

    What a miss tells is the difference to the newest of them.
    """
    where = {"pipeline": now.scope.run.pipeline, "step": step, "status": Status.SUCCEEDED}
    same_code = Query(StepRun, {**where, "cell_hash": cell_hash}, limit=CANDIDATES, counted=False)
    reasons = []
    for run in context.metadata.find(same_code).items:
        decision = _compare(run, now, context)
        if isinstance(decision, Hit):
            return decision
        reasons.append(decision.reason)
    if reasons:
        return Miss(reasons[0])
    earlier = context.metadata.find(Query(StepRun, where, limit=0)).total
    return Miss("the code of this cell changed" if earlier else "first run")


def _compare(run: StepRun, now: Surroundings, context: RunContext) -> Hit | Miss:
    difference = _difference(run, now, context)
    if difference is not None:
        return Miss(difference)
    try:
        return Hit(run, _stored_outputs(run, context))
    except MlpipeError:
        return Miss("what was stored of it is damaged or gone")


def _difference(run: StepRun, now: Surroundings, context: RunContext) -> str | None:
    for dependency in run.dependencies:
        digest = now.digest_now(dependency)
        if dependency.digest == OPAQUE or digest != dependency.digest:
            return describe_change(dependency, digest, now, context)
    return run.uncacheable or None


def _stored_outputs(run: StepRun, context: RunContext) -> dict[str, ArtifactVersion]:
    versions = {
        o.variable: context.metadata.get(ArtifactVersion, o.version_id) for o in run.outputs
    }
    for manifest in {version.manifest for version in versions.values()}:
        context.artifacts.check(manifest)
    return versions


def describe_change(
    dependency: Dependency, digest: str | None, now: Surroundings, context: RunContext
) -> str:
    """What became of something a run stood on, in the user's words."""
    name = dependency.name
    if dependency.digest == OPAQUE:
        return f"`{name}` cannot be compared with what it was"
    if dependency.kind is DependencyKind.INPUT:
        return _describe_input(name, digest, now, context)
    if dependency.kind is DependencyKind.PACKAGE:
        return f"{name} {dependency.digest} → {digest or 'not installed'}"
    if dependency.kind is DependencyKind.FILE:
        return f"{Path(name).name} {'is gone' if digest is None else 'changed'}"
    return _WORDS[dependency.kind].format(name=name)


def _describe_input(name: str, digest: str | None, now: Surroundings, context: RunContext) -> str:
    version = now.inputs.get(name)
    if digest is None:
        return f"`{name}` is no longer defined"
    if version is None or version.step_run is None:
        return f"`{name}` changed outside a step"
    producer = context.metadata.get(StepRun, version.step_run)
    return f"`{name}` changed by step {producer.step}"


_WORDS = {
    DependencyKind.OPTION: "the %%step line asks for other outputs",
    DependencyKind.PARAMETER: "parameter `{name}` changed",
    DependencyKind.CONSTANT: "`{name}` changed",
    DependencyKind.DEFINITION: "`{name}` was edited",
    DependencyKind.MODULE: "the module `{name}` was edited",
    DependencyKind.IMPORT: "`{name}` means something else now",
    DependencyKind.RANDOM: "{name} is in another state",
    DependencyKind.ABSENT: "`{name}` is defined now",
}
