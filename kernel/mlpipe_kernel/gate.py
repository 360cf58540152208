"""How a `%%step` cell reaches the session, and how IPython still runs it natively.

A cell magic that called `run_cell` would nest executions and lose top-level await, line numbers
and history. Here the first line becomes a string statement while the cell is still text, and the
statement is taken out of the parsed cell, which IPython then runs as any other.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jupyter_mlpipe.analysis.dataflow import signature_of_statements
from jupyter_mlpipe.analysis.parsing import compile_tree

MARKS = ("%%step", "%%params")
_CALL = "__mlpipe_call__"
_SHOW = "__mlpipe_show__"
"""Names with underscores in front are never taken for the user's data."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """Run the body once for each value, bound to a name."""

    name: str
    values: Callable[[], Iterator[Any]]
    """Called when the cell begins; what happens between two values happens between two runs."""
    show: Callable[[Any], None]
    """Told the value of the cell's last expression in each run."""


class CellHandler(Protocol):
    """Who decides what becomes of a marked cell."""

    def enter(self, mark: str, line: str) -> Callable[[], None] | Repeated | None:
        """Decide on a cell that is about to run.

        Returns:
            None to let the body run, else what to call in its place, or how to repeat it.
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
        self._known: tuple[str, list[str]] = ("", [])
        """A body and what became of it: IPython asks twice for each cell that it runs."""

    def __call__(self, lines: list[str]) -> list[str]:
        """Also called on unfinished cells, to see whether Enter should run them."""
        if not lines or split_mark(lines[0]) is None:
            return lines
        body = "".join(lines[1:])
        if body != self._known[0]:
            self._known = body, self._transform_cell(body).splitlines(keepends=True)
        return [f"{lines[0].rstrip()!r}\n", *self._known[1]]

    def clear(self) -> None:
        """Forget the cell that ran: the next one may be read in another way."""
        self._known = ("", [])


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
        if isinstance(instead, Repeated):
            self._namespace.update({_CALL: instead.values, _SHOW: instead.show})
            node.body = _repeated(node.body, instead.name)
        elif instead is not None:
            self._namespace[_CALL] = instead
            kept = self._handler.kept_statements(node)
            node.body = [*kept, *ast.parse(f"{_CALL}()").body]
        return node

    def clear(self) -> None:
        """Take what was put into the namespace out again."""
        self._namespace.pop(_CALL, None)
        self._namespace.pop(_SHOW, None)


def split_mark(line: str) -> tuple[str, str] | None:
    """`%%step train --tag x` as `("%%step", "train --tag x")`; None for any other line."""
    mark, _, rest = line.strip().partition(" ")
    return (mark, rest.strip()) if mark in MARKS else None


def _marked(statement: ast.stmt) -> tuple[str, str] | None:
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Constant):
        return None
    text = statement.value.value
    return split_mark(text) if isinstance(text, str) and "\n" not in text else None


def _repeated(body: list[ast.stmt], name: str) -> list[ast.stmt]:
    """The body inside a loop, every statement on its own line still.

    What the body defines first is defined once, so that all runs see the same functions and
    classes, and so that they are there when no run is needed.
    """
    try:
        compile_tree(ast.Module(list(body), []))
    except SyntaxError:
        return body  # a `break` of the cell's own must not end our loop
    first = _leading_definitions(body, name)
    loop = ast.parse(f"for {name} in {_CALL}():\n    pass").body[0]
    assert isinstance(loop, ast.For)
    loop.body = body[len(first) :] or loop.body
    last = loop.body[-1]
    if isinstance(last, ast.Expr):
        call = ast.Call(ast.Name(_SHOW, ast.Load()), [last.value], [])
        loop.body[-1] = ast.fix_missing_locations(ast.copy_location(ast.Expr(call), last))
        ast.copy_location(call, last)
    return [*first, loop]


def _leading_definitions(body: Sequence[ast.stmt], name: str) -> list[ast.stmt]:
    """The definitions at the head of a cell, up to the first that mentions the element."""
    found = []
    for statement in body:
        defines = definitions_in([statement])
        if not defines or name in signature_of_statements(tuple(defines)).reads:
            break
        found += defines
    return found


def definitions_in(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Imports, functions and classes at the top level of a cell."""
    kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return [statement for statement in body if isinstance(statement, kinds)]


def raiser(error: BaseException) -> Callable[[], None]:
    """What raises an error in the place of a cell's body."""

    def refuse() -> None:
        raise error

    return refuse
