"""How a `%%step` cell reaches the session, and how IPython still runs it natively.

A cell magic that called `run_cell` would nest executions and lose top-level await, line numbers
and history. Here the first line becomes a string statement while the cell is still text, and the
statement is taken out of the parsed cell, which IPython then runs as any other.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, Protocol

MARKS = ("%%step", "%%params")
_CALL = "__mlpipe_call__"
"""A name with underscores in front is never taken for the user's data."""


class CellHandler(Protocol):
    """Who decides what becomes of a marked cell."""

    def enter(self, mark: str, line: str) -> Callable[[], None] | None:
        """Decide on a cell that is about to run.

        Returns:
            None to let the body run, else what to call in its place.
        """
        ...

    def kept_statements(self, tree: ast.Module) -> list[ast.stmt]:
        """Statements to run although the body does not, such as imports and functions."""
        ...


class MarkTransformer:
    """Turns the first line of a marked cell into a string; IPython's hook on cell text."""

    has_side_effects = False

    def __init__(self, transform_cell: Callable[[str], str]) -> None:
        self._transform_cell = transform_cell

    def __call__(self, lines: list[str]) -> list[str]:
        """Also called on unfinished cells, to see whether Enter should run them."""
        if not lines or split_mark(lines[0]) is None:
            return lines
        body = self._transform_cell("".join(lines[1:])) if len(lines) > 1 else ""
        return [f"{lines[0].rstrip()!r}\n", *body.splitlines(keepends=True)]


class StepGate:
    """Hands a marked cell to the session; IPython's hook on parsed cells."""

    def __init__(self, handler: CellHandler, namespace: dict[str, Any]) -> None:
        self._handler = handler
        self._namespace = namespace

    def visit(self, node: ast.AST) -> ast.AST:
        """Called by IPython after `pre_run_cell`, right before the cell is compiled."""
        if not isinstance(node, ast.Module) or not node.body:
            return node
        marked = _marked(node.body[0])
        if marked is None:
            return node
        del node.body[0]
        instead = self._handler.enter(*marked)
        if instead is not None:
            self._namespace[_CALL] = instead
            kept = self._handler.kept_statements(node)
            node.body = [*kept, *ast.parse(f"{_CALL}()").body]
        return node

    def clear(self) -> None:
        """Take what was put into the namespace out again."""
        self._namespace.pop(_CALL, None)


def split_mark(line: str) -> tuple[str, str] | None:
    """`%%step train --tag x` as `("%%step", "train --tag x")`; None for any other line."""
    mark, _, rest = line.strip().partition(" ")
    return (mark, rest.strip()) if mark in MARKS else None


def _marked(statement: ast.stmt) -> tuple[str, str] | None:
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Constant):
        return None
    text = statement.value.value
    return split_mark(text) if isinstance(text, str) and "\n" not in text else None


def definitions_in(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Imports, functions and classes at the top level of a cell."""
    kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return [statement for statement in body if isinstance(statement, kinds)]
