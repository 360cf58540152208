"""The lineage graph of one notebook: its steps, and the versions they last read and left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import Immovable, Status, StepRun
from jupyter_mlpipe.model.views import GraphEdge, GraphNode, LineageGraph
from jupyter_mlpipe.tracking.joins import Joined, join
from jupyter_mlpipe.tracking.store import MetadataStore, Query
from jupyter_mlpipe.tracking.unkept import unkept_left, unkept_reads

_LEFT_SOMETHING = (Status.SUCCEEDED.value, Status.CACHED.value)
_ENDED = (*_LEFT_SOMETHING, Status.FAILED.value, Status.SKIPPED.value)
_EDITED = "the cell was edited since it ran"


@dataclass(frozen=True, slots=True)
class NotebookStep:
    """A step as the notebook has it now."""

    name: str
    cell_id: str | None = None
    cell_hash: str = ""
    """Compared with that of the last run; empty when it is not known."""
    depends_on: tuple[str, ...] = ()
    """Steps it is expected to follow; drawn until a run tells what it really reads."""


@dataclass(frozen=True, slots=True)
class _Past:
    """What is recorded of a notebook's steps; a step that never ran is in neither mapping."""

    ended: Mapping[str, StepRun]
    """The newest run of each step that came to an end."""
    left: Mapping[str, StepRun]
    """The newest run of each step that left its outputs, in the notebook's order."""
    joined: Joined


def lineage_graph(
    store: MetadataStore, pipeline: str, notebook: str, steps: Sequence[NotebookStep]
) -> LineageGraph:
    """Join the notebook's steps with their newest runs."""
    past = _past(store, pipeline, steps)
    stale = _stale(steps, past)
    versions = _shown(steps, past)
    shown = {step.name for step in steps}
    nodes = [_step_node(step, past, stale) for step in steps]
    nodes += [_artifact_node(version) for version in versions.values()]
    nodes += [_unkept_node(run.step, s) for run in past.left.values() for s in unkept_left(run)]
    edges = dict.fromkeys(_made(versions, past, shown))
    edges |= dict.fromkeys(edge for step in steps for edge in _read(step, past, shown))
    return LineageGraph(pipeline, notebook, tuple(nodes), tuple(edges))


def _past(store: MetadataStore, pipeline: str, steps: Sequence[NotebookStep]) -> _Past:
    ended: dict[str, StepRun] = {}
    left: dict[str, StepRun] = {}
    for name in dict.fromkeys(step.name for step in steps):
        last = _newest(store, pipeline, name, _ENDED)
        if last is None:
            continue
        ended[name] = last
        if last.status.value not in _LEFT_SOMETHING:
            last = _newest(store, pipeline, name, _LEFT_SOMETHING)
        if last is not None:
            left[name] = last
    return _Past(ended, left, join(store, (*ended.values(), *left.values())))


def _newest(
    store: MetadataStore, pipeline: str, step: str, statuses: tuple[str, ...]
) -> StepRun | None:
    where = {"pipeline": pipeline, "step": step, "status": statuses}
    return next(iter(store.find(Query(StepRun, where, limit=1)).items), None)


def _shown(steps: Sequence[NotebookStep], past: _Past) -> Mapping[str, ArtifactVersion]:
    """In the notebook's order: what each step read, then what it left."""
    ids: list[str] = []
    for step in steps:
        if step.name in past.ended:
            ids += (item.version_id for item in past.ended[step.name].inputs)
        if step.name in past.left:
            ids += (item.version_id for item in past.left[step.name].outputs)
    return {version_id: past.joined.versions[version_id] for version_id in ids}


def _stale(steps: Sequence[NotebookStep], past: _Past) -> Mapping[str, str]:
    """Why a step's result no longer stands; it takes down whatever was made of it."""
    reasons: dict[str, str] = {}
    for step in steps:
        run = past.ended.get(step.name)
        if run and step.cell_hash and step.cell_hash != run.cell_hash:
            reasons[step.name] = _EDITED
        elif run and (changed := next(_outdated(run, past), None)):
            reasons[step.name] = changed
    waiting = list(reasons)
    while waiting:
        cause = waiting.pop()
        for reader in _readers(cause, past):
            if reader not in reasons:
                reasons[reader] = f"step {cause}, on which it depends, is stale"
                waiting.append(reader)
    return reasons


