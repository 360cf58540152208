"""What a step did to the variables, by how they were before and are afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from itertools import compress
from operator import is_not

from jupyter_mlpipe.engine.held import Held, LetGo
from jupyter_mlpipe.model.step import StepSignature


@dataclass(frozen=True, slots=True)
class Changes:
    """What a step did to the variables."""

    written: frozenset[str]
    """Created, or bound to another object."""
    mutated: frozenset[str]
    """The same object as before, with other content."""
    deleted: frozenset[str]


def compared(
    before: Mapping[str, Held], after: Mapping[str, Held], code: StepSignature, restated: Set[str]
) -> Changes:
    """Compare two looks.

    Args:
        before: How variables were.
        after: How they are.
        code: What ran meanwhile.
        restated: Definitions that count as data by now, for they were changed.
    """
    certain = code.certain
    known = map(before.get, after, after.values())
    others = set(compress(after, map(is_not, known, after.values())))
    anew = {n for n in others & certain - code.reads if type(before[n].value) is LetGo}
    # One that ended may have left its place to the next; the code has no way to the old one.
    rebound = anew | {n for n in others if not before[n].holds(after[n].value)}
    mutated = {
        n
        for n in others - rebound
        if before[n].fingerprint is not None and not before[n].same_as(after[n])
    }
    # Binding a value to a name that holds it already leaves no trace but the code's.
    rebound |= (certain & before.keys() & after.keys()) - mutated
    created = after.keys() - before.keys()
    new_data = {n for n in created if n in restated and n not in certain}
    mutated |= new_data
    return Changes(
        written=frozenset(rebound | (created - new_data)),
        mutated=frozenset(mutated),
        deleted=frozenset(before.keys() - after.keys()),
    )
