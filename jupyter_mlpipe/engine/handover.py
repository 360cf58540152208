"""What the steps of one run pass on to each other through the metadata store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from jupyter_mlpipe.analysis.modules import is_local_module
from jupyter_mlpipe.engine.file_facts import nothing_left
from jupyter_mlpipe.engine.immovable import StepText, is_used
from jupyter_mlpipe.engine.module_states import OUTSIDE, is_of_module
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.digest import digest_of
from jupyter_mlpipe.model.errors import PipelineError
from jupyter_mlpipe.model.pipeline import Pipeline, PipelineStep
from jupyter_mlpipe.model.run import DependencyKind, Immovable, Output, Run, Shared, Status, StepRun
from jupyter_mlpipe.tracking.joins import by_ids
from jupyter_mlpipe.tracking.left import left_by, version_left
from jupyter_mlpipe.tracking.store import MetadataStore, Query

FINISHED = (Status.SUCCEEDED, Status.CACHED, Status.SKIPPED)
"""A step whose condition was false is done, and leaves every variable as it was."""
_MOST_STEPS = 10_000
_RUNS_LOOKED_AT = 20


def shared_run_id(engine: str, engine_run_id: str) -> str:
    """The id under which all steps of an engine's run record themselves, without talking."""
    return digest_of("run", [engine, engine_run_id])[:32]


def visible_versions(
    pipeline: Pipeline,
    step: PipelineStep,
    run_id: str,
    metadata: MetadataStore,
    done_here: Set[str] = frozenset(),
) -> Mapping[str, ArtifactVersion]:
    """What a step finds bound when it starts, as in the notebook: variable to version.

    Everything counts that was left by the steps it waits for, the later in the notebook winning,
    not only what the step reads: a value may share memory with one that is read. What it does
    read counts from its sources alone. What a step of this process left last, one of
    `done_here`, is not among it: that is bound already.

    Raises:
        PipelineError: One of these steps has not finished in this run.
    """
    finished = finished_steps(run_id, metadata)
    sources = {read.variable: read.sources for read in step.inputs}
    left: dict[str, Output | Shared] = {}
    waited_for = _waited_for(pipeline, step, done_here)
    for earlier in pipeline.steps[: pipeline.steps.index(step)]:
        if earlier not in waited_for:
            # It binds these names anew, so what they held before is past.
            for name in set(earlier.outputs) - sources.keys():
                left.pop(name, None)
            continue
        if earlier.name not in finished:
            raise PipelineError(
                f"Step {step.name!r} needs step {earlier.name!r}, which has not finished in run "
                f"{run_id}. Run it first, with the same run id and metadata store."
            )
        if earlier.name in done_here:
            for name in _bound_by(finished[earlier.name]):
                left.pop(name, None)  # it is here already, or is no more
            continue
        for name in finished[earlier.name].deleted:
            left.pop(name, None)
        left |= {
            name: item
            for name, item in left_by(finished[earlier.name]).items()
            if earlier.id in sources.get(name, (earlier.id,))
        }
    return {name: version_left(item, metadata) for name, item in sorted(left.items())}


def finished_steps(run_id: str, metadata: MetadataStore) -> Mapping[str, StepRun]:
    """The newest finished step run of each step of a run, by the step's name."""
    where = {"run_id": run_id, "status": FINISHED, "element": ""}
    query = Query(StepRun, where, newest_first=False, limit=_MOST_STEPS)
    return {step_run.step: step_run for step_run in metadata.find(query).items}


def process_effects(
    pipeline: Pipeline,
    step: PipelineStep,
    run_id: str,
    metadata: MetadataStore,
    done_here: Set[str] = frozenset(),
) -> Mapping[str, str]:
    """What earlier steps changed of their process, in order: name of the effect to its blob.

    In a notebook one step draws on where the one before it stopped. What a step of `done_here`
    changed last is so already.
    """
    finished = finished_steps(run_id, metadata)
    effects: dict[str, str] = {}
    for earlier in _waited_for(pipeline, step, done_here):
        for name, blob in finished[earlier.name].effects.items():
            effects.pop(name, None)  # the order of the last changes counts
            if earlier.name not in done_here:
                effects[name] = blob
    return effects


def taken_away(
    pipeline: Pipeline,
    step: PipelineStep,
    run_id: str,
    metadata: MetadataStore,
    done_here: Set[str] = frozenset(),
) -> frozenset[str]:
    """Files and folders that steps above removed or moved, and none made again since."""
    finished, nothing = finished_steps(run_id, metadata), nothing_left()
    runs = [finished[earlier.name] for earlier in _waited_for(pipeline, step, done_here)]
    hit = {run.cached_from for run in runs if run.cached_from}
    ran = {run.id: run for run in by_ids(metadata, StepRun, hit)}
    digests: dict[str, str] = {}
    for run in runs:
        told = ran.get(run.cached_from or "", run)
        written = (d for d in told.dependencies if d.kind is DependencyKind.WRITTEN)
        digests |= {found.name: found.digest for found in written}
    return frozenset(path for path, digest in digests.items() if digest == nothing)


