"""The elements that a step is mapped over, and what a cell may not do to them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Set
from typing import Any

from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.engine.attempt import Attempt
from jupyter_mlpipe.engine.changes import Changes
from jupyter_mlpipe.model.errors import NotebookError
from jupyter_mlpipe.model.pipeline import FanOut
from jupyter_mlpipe.model.step import StepSource


def elements_of(namespace: Mapping[str, Any], fan_out: FanOut, step: StepSource) -> tuple[Any, ...]:
    """What a `for` loop over the variable gives; of a dict, its pairs of key and value.

    Raises:
        NotebookError: It is not there, or has no elements, no order, or several kinds of them.
    """
    if fan_out.over not in namespace:
        raise NotebookError(step.label, f"--map over `{fan_out.over}`, which is not defined.")
    collection = namespace[fan_out.over]
    advice = _why_not(collection, fan_out.over)
    if advice:
        kind = type(collection).__name__
        raise NotebookError(step.label, f"--map over `{fan_out.over}`, a {kind}: {advice}")
    try:
        return tuple(collection.items() if isinstance(collection, Mapping) else collection)
    except Exception as error:
        raise NotebookError(
            step.label,
            f"--map over `{fan_out.over}`: listing its elements raised "
            f"{type(error).__name__}: {error}.",
        ) from error


def refuse_accumulation(attempt: Attempt, own: Collection[str]) -> None:
    """What an element hands to the next one would be lost, for each starts from the same.

    Args:
        attempt: Of the whole step.
        own: Names that an earlier run of this very step left; elements do not see them.

    Raises:
        NotebookError: Names the variable.
    """
    variables, fan_out = attempt.scope.variables, attempt.step.options.fan_out
    element = {fan_out.element} if fan_out else set()
    carried = attempt.signature.reads & attempt.signature.writes & _built_on(attempt.python)
    bound = {n for n in carried if n in variables.namespace or n in variables.pending}
    for name in sorted(bound - element - set(own)):
        raise NotebookError(
            attempt.step.label,
            f"it builds `{name}` on what `{name}` was before, but the elements of --map run each "
            f"by itself. Let each leave its own part under another name, which becomes a list, "
            "and put the parts together in the next cell.",
        )


def interference(attempt: Attempt, changes: Changes) -> str:
    """How an element touched what others see too, as the rest of a sentence; empty if it did not.

    `attempt` is the element's.
    """
    element = attempt.scope.element
    held = attempt.before.get(element.name) if element else None
    if element and held and not attempt.scope.variables.is_unchanged(held):
        return (
            f"changes its element `{element.name}` in place. Work on a copy, such as "
            f"`{element.name} = copy.deepcopy({element.name})`"
        )
    for name in sorted(changes.mutated):
        return (
            f"changes `{name}` in place, which the other elements see too. Let each leave its "
            "own part under another name, which becomes a list"
        )
    for name in sorted(changes.deleted):
        return f"deletes `{name}`, which the other elements may need. Delete it in the next cell"
    return ""


def _why_not(collection: Any, name: str) -> str:
    kind = type(collection)
    if isinstance(collection, str | bytes | bytearray):
        return f"it has no elements but characters; if those are meant, map over `list({name})`."
    if isinstance(collection, Set) and not isinstance(collection, Mapping):
        return f"it has no order; map over `sorted({name})`."
    if kind.__name__ in ("DataFrame", "LazyFrame"):
        return (
            f'say what of it: `list({name}.groupby("key"))`, or `{name}.to_dict("records")` for '
            "its rows, in a cell of its own."
        )
    try:
        len(collection)
    except Exception:  # noqa: BLE001 - whatever a class raises, it has no length
        return f"it has no length; map over a list, such as `list({name})`."
    return ""


def _built_on(python: str) -> set[str]:
    """Names bound to something that is made of what they were: `n += 1`, `n = n + 1`."""
    built = set()
    for node in ast.walk(parse(python)):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            built.add(node.target.id)
        elif isinstance(node, ast.Assign):
            read = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            bound = (n for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name))
            built |= {n.id for n in bound if isinstance(n.ctx, ast.Store)} & read
    return built
