"""The lineage of one artifact version as a tree of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import StepRun
from jupyter_mlpipe.tracking.joins import by_ids
from jupyter_mlpipe.tracking.store import LineageEdge, MetadataStore

_DEPTH = 20


def lineage_lines(store: MetadataStore, version: ArtifactVersion) -> Iterator[str]:
    """The version, what it was made from, and what was made from it."""
    up = _tree(store, version, "upstream")
    down = _tree(store, version, "downstream")
    yield up.label(version.id)
    yield "made from" if up.next else "made from nothing that is on record"
    yield from up.branches(version.id, "")
    yield "used for" if down.next else "used for nothing yet"
    yield from down.branches(version.id, "")


@dataclass(frozen=True, slots=True)
class _Tree:
    next: Mapping[str, Sequence[str]]
    """Version to the versions that come after it, outwards."""
    versions: Mapping[str, ArtifactVersion]
    steps: Mapping[str, str]
    """Id of a step run to the step's name."""

    def label(self, id_: str) -> str:
        version = self.versions[id_]
        step = self.steps.get(version.step_run or "")
        return f"{version.variable or version.name} {version.label} " + (
            f"by step {step}" if step else "made outside a step"
        )

    def branches(self, id_: str, indent: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
        """What was shown above is not unfolded again."""
        children = self.next.get(id_, ())
        for number, child in enumerate(children):
            last = number == len(children) - 1
            yield f"{indent}{'└─ ' if last else '├─ '}{self.label(child)}"
            if child not in seen:
                deeper = f"{indent}{'   ' if last else '│  '}"
                yield from self.branches(child, deeper, seen | {id_})


def _tree(
    store: MetadataStore, version: ArtifactVersion, direction: Literal["upstream", "downstream"]
) -> _Tree:
    edges = store.lineage(version.id, direction, depth=_DEPTH)
    ids = {version.id, *(e.source for e in edges), *(e.target for e in edges)}
    versions = {found.id: found for found in by_ids(store, ArtifactVersion, ids)}
    makers = {found.step_run for found in versions.values() if found.step_run}
    steps = {run.id: run.step for run in by_ids(store, StepRun, makers)}
    return _Tree(_outwards(edges, direction), versions, steps)


def _outwards(edges: Sequence[LineageEdge], direction: str) -> Mapping[str, Sequence[str]]:
    found: dict[str, dict[str, None]] = {}
    for edge in edges:
        near, far = edge.target, edge.source
        if direction == "downstream":
            near, far = far, near
        found.setdefault(near, {})[far] = None
    return {near: tuple(far) for near, far in found.items()}
