"""Step runs joined with the artifact versions they read and left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.models import ModelVersion
from jupyter_mlpipe.model.run import StepRun
from jupyter_mlpipe.tracking.store import MetadataStore, Query, R

_MOST = 100_000
_BATCH = 500
"""Ids asked for in one query; databases limit how many one may name."""


@dataclass(frozen=True, slots=True)
class Joined:
    """What a set of step runs touched."""

    versions: Mapping[str, ArtifactVersion]
    """By id."""
    producers: Mapping[str, StepRun]
    """The step run that made a version, by the version's id; without those made outside a step."""

    def producer_step(self, version_id: str) -> str | None:
        """The name of the step that made a version."""
        run = self.producers.get(version_id)
        return run.step if run else None


def join(store: MetadataStore, step_runs: Iterable[StepRun]) -> Joined:
    """Load whatever the given step runs read or left, in a few queries."""
    known = {run.id: run for run in step_runs}
    touched = {item.version_id for run in known.values() for item in run.inputs}
    touched |= {item.version_id for run in known.values() for item in run.outputs}
    versions = {version.id: version for version in by_ids(store, ArtifactVersion, touched)}
    makers = {version.step_run for version in versions.values() if version.step_run}
    known |= {run.id: run for run in by_ids(store, StepRun, makers - known.keys())}
    producers = {
        version.id: known[version.step_run]
        for version in versions.values()
        if version.step_run in known
    }
    return Joined(versions, producers)


def grouping(store: MetadataStore, versions: Sequence[ArtifactVersion]) -> Mapping[str, str]:
    """Those that model versions of any project group: their ids, each with words for people."""
    found: dict[str, str] = {}
    for start in range(0, len(versions), _BATCH):
        some = {version.id: version for version in versions[start : start + _BATCH]}
        query = Query(ModelVersion, {"artifact": tuple(some)}, limit=_MOST, counted=False)
        for model in store.find(query).items:
            for role, id_ in model.artifacts.items():
                if id_ in some:
                    named = f"{some[id_].name} {some[id_].label}"
                    found.setdefault(id_, f"{named} ({role} of {model.model} {model.label})")
    return found


def by_ids(store: MetadataStore, kind: type[R], ids: Iterable[str]) -> Iterator[R]:
    """The records with these ids, in no particular order; ids of nothing are passed over."""
    wanted = sorted(ids)
    for start in range(0, len(wanted), _BATCH):
        some = tuple(wanted[start : start + _BATCH])
        yield from store.find(Query(kind, {"id": some}, limit=_BATCH)).items
