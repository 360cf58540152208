"""What a whole step mentions: its cell, and the expressions on its `%%step` line."""

from __future__ import annotations

from dataclasses import replace

from jupyter_mlpipe.analysis.conditions import condition_signature
from jupyter_mlpipe.analysis.dataflow import analyze
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.model.step import StepSignature, StepSource


def step_signature(step: StepSource) -> StepSignature:
    """The signature of the cell, where what its condition reads counts as read by it."""
    cell = analyze(python_source(step.source))
    condition = condition_signature(step.options.condition)
    return replace(
        cell,
        reads=cell.reads | condition.reads,
        direct=cell.direct | condition.direct,
        dynamic=cell.dynamic or condition.dynamic,
    )
