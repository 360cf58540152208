"""Which steps must run in one process, because of what cannot leave it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from jupyter_mlpipe.engine.immovable import is_used
from jupyter_mlpipe.model.run import Immovable
from jupyter_mlpipe.pipelines.facts import StepFacts


@dataclass(frozen=True, slots=True)
class Bond:
    """Why two steps run in one process."""

    maker: StepFacts
    user: StepFacts
    state: Immovable


def bonds(facts: Sequence[StepFacts]) -> tuple[Bond, ...]:
    """Each step that leaves something immovable with each later one that may use it."""
    return tuple(
        Bond(maker, user, state)
        for index, maker in enumerate(facts)
        for state in maker.immovable
        for user in _users(state, facts[index + 1 :])
    )


def tasks(
    facts: Sequence[StepFacts], found: Sequence[Bond], depends_on: Mapping[str, Sequence[str]]
) -> Mapping[str, str]:
    """The task of each step, by the id of its first step; alone where nothing binds it.

    Whatever lies on a path between two steps of a task joins it: it waits for the one, and the
    other for it.
    """
    groups = {fact.id: fact.id for fact in facts}
    order = {fact.id: index for index, fact in enumerate(facts)}
    for bond in found:
        _join(groups, (bond.maker.id, bond.user.id), order)
    while True:
        between: dict[str, set[str]] = {group: set() for group in groups.values()}
        for step, earlier in depends_on.items():
            between[groups[step]].update(groups[e] for e in earlier if groups[e] != groups[step])
        try:
            TopologicalSorter(between).prepare()
        except CycleError as error:
            _join(groups, error.args[1], order)
        else:
            return groups


def reasons(found: Sequence[Bond], groups: Mapping[str, str]) -> Iterator[str]:
    """One line for each task of several steps."""
    for task in dict.fromkeys(groups[bond.maker.id] for bond in found):
        names = [name for name, group in groups.items() if group == task]
        inside = [bond for bond in found if groups[bond.maker.id] == task]
        states = {
            f"`{bond.state.name}` ({bond.state.what}) of step {bond.maker.step.name}": None
            for bond in inside
        }
        yield (
            f"Steps {', '.join(names)} run as one task, and none of them is ever cached: "
            f"{', '.join(states)} cannot travel between processes."
        )


def _users(state: Immovable, later: Sequence[StepFacts]) -> Iterator[StepFacts]:
    """Up to where a variable is bound to something else."""
    for fact in later:
        if is_used(state, fact.text) or _changes(fact).intersection(state.shares):
            yield fact
        if state.kind == "variable" and state.name in fact.rebinds:
            return


def _changes(fact: StepFacts) -> frozenset[str]:
    """Variables that the step changes in place; where it is not on record, that it may."""
    return fact.mutates if fact.recorded else fact.reads


def _join(groups: dict[str, str], members: Sequence[str], order: Mapping[str, int]) -> None:
    """Make one group of those that these steps or groups belong to, named after its first."""
    joined = {groups[member] for member in members}
    first = min((s for s, group in groups.items() if group in joined), key=lambda s: order[s])
    for step, group in groups.items():
        if group in joined:
            groups[step] = first
