"""Which steps must run in one process, because of what cannot leave it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import chain

from jupyter_mlpipe.analysis.plotting import chooses_backend, draws_unnamed, mentions_pyplot
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.engine.immovable import is_used
from jupyter_mlpipe.engine.memories import REMEMBERS
from jupyter_mlpipe.engine.open_figures import FIGURES, LEFT_OPEN
from jupyter_mlpipe.model.errors import NotebookError
from jupyter_mlpipe.model.pipeline import PipelineStep
from jupyter_mlpipe.model.run import Immovable
from jupyter_mlpipe.pipelines.facts import StepFacts

_REMEMBERS = re.compile(r"@(functools\.)?(lru_cache|cache)\b")


@dataclass(frozen=True, slots=True)
class Bond:
    """Why two steps run in one process."""

    maker: StepFacts
    user: StepFacts
    state: Immovable


def bonds(facts: Sequence[StepFacts]) -> tuple[Bond, ...]:
    """Each step that leaves something immovable with each later one that may use it."""
    local = frozenset(name for fact in facts for name in fact.modules)
    left = [
        Bond(maker, user, state)
        for index, maker in enumerate(facts)
        for state in maker.immovable
        for user in _users(state, facts[index + 1 :], local)
    ]
    by_id = {fact.id: fact for fact in facts}
    past = [
        Bond(by_id[maker], user, Immovable(name, "definition", "a class that is defined anew"))
        for user in facts
        for name, maker in user.past.items()
    ]
    return (*left, *past, *_memories(facts), *_figures(facts))


def _figures(facts: Sequence[StepFacts]) -> Iterator[Bond]:
    """By the text alone; steps on record were seen to draw on an open figure, or not to."""
    texts = [[s.source for s in fact.definitions] for fact in facts]
    if not chooses_backend(chain(*texts, (fact.step.source for fact in facts))):
        return
    maker = None
    for fact, around in zip(facts, texts, strict=True):
        python = python_source(fact.step.source)
        if maker is not None and not fact.recorded and draws_unnamed(python, around):
            yield Bond(maker, fact, Immovable("pyplot", FIGURES, LEFT_OPEN))
        if mentions_pyplot(python, around):
            maker = fact


def _memories(facts: Sequence[StepFacts]) -> Iterator[Bond]:
    """What one step made a function remember, a process of its own would not know.

    That makes a difference where the function reads data, for it may remember what these were,
    where somebody asks how much it remembers, and where it hands out what can be changed, which
    only runs on record tell.
    """
    asked = any("cache_info" in fact.text.words for fact in facts)
    data = frozenset[str]().union(*(fact.makes for fact in facts))
    makers: dict[str, StepFacts] = {}
    for fact in facts:
        for statement in fact.definitions:
            matters = asked or statement.reads & data or not fact.recorded
            if not _REMEMBERS.match(statement.source) or not matters:
                continue
            for name in statement.names & fact.reads:
                maker = makers.setdefault(name, fact)
                if maker is not fact:
                    yield Bond(maker, fact, Immovable(name, "definition", REMEMBERS))


def in_tasks(
    facts: Sequence[StepFacts], found: Sequence[Bond], steps: Sequence[PipelineStep]
) -> tuple[PipelineStep, ...]:
    """The steps, each with the task it belongs to where it cannot run alone.

    Whatever lies on a path between two steps of a task joins it: it waits for the one, and the
    other for it.

    Raises:
        NotebookError: A step is to wait for one of its task that stands below it.
    """
    groups = _groups(found, steps)
    sizes = Counter(groups.values())
    for fact, step in zip(facts, steps, strict=True):
        _refuse_backwards(fact, step, groups, [other.id for other in steps])
    return tuple(
        replace(step, task=groups[step.id] if sizes[groups[step.id]] > 1 else "") for step in steps
    )


def reasons(found: Sequence[Bond], steps: Sequence[PipelineStep]) -> Iterator[str]:
    """One line for each task of several steps."""
    task_of = {step.id: step.task for step in steps}
    for task in dict.fromkeys(step.task for step in steps if step.task):
        names = ", ".join(step.name for step in steps if step.task == task)
        states = dict.fromkeys(
            f"`{bond.state.name}` ({bond.state.what}) of step {bond.maker.step.name}"
            for bond in found
            if task_of[bond.maker.id] == task
        )
        yield (
            f"Steps {names} run as one task, and none of them is ever cached: "
            f"{', '.join(states)} cannot travel between processes."
        )


def _groups(found: Sequence[Bond], steps: Sequence[PipelineStep]) -> dict[str, str]:
    """The task of each step, by the id of its first step."""
    groups = {step.id: step.id for step in steps}
    for bond in found:
        _join(groups, (bond.maker.id, bond.user.id))
    while True:
        between: dict[str, set[str]] = {group: set() for group in groups.values()}
        for step in steps:
            own = groups[step.id]
            between[own].update(groups[id_] for id_ in step.depends_on if groups[id_] != own)
        try:
            TopologicalSorter(between).prepare()
        except CycleError as error:
            _join(groups, error.args[1])
        else:
            return groups


def _join(groups: dict[str, str], members: Sequence[str]) -> None:
    """Make one group of those that these steps belong to, named after its first step."""
    joined = {groups[member] for member in members}
    inside = [step for step, group in groups.items() if group in joined]
    groups.update(dict.fromkeys(inside, inside[0]))


def _refuse_backwards(
    fact: StepFacts, step: PipelineStep, groups: Mapping[str, str], order: Sequence[str]
) -> None:
    for earlier in step.depends_on:
        if groups[earlier] == groups[step.id] and order.index(earlier) > order.index(step.id):
            raise NotebookError(
                fact.step.label,
                f"it is to run after {earlier}, which stands below it and must run in the same "
                "process, in the notebook's order. Move one of the cells, or leave --after out.",
            )


def _users(
    state: Immovable, later: Sequence[StepFacts], local: frozenset[str]
) -> Iterator[StepFacts]:
    """Up to where a variable is bound to something else; `local` are modules of the user's."""
    for fact in later:
        if state.kind == "module" and state.name in local and fact.recorded:
            used = state.name in fact.modules
        else:
            used = is_used(state, fact.step.name, fact.text)
        if used or _changes(fact).intersection(state.shares):
            yield fact
        if state.kind == "variable" and state.name in fact.rebinds:
            return


def _changes(fact: StepFacts) -> frozenset[str]:
    """Variables that the step changes in place; where it is not on record, that it may."""
    return fact.mutates if fact.recorded else fact.reads
