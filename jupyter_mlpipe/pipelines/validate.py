"""What would go wrong elsewhere, found before anything runs."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Sequence
from graphlib import CycleError as GraphCycle
from graphlib import TopologicalSorter

from jupyter_mlpipe.analysis.order import steps_named, suggest_step
from jupyter_mlpipe.analysis.statements import Statement, StatementKind
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.model.errors import CycleError, NotebookError, OutsideDataError
from jupyter_mlpipe.model.pipeline import PipelineStep
from jupyter_mlpipe.pipelines.definitions import Definitions, aliases, stored_into
from jupyter_mlpipe.pipelines.facts import StepFacts

ALWAYS_THERE = frozenset(dir(builtins)) | {"display", "get_ipython", "In", "Out"}
"""Names that nothing in a notebook has to make."""


def predecessors(facts: Sequence[StepFacts]) -> tuple[tuple[str, ...], ...]:
    """Ids of the steps that each step's `--after` names.

    Raises:
        NotebookError: There is no such step.
    """
    ids = {fact.step.name: fact.id for fact in facts}
    named = [steps_named(fact.step.options.after, ids) for fact in facts]
    for fact, names in zip(facts, named, strict=True):
        for name in names:
            if name not in ids:
                raise NotebookError(
                    fact.step.label,
                    f"--after names the step {name!r}, which the notebook does not have. "
                    f"{suggest_step(name, ids)}",
                )
    return tuple(tuple(ids[name] for name in names) for names in named)


def check_edges(steps: Sequence[PipelineStep], facts: Sequence[StepFacts]) -> None:
    """Every step must be able to go at some time.

    Raises:
        CycleError: Names the cells that wait for each other.
    """
    try:
        TopologicalSorter({step.id: step.depends_on for step in steps}).prepare()
    except GraphCycle as error:
        labels = {fact.id: fact.step.label for fact in facts}
        waiting = [labels[id_] for id_ in dict.fromkeys(error.args[1])]
        raise CycleError(
            ", ".join(waiting),
            "each of these waits for another, so none can go first. Look at their --after "
            "options and at the variables they pass on.",
        ) from error


def check_reads(facts: Sequence[StepFacts], definitions: Definitions) -> tuple[str, ...]:
    """Every name a step mentions must be made by something that travels with the pipeline.

    A name that nothing makes is a warning and no error: what a cell mentions is over-approximated,
    and a branch that is never taken may mention anything.

    Returns:
        Warnings for the user.

    Raises:
        OutsideDataError: Only an untagged cell makes it, or changes it on the way to the step.
        NotebookError: Only a later step makes it, or IPython.
    """
    warnings: list[str] = []
    for index, fact in enumerate(facts):
        _refuse_history(fact)
        for name in sorted(fact.reads):
            statement = _outside_maker(name, fact, facts[:index], definitions)
            if statement is not None:
                raise OutsideDataError(fact.step.label, _outside_problem(name, statement))
            _check_later(name, fact, facts, index)
        warnings.extend(_hazards(fact, facts[:index]))
    return (*warnings, *_untagged_mentions(facts, definitions.outside()))


def _refuse_history(fact: StepFacts) -> None:
    bound = frozenset().union(*(s.names for s in fact.definitions))
    for name in sorted(fact.signature.direct - bound):
        if _HISTORY.fullmatch(name):
            raise NotebookError(
                fact.step.label,
                f"it reads `{name}`, what IPython keeps of the results it showed, which no other "
                "process has. Give that result a name where it is made, and use the name.",
            )


_HISTORY = re.compile(r"_{1,3}|_oh|_\d+|Out")


def _outside_maker(
    name: str, fact: StepFacts, earlier: Sequence[StepFacts], definitions: Definitions
) -> Statement | None:
    """The untagged cell that makes what the step reads, or changes it on the way there."""
    here = fact.step.position
    made = max((other.step.position for other in earlier if name in other.makes), default=-1)
    bound = definitions.last_binding(name, here)
    since = max(made, bound.cell if bound else -1)
    reached = {name}
    for statement in definitions.outside() if since >= 0 else ():
        if not since < statement.cell < here:
            continue
        if stored_into(statement) & reached or (name in fact.outside and stored_into(statement)):
            return statement
        reached |= aliases(statement, reached)
    if bound is not None:
        return bound if bound.kind is StatementKind.DATA and bound.cell > made else None
    if made >= 0 or _is_defined(name, fact):
        return None
    return next((s for s in definitions.outside() if name in s.names), None)


def _outside_problem(name: str, statement: Statement) -> str:
    does = "sets" if name in statement.names else "changes"
    return (
        f"it reads `{name}`, which cell {statement.cell + 1} {does} outside of any step, and cells "
        "without %%step do not run in a pipeline. Tag that cell with %%step."
    )


def _check_later(name: str, fact: StepFacts, facts: Sequence[StepFacts], index: int) -> None:
    """Functions may mention it: they may be called with it bound, or take another way."""
    if _is_known(name, fact, facts[:index]) or name in fact.makes:
        return
    if name not in fact.signature.direct:
        return
    for later in facts[index + 1 :]:
        if name in later.makes:
            raise NotebookError(
                fact.step.label,
                f"it reads `{name}`, which only the later {later.step.label} makes. Move that "
                "cell above this one.",
            )


def _is_known(name: str, fact: StepFacts, earlier: Sequence[StepFacts]) -> bool:
    made = any(name in other.makes for other in earlier)
    return made or _is_defined(name, fact) or name in ALWAYS_THERE or _is_special(name)


def _is_defined(name: str, fact: StepFacts) -> bool:
    """A star import may bind any name."""
    return any(
        name in statement.names or (statement.kind is StatementKind.IMPORT and not statement.names)
        for statement in fact.definitions
    )


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _hazards(fact: StepFacts, earlier: Sequence[StepFacts]) -> Iterator[str]:
    if "get_ipython(" in python_source(fact.step.source):
        yield (
            f"{fact.step.label}: uses IPython commands (%, %% or !), so IPython must be installed "
            "where it runs."
        )
    if fact.dynamic:
        yield (
            f"{fact.step.label}: {fact.dynamic}, so what it reads cannot be known; it "
            "waits for every step before it."
        )
    unknown = [n for n in sorted(fact.reads) if not _is_known(n, fact, earlier)]
    own = fact.makes | frozenset(fact.signature.writes)
    names = ", ".join(f"`{name}`" for name in unknown if name not in own)
    if names:
        yield f"{fact.step.label}: mentions {names}, which nothing in the notebook makes."


def _untagged_mentions(facts: Sequence[StepFacts], outside: Sequence[Statement]) -> tuple[str, ...]:
    """A plain cell such as `df.head()` is harmless; one such as `df.pop("x")` looks the same.

    Steps on record were seen to get their inputs from steps, so nothing need be said for them.
    """
    made = frozenset[str]().union(*(fact.makes for fact in facts))
    guessed = frozenset[str]().union(*(fact.reads for fact in facts if not fact.recorded))
    cells = sorted({s.cell + 1 for s in outside if not s.names and s.reads & made & guessed})
    if not cells:
        return ()
    listed = ", ".join(map(str, cells))
    warning = (
        f"Cells without %%step do not run in the pipeline; {listed} mention data of steps. Tag "
        "them if they change it."
    )
    return (warning,)
