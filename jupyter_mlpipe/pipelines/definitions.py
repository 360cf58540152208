"""The statements around a step that it needs to run by itself."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jupyter_mlpipe.analysis.notebook import Notebook
from jupyter_mlpipe.analysis.statements import (
    Statement,
    StatementKind,
    definitions_for,
    read_statements,
)
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.model.step import StepSource

_CODE = frozenset({StatementKind.IMPORT, StatementKind.FUNCTION, StatementKind.CLASS})
_LITERALS = frozenset({StatementKind.CONSTANT, StatementKind.PARAMETER})


@dataclass(frozen=True, slots=True)
class Definitions:
    """Everything a notebook binds outside of its steps' data, in order."""

    statements: tuple[Statement, ...]
    """Those of untagged cells, and the imports, functions and classes of step cells: these are
    code that is run anew where it is needed, and no artifact is made of them."""

    def needed_by(self, reads: frozenset[str], position: int) -> tuple[Statement, ...]:
        """What code at `position` needs of them, transitively, in order.

        A name means what was bound to it above; only a name bound nowhere above is taken from
        below, as when cells were run out of order.
        """
        around = [s for s in self.statements if s.cell != position]
        above = [s for s in around if s.cell < position]
        below = [s for s in around if s.cell > position and s.kind is not StatementKind.SETTING]
        chosen = definitions_for(reads, (*below, *above))
        return tuple(s for s in around if any(s is one for one in chosen))

    def last_binding(self, name: str, position: int) -> Statement | None:
        """The statement above `position` that bound the name last."""
        binders = [s for s in self.statements if name in s.names and s.cell < position]
        return binders[-1] if binders else None

    def outside(self) -> tuple[Statement, ...]:
        """Statements of untagged cells that compute, change or show something."""
        return tuple(s for s in self.statements if s.kind is StatementKind.DATA)


def definitions_of(notebook: Notebook) -> Definitions:
    """Gather a notebook's statements."""
    statements = list(notebook.statements)
    for step in notebook.steps:
        statements += code_of(step)
    return Definitions(tuple(sorted(statements, key=lambda statement: statement.cell)))


def code_of(step: StepSource) -> tuple[Statement, ...]:
    """The imports, functions and classes that a step's cell defines at its top level."""
    statements = read_statements(python_source(step.source), step.position, step.cell_id)
    return tuple(s for s in statements if s.kind in _CODE)


def mutable_literals(statements: Iterable[Statement]) -> frozenset[str]:
    """Constants and parameters that a step could change in place."""
    return frozenset(
        name
        for statement in statements
        if statement.kind in _LITERALS and _holds_container(statement.source)
        for name in statement.names
    )


def stored_into(statement: Statement) -> frozenset[str]:
    """Names whose value the statement changes without binding them: `df["a"] = 1`."""
    try:
        tree = ast.parse(statement.source)
    except SyntaxError:
        return frozenset()
    return frozenset(
        _root(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript | ast.Attribute)
        and isinstance(node.ctx, ast.Store | ast.Del)
    )


def names_of(statements: Sequence[Statement]) -> frozenset[str]:
    """All that the statements bind."""
    return frozenset(name for statement in statements for name in statement.names)


def _holds_container(source: str) -> bool:
    return any(isinstance(n, ast.List | ast.Dict | ast.Set) for n in ast.walk(ast.parse(source)))


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
