"""What a history comes to: cells that are run one after the other, and restarts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from tests.histories.editing import edited
from tests.histories.statements import PREAMBLE
from tests.histories.writing import Act, History, NotebookCell

ROUNDS = 3
"""How often all is run in the end, the last time in a new session."""


@dataclass(frozen=True, slots=True)
class Move:
    """A cell that is run; without a text, the kernel is restarted."""

    text: str = ""
    body: str = ""
    """The text without its `%%step` line."""
    step: str = ""
    cell_id: str | None = None
    reads: tuple[str, ...] = ()
    """Names that a step mentions in its own code, not only in functions that it defines."""
    fixed: tuple[str, ...] = ()
    """Names that an untagged cell binds to numbers or text, which come back with its code."""
    binds: tuple[str, ...] = ()
    """Names that an untagged cell binds to anything."""
    round: int = 0
    """Counted from 1 while all is run in the end."""
    says: str = ""
    """What the user did, where several moves come of it."""

    def asdict(self) -> dict[str, Any]:
        """As it is handed to another process."""
        return asdict(self)


def moves_of(history: History) -> list[Move]:
    """All is run, then come the acts, then all is run again and again.

    The first cell is run again only after an edit of its class: one that is defined anew as it
    was is another class in the plain notebook, and the same still where the cell was a hit.
    """
    cells = list(history.cells)
    cells[0] = replace(cells[0], body=PREAMBLE)
    moves = [_run(cell) for cell in cells]
    for act in history.acts:
        moves += _done(act, cells)
    for number in range(1, ROUNDS + 1):
        if number == ROUNDS:
            moves.append(Move(says="restart"))
        moves += [replace(_run(cell), round=number) for cell in cells[1:]]
    return moves


def _done(act: Act, cells: list[NotebookCell]) -> Iterator[Move]:
    if act.what == "run":
        yield _run(cells[act.cell])
    elif act.what == "all":
        yield from map(_run, cells[1:])
    elif act.what == "scratch":
        yield _run(NotebookCell("", act.how, tagged=False))
    elif act.what == "restart":
        yield Move(says="restart")
    else:
        cell = cells[act.cell]
        body = edited(cell.body, act.how, act.place)
        cells[act.cell] = replace(cell, body=body, tagged=cell.tagged ^ (act.how == "tag"))
        yield replace(_run(cells[act.cell]), says=f"edit: {act.how}")


def _run(cell: NotebookCell) -> Move:
    move = Move(cell.text, cell.body, cell.step, cell.id or None)
    if cell.tagged:
        return replace(move, reads=_mentioned(cell.body))
    return replace(move, fixed=_fixed(cell.body), binds=_bound(cell.body))


def _mentioned(body: str) -> tuple[str, ...]:
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(body)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)
    return tuple(sorted(found))


def _bound(body: str) -> tuple[str, ...]:
    nodes = [node for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)]
    return tuple(sorted({node.id for node in nodes if isinstance(node.ctx, ast.Store)}))


def _fixed(body: str) -> tuple[str, ...]:
    """Bound once, to a literal."""
    assigned = [node for node in ast.parse(body).body if isinstance(node, ast.Assign)]
    plain = [node for node in assigned if isinstance(node.value, ast.Constant)]
    names = [target.id for node in plain for target in node.targets if isinstance(target, ast.Name)]
    stored = [node for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)]
    times = [node.id for node in stored if isinstance(node.ctx, ast.Store)]
    return tuple(sorted(name for name in {*names} if times.count(name) == 1))
