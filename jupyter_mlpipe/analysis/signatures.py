"""What a whole step mentions: its cell, and the expressions on its `%%step` line."""

from __future__ import annotations

from dataclasses import replace

from jupyter_mlpipe.analysis.conditions import condition_signature
from jupyter_mlpipe.analysis.dataflow import analyze
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.model.pipeline import FanOut
from jupyter_mlpipe.model.step import StepSignature, StepSource


def step_signature(step: StepSource) -> StepSignature:
    """The signature of the cell, where what its condition and its `--map` read counts too.

    The name of the element is bound by `--map`, so the cell does not read what it was before.
    """
    cell = analyze(python_source(step.source))
    condition = condition_signature(step.options.condition)
    return replace(
        cell,
        reads=_around(cell.reads, step.options.fan_out) | condition.reads | _classes(step),
        direct=_around(cell.direct, step.options.fan_out) | condition.direct,
        dynamic=cell.dynamic or condition.dynamic,
        hiding=frozenset() if condition.dynamic else cell.hiding,
        receivers=frozenset() if condition.dynamic else cell.receivers,
    )


def _classes(step: StepSource) -> frozenset[str]:
    """Materializers that may be classes of the notebook; those that are ours are written small."""
    named = step.options.materializers.values()
    return frozenset(name for name in named if name[:1].isupper() and name.isidentifier())


def _around(reads: frozenset[str], fan_out: FanOut | None) -> frozenset[str]:
    """What the loop around the cell reads, given what the cell does."""
    return reads if fan_out is None else (reads - {fan_out.element}) | {fan_out.over}
