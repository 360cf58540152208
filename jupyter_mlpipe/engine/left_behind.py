"""What a step leaves in its process beside what could be stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_mlpipe.analysis.mutation import stored_into
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.engine.attempt import Attempt
from jupyter_mlpipe.engine.capture import Captured
from jupyter_mlpipe.engine.changes import Changes
from jupyter_mlpipe.engine.immovable import handed_functions, immovable_variables, moved_on
from jupyter_mlpipe.engine.memories import handed_out, remembered, remembered_since
from jupyter_mlpipe.engine.scripts import left_untold
from jupyter_mlpipe.model.run import Immovable


def left_behind(attempt: Attempt, captured: Captured, changes: Changes) -> tuple[Immovable, ...]:
    """State that no other process can be given, by the variable or function that has it."""
    namespace = attempt.scope.variables.namespace
    unkept = captured.problems.keys() - captured.versions.keys()
    opaque = {n for n, version in attempt.surroundings.inputs.items() if version is None}
    before, places = attempt.before, attempt.scope.watch.places
    used = {
        n: v
        for n in opaque & before.keys() & namespace.keys()
        if before[n].holds(v := namespace[n])
    }
    changed = (unkept & changes.mutated) | (_changed(attempt, used) - changes.written)
    return (
        *immovable_variables(unkept & changes.written, namespace, places),
        *immovable_variables(changed, namespace, places, mutated=True),
        *attempt.threads_left,
        *attempt.modules_changed,
        *_remembered(attempt, changes),
        *attempt.drawn.immovable(),
        *handed_functions(attempt.python, namespace),
        *_code_untold(attempt),
    )


def _changed(attempt: Attempt, used: Mapping[str, Any]) -> frozenset[str]:
    """Of values that cannot be compared, those that moved on or that the text stores into."""
    if not used:
        return frozenset()
    stored = stored_into(parse(attempt.python)) & used.keys()
    return moved_on(used, attempt.scope.variables.namespace) | stored


def _code_untold(attempt: Attempt) -> Iterator[Immovable]:
    """What a script defined, or whatever else the step ran that is in none of its cells."""
    if attempt.surroundings.closure.dynamic is not None:
        namespace = attempt.scope.variables.namespace
        yield from left_untold(attempt.code_before, namespace, attempt.signature.writes)


def _remembered(attempt: Attempt, changes: Changes) -> tuple[Immovable, ...]:
    """Functions that remember something else, of what they made from other than constants.

    Or a value that the step left, which whoever asks next is handed as well.
    """
    variables = attempt.scope.variables
    namespace = variables.namespace
    if not remembered(namespace):
        return ()
    data = variables.all_names() - attempt.scope.constants
    since = remembered_since(attempt.memories_before, namespace, data)
    left = [namespace[name] for name in changes.written & namespace.keys()]
    return tuple({state.name: state for state in (*since, *handed_out(namespace, left))}.values())