def left_in_another_process(
    pipeline: Pipeline, step: PipelineStep, text: StepText, finished: Mapping[str, StepRun]
) -> str:
    """What the step needs and no process but that of an earlier step has; empty if nothing.

    `finished` are the steps of the run that were executed in other processes. Local modules are
    left out: which of them a step needs is known exactly when it is looked up.
    """
    there: dict[tuple[str, str], tuple[str, Immovable]] = {}
    for earlier in pipeline.steps[: pipeline.steps.index(step)]:
        run = finished.get(earlier.name)
        if run is None:
            continue
        for name in (*run.deleted, *(output.variable for output in run.outputs)):
            there.pop(("variable", name), None)
        there |= {(state.kind, state.name): (earlier.name, state) for state in run.immovable}
    for maker, state in there.values():
        if is_used(state, step.name, text) and not (
            state.kind == "module" and is_local_module(state.name)
        ):
            return (
                f"Step {step.name!r} uses `{state.name}` ({state.what}), which step {maker!r} left "
                "in its own process and which cannot travel to another. It is on record now: run "
                "or promote the notebook again, and these steps run as one task."
            )
    return ""


def changed_modules(
    pipeline: Pipeline, step: PipelineStep, finished: Mapping[str, StepRun]
) -> Mapping[str, str]:
    """Modules that finished steps above this one changed, each with the last of them."""
    above = [other.name for other in pipeline.steps[: pipeline.steps.index(step)]]
    return {
        state.name: name
        for name in above
        if name in finished
        for state in finished[name].immovable
        if state.kind == "module"
    }


def last_in_notebook(
    pipeline: str, step: str, cell_hash: str, metadata: MetadataStore
) -> StepRun | None:
    """How the notebook ran the step last; None where it never did."""
    where = {"pipeline": pipeline, "step": step, "cell_hash": cell_hash, "element": ""}
    query = Query(StepRun, {**where, "status": Status.SUCCEEDED}, limit=_RUNS_LOOKED_AT)
    runs = metadata.find(query).items
    return next((r for r in runs if metadata.get(Run, r.run_id).kind == "notebook"), None)


def done_outside(last: StepRun | None) -> Mapping[str, str]:
    """What cells without a step had done to modules when the notebook ran the step last.

    Returns:
        Name of the dependency to what was done, in words.
    """
    found = last.dependencies if last else ()
    return {d.name: d.detail for d in found if is_of_module(d.name) and OUTSIDE in d.detail}


def not_left(pipeline: Pipeline, step: PipelineStep, there: Set[str]) -> Sequence[str]:
    """One line for each input that no step left, though one was expected to.

    `there` are the variables that the step will find.
    """
    names = {other.id: other.name for other in pipeline.steps}
    makers = {other.id: other.outputs for other in pipeline.steps}
    return [
        f"`{read.variable}` was not left by {', '.join(names[s] for s in read.sources)}; if the "
        "cell reads it, it is not defined."
        for read in step.inputs
        if read.variable not in there and any(read.variable in makers[s] for s in read.sources)
    ]


def _bound_by(run: StepRun) -> frozenset[str]:
    """Variables that are what this step run made of them."""
    outputs = left_by(run).keys()
    unkept = (state.name for state in run.immovable if state.kind == "variable")
    return frozenset((*outputs, *unkept, *run.deleted))


def unforeseen(pipeline: Pipeline, step: PipelineStep, step_run: StepRun) -> str:
    """What the step changed that a later step reads without waiting for it; empty if nothing.

    Edges are made from what a cell was seen to do. When other data make it change more, or let it
    leave an alias, a step that does not wait for it would find the value from before it.
    """
    left = {output.variable for output in step_run.outputs} | set(step_run.deleted)
    left |= {item.variable for item in step_run.shared} - set(step.shared)
    left -= set(step.outputs)
    position = pipeline.steps.index(step)
    for later in pipeline.steps[position + 1 :]:
        if step.task and later.task == step.task:
            continue
        for read in later.inputs:
            if read.variable in left and step.id not in read.sources:
                return (
                    f"Step {step.name!r} changed `{read.variable}`, which it had not done in any "
                    f"earlier run, and step {later.name!r} reads it without waiting. The change "
                    "is on record now: run or promote the notebook again."
                )
    return ""


def _waited_for(
    pipeline: Pipeline, step: PipelineStep, done_here: Set[str]
) -> tuple[PipelineStep, ...]:
    """The steps above this one in the notebook that it waits for, at any remove.

    Those that have run in this process count as well: it finds what they left.
    """
    by_id = {other.id: other for other in pipeline.steps}
    wanted, seen = list(step.depends_on), set[str]()
    while wanted:
        id_ = wanted.pop()
        if id_ not in seen:
            seen.add(id_)
            wanted.extend(by_id[id_].depends_on)
    above = pipeline.steps[: pipeline.steps.index(step)]
    return tuple(other for other in above if other.id in seen or other.name in done_here)