def _outdated(run: StepRun, past: _Past) -> Iterator[str]:
    """An input counts as old only if its producer has left another value since."""
    for item in run.inputs:
        step = past.joined.producer_step(item.version_id)
        producer = past.left.get(step) if step and step != run.step else None
        for output in producer.outputs if producer else ():
            old, new = (past.joined.versions[i.version_id].digest for i in (item, output))
            if output.variable == item.variable and new != old:
                yield f"`{item.variable}` changed by step {step}"
    for name in unkept_reads(run):
        maker = _unkept_maker(name, run, past)
        if maker is not None and maker.started > run.started:
            yield f"`{name}` changed by step {maker.step}"


def _readers(step: str, past: _Past) -> Iterator[str]:
    for run in past.ended.values():
        makers = [past.joined.producer_step(item.version_id) for item in run.inputs]
        unkept = (_unkept_maker(name, run, past) for name in unkept_reads(run))
        if step in (*makers, *(maker.step for maker in unkept if maker is not None)):
            yield run.step


def _unkept_maker(name: str, reader: StepRun, past: _Past) -> StepRun | None:
    """Who left what a step read and could not be stored; None where no step did.

    The last that left it before it was read; where all have run again since, the nearest above.
    """
    left = [r for r in past.left.values() if any(s.name == name for s in unkept_left(r))]
    before = [r for r in left if r.run_id == reader.run_id and r.started < reader.started]
    if before:
        return max(before, key=lambda run: run.started)
    order = list(past.ended)
    above = [r for r in left if order.index(r.step) < order.index(reader.step)]
    return above[-1] if above else None


def _step_node(step: NotebookStep, past: _Past, stale: Mapping[str, str]) -> GraphNode:
    node, run = f"step:{step.name}", past.ended.get(step.name)
    if run is None:
        return GraphNode(node, "step", step.name, status="not_run", cell_id=step.cell_id)
    outdated = step.name in stale and run.status is not Status.FAILED
    return GraphNode(
        node,
        "step",
        step.name,
        status="stale" if outdated else run.status.value,
        reason=stale[step.name] if outdated else run.reason,
        cell_id=step.cell_id or run.cell_id,
        seconds=run.seconds,
        elements=run.elements,
    )


def _artifact_node(version: ArtifactVersion) -> GraphNode:
    return GraphNode(
        f"artifact:{version.id}",
        "artifact",
        version.variable or version.name,
        artifact=version.name,
        version=version.version,
        version_name=version.version_name,
        type=version.type.value,
        python_type=version.python_type,
        nbytes=version.nbytes,
        outside=version.step_run is None,
    )


def _unkept_node(step: str, state: Immovable) -> GraphNode:
    return GraphNode(
        _unkept_id(step, state.name),
        "artifact",
        state.name,
        reason=f"{state.what}, which cannot be kept",
    )


def _unkept_id(step: str, variable: str) -> str:
    return f"unkept:{step}:{variable}"


def _made(
    versions: Mapping[str, ArtifactVersion], past: _Past, shown: set[str]
) -> Iterator[GraphEdge]:
    for version_id in versions:
        if (step := past.joined.producer_step(version_id)) in shown:
            yield GraphEdge(f"step:{step}", f"artifact:{version_id}")
    for run in past.left.values():
        for state in unkept_left(run):
            yield GraphEdge(f"step:{run.step}", _unkept_id(run.step, state.name))


def _read(step: NotebookStep, past: _Past, shown: set[str]) -> Iterator[GraphEdge]:
    run = past.ended.get(step.name)
    if run is None:
        for name in step.depends_on:
            if name in shown:
                yield GraphEdge(f"step:{name}", f"step:{step.name}")
        return
    for item in run.inputs:
        yield GraphEdge(f"artifact:{item.version_id}", f"step:{step.name}")
    for name in unkept_reads(run):
        if (maker := _unkept_maker(name, run, past)) is not None:
            yield GraphEdge(_unkept_id(maker.step, name), f"step:{step.name}")
