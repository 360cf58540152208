"""One transaction for everything about a step run; what is refused in it is not lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import VersionTakenError
from jupyter_mlpipe.model.labels import Labels
from jupyter_mlpipe.model.models import ModelVersion
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.tracking.runs import number_of
from jupyter_mlpipe.tracking.store import MetadataStore, Query

Beside: TypeAlias = ArtifactVersion | Labels | StepRun | ModelVersion


@dataclass(frozen=True, slots=True)
class Appended:
    """What is on record now."""

    versions: tuple[ArtifactVersion, ...]
    """With their numbers."""
    model: ModelVersion | None = None
    warnings: tuple[str, ...] = ()


def append(
    step_run: StepRun,
    beside: Sequence[Beside],
    scope: Scope,
    context: RunContext,
) -> Appended:
    """Record a step run, its run, and what stands beside it.

    A version name that another process took since it was found to be free costs the version its
    name and nothing else.
    """
    new = context.environment.unrecorded(step_run.environment)
    taken: dict[str, ArtifactVersion] = {}
    while True:
        try:
            unnamed = tuple(_without_name(item, taken) for item in beside)
            stored = context.metadata.append((*new, scope.run, *unnamed, step_run))
        except VersionTakenError:
            found = dict(_taken(beside, context.metadata))
            if found.keys() <= taken.keys():
                raise
            taken = found
        else:
            break
    if new:
        context.environment.recorded = step_run.environment
    versions = tuple(item for item in stored if isinstance(item, ArtifactVersion))
    told = (_told(v, taken[v.id], scope.run, context.metadata) for v in versions if v.id in taken)
    model = next((item for item in stored if isinstance(item, ModelVersion)), None)
    return Appended(versions, model, tuple(told))


def _taken(
    beside: Sequence[Beside], metadata: MetadataStore
) -> Iterator[tuple[str, ArtifactVersion]]:
    """Ids of versions, each with the one on record that has its name."""
    for item in beside:
        if isinstance(item, ArtifactVersion) and item.version_name is not None:
            where = {"name": item.name, "version_name": item.version_name}
            query = Query(ArtifactVersion, where, limit=1, counted=False)
            yield from ((item.id, other) for other in metadata.find(query).items)


def _without_name(item: Beside, taken: Mapping[str, ArtifactVersion]) -> Beside:
    if isinstance(item, ArtifactVersion) and item.id in taken:
        return replace(item, version_name=None)
    return item


def _told(mine: ArtifactVersion, other: ArtifactVersion, run: Run, metadata: MetadataStore) -> str:
    return (
        f"`{mine.variable}`: the version {other.version_name!r} of {other.name!r} was taken "
        f"meanwhile {_maker(other, run, metadata)}, so this one is {mine.label}"
    )


def _maker(version: ArtifactVersion, run: Run, metadata: MetadataStore) -> str:
    if version.step_run is None:
        return "outside a step"
    step_run = metadata.get(StepRun, version.step_run)
    number = number_of(metadata, metadata.get(Run, step_run.run_id))
    elsewhere = "" if step_run.pipeline == run.pipeline else f" of {step_run.pipeline}"
    return f"by run {number}{elsewhere} (step {step_run.step})"
