"""The statements around a step that it needs to run by itself."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from jupyter_mlpipe.analysis.notebook import Notebook
from jupyter_mlpipe.analysis.statements import Statement, StatementKind, read_statements
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.model.step import StepSource

_CARRIED = frozenset(StatementKind) - {StatementKind.DATA, StatementKind.MAGIC}
_CODE = frozenset({StatementKind.IMPORT, StatementKind.FUNCTION, StatementKind.CLASS})
_LITERALS = frozenset({StatementKind.CONSTANT, StatementKind.PARAMETER})


def all_definitions(notebook: Notebook) -> tuple[Statement, ...]:
    """What can be run anew wherever it is needed, in the notebook's order.

    Imports, functions and classes inside step cells belong to it: they are code, not data, and
    no artifact is made of them.
    """
    carried = [s for s in notebook.statements if s.kind in _CARRIED]
    for step in notebook.steps:
        carried += code_of(step)
    return tuple(sorted(carried, key=lambda statement: statement.cell))


def code_of(step: StepSource) -> tuple[Statement, ...]:
    """The imports, functions and classes that a step's cell defines at its top level."""
    statements = read_statements(python_source(step.source), step.position, step.cell_id)
    return tuple(s for s in statements if s.kind in _CODE)


def definitions_for(
    reads: frozenset[str], definitions: Sequence[Statement], position: int
) -> tuple[Statement, ...]:
    """Those a step at `position` needs, transitively, in the notebook's order.

    A name means what was bound to it above the step; only a name bound nowhere above is taken
    from below. Settings above the step always count: what they change has no name.
    """
    pool = [s for s in definitions if s.cell != position]
    chosen = [s for s in pool if s.kind is StatementKind.SETTING and s.cell < position]
    wanted = sorted(reads.union(*(s.reads for s in chosen)))
    seen: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        binders = [s for s in pool if name in s.names]
        above = [s for s in binders if s.cell < position]
        for statement in above or binders:
            chosen.append(statement)
            wanted.extend(statement.reads)
    return tuple(s for s in pool if any(s is one for one in chosen))


def mutable_literals(definitions: Sequence[Statement]) -> frozenset[str]:
    """Constants and parameters that a step could change in place."""
    return frozenset(
        name
        for statement in definitions
        if statement.kind in _LITERALS and _holds_container(statement.source)
        for name in statement.names
    )


def _holds_container(source: str) -> bool:
    return any(isinstance(n, ast.List | ast.Dict | ast.Set) for n in ast.walk(ast.parse(source)))
