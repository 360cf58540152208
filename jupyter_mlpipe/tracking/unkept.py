"""Variables whose values could not be stored: who left them and who read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jupyter_mlpipe.model.run import OPAQUE, DependencyKind, Immovable, Status, StepRun

_LEFT_SOMETHING = (Status.SUCCEEDED, Status.CACHED)


def unkept_reads(run: StepRun) -> tuple[str, ...]:
    """What a step run read, and no version could be made of."""
    kept = {item.variable for item in run.inputs}
    return tuple(
        d.name
        for d in run.dependencies
        if d.kind is DependencyKind.INPUT
        and d.digest == OPAQUE
        and not d.detail
        and d.name not in kept
    )


def unkept_left(run: StepRun) -> tuple[Immovable, ...]:
    """What a step run left or changed, and no version could be made of."""
    return tuple(state for state in run.immovable if state.kind == "variable")


def unkept_makers(step_runs: Iterable[StepRun]) -> Mapping[str, Mapping[str, StepRun]]:
    """By id of a step run: what it read of that kind, with the step run that left each.

    Such values live in one process, so only step runs of one run count, and in their order.
    Variables that no step made are left out.
    """
    left: dict[str, StepRun] = {}
    found: dict[str, Mapping[str, StepRun]] = {}
    for run in step_runs:
        found[run.id] = {name: left[name] for name in unkept_reads(run) if name in left}
        if run.status in _LEFT_SOMETHING:
            for name in (*run.deleted, *(output.variable for output in run.outputs)):
                left.pop(name, None)
            left |= {state.name: run for state in unkept_left(run)}
    return found
