"""What edited text says of steps, also while their code cannot be asked because a cell runs."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from jupyter_mlpipe.analysis.canonical import canonical_hash
from jupyter_mlpipe.analysis.dataflow import analyze
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.engine.dependencies import digest_of_options
from jupyter_mlpipe.engine.staleness import PlacedStep, nearest_above
from jupyter_mlpipe.model.run import Dependency, DependencyKind
from jupyter_mlpipe.model.step import StepSource

_EDITED = "the cell was edited since it ran"
_CODE = frozenset({DependencyKind.DEFINITION, DependencyKind.IMPORT})
_VALUES = frozenset({DependencyKind.INPUT, DependencyKind.CONSTANT, DependencyKind.PARAMETER})


@dataclass(frozen=True, slots=True)
class StepText:
    """What the text of a step's cell says."""

    cell_hash: str
    """Empty for code that does not parse."""
    writes: frozenset[str] = field(default_factory=frozenset)


@functools.lru_cache(maxsize=2048)
def read_step_text(source: str) -> StepText:
    """Facts about a step's code; asked again after each edit of any cell."""
    python = python_source(source)
    try:
        return StepText(canonical_hash(python), analyze(python).writes)
    except SyntaxError:
        return StepText("")


def place(step: PlacedStep, text: StepSource) -> PlacedStep:
    """The step with what its cell, if it was edited, would bind."""
    said = read_step_text(text.source)
    if said.cell_hash == step.standing.run.cell_hash:
        return step
    return replace(step, rewrites=said.writes)


def told_by_text(
    step: PlacedStep, text: StepSource, steps: Sequence[PlacedStep], edits: Mapping[str, int]
) -> str | None:
    """Why the text alone makes a step stale, in the user's words.

    Args:
        step: At its place among `steps`.
        text: Its cell now.
        steps: All of them, from top to bottom.
        edits: Names that edited cells outside of steps will bind anew, with the cell's position.
    """
    if read_step_text(text.source).cell_hash != step.standing.run.cell_hash:
        return _EDITED
    for dependency in step.standing.trace.dependencies:
        if dependency.kind is DependencyKind.OPTION:
            if dependency.digest != digest_of_options(text.options):
                return "the %%step line or mlpipe.yaml asks for other outputs"
        elif _is_edited(dependency, step, steps, edits):
            return f"`{dependency.name}` was edited, but not run yet"
    return None


def _is_edited(
    dependency: Dependency,
    step: PlacedStep,
    steps: Sequence[PlacedStep],
    edits: Mapping[str, int],
) -> bool:
    root = dependency.name.partition(".")[0]
    if root not in edits:
        return False
    if dependency.kind in _CODE:
        return True
    above = nearest_above(root, step.position, steps)
    comes_after = edits[root] < step.position and (above is None or above.position < edits[root])
    return dependency.kind in _VALUES and comes_after
