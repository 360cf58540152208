"""Which readings of a clock only serve to take the time between two of them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

Place: TypeAlias = tuple[int, str]
"""A variable: the function that it is local to, and how it is written."""
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def timed_only(nodes: Iterable[ast.AST], readings: Collection[ast.Call]) -> frozenset[int]:
    """Identities of those readings that are only ever subtracted from another one.

    A reading may be bound to a variable in between, if nothing else is bound to that.
    """
    if not readings:
        return frozenset()
    text = _Text()
    for node in nodes:
        text.enter(node)
    clocks = {id(reading) for reading in readings}
    watches = _watches(text, clocks)
    return frozenset(
        id(reading) for reading in readings if _is_timed(reading, text, clocks, watches)
    )


@dataclass(slots=True)
class _Text:
    """How the parts of the code hang together."""

    parents: dict[int, ast.AST] = field(default_factory=dict)
    places: dict[int, Place] = field(default_factory=dict)
    """Of names and attributes."""
    uses: dict[Place, list[ast.expr]] = field(default_factory=dict)

    def enter(self, node: ast.AST, scopes: tuple[tuple[int, frozenset[str]], ...] = ()) -> None:
        """Take up a node and all below it; `scopes` are the functions around it, inmost first."""
        if isinstance(node, ast.Name | ast.Attribute):
            self._use(node, scopes)
        if isinstance(node, _FUNCTIONS):
            scopes = ((id(node), frozenset(_bound_in(node))), *scopes)
        for child in ast.iter_child_nodes(node):
            self.parents[id(child)] = node
            self.enter(child, scopes)

    def _use(
        self, node: ast.Name | ast.Attribute, scopes: tuple[tuple[int, frozenset[str]], ...]
    ) -> None:
        owner = 0
        if isinstance(node, ast.Name):
            owner = next((scope for scope, names in scopes if node.id in names), 0)
        place = (owner, ast.unparse(node))
        self.places[id(node)] = place
        self.uses.setdefault(place, []).append(node)


def _bound_in(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[str]:
    arguments = function.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (argument.arg for argument in every)
    waiting: list[ast.AST] = list(function.body) if isinstance(function.body, list) else []
    outer = {n for s in waiting if isinstance(s, ast.Global | ast.Nonlocal) for n in s.names}
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in outer:
            yield node.id
        if not isinstance(node, _FUNCTIONS):
            waiting.extend(ast.iter_child_nodes(node))


def _watches(text: _Text, clocks: set[int]) -> frozenset[Place]:
    """Variables that hold nothing but readings, and are only subtracted."""
    found = frozenset(
        place for place, uses in text.uses.items() if any(_is_bound(use) for use in uses)
    )
    while True:
        left = frozenset(
            place for place in found if _is_watch(text.uses[place], text, clocks, found)
        )
        if left == found:
            return found
        found = left


def _is_watch(
    uses: Iterable[ast.expr], text: _Text, clocks: set[int], found: frozenset[Place]
) -> bool:
    taken = False
    for use in uses:
        parent = text.parents.get(id(use))
        if _is_bound(use):
            value = _value_bound(use, parent)
            if value is None or not _is_reading(value, text, clocks, found):
                return False
        elif isinstance(getattr(use, "ctx", None), ast.Load):
            if not _is_timed(use, text, clocks, found):
                return False
            taken = taken or isinstance(parent, ast.BinOp)
    return taken


def _is_timed(node: ast.expr, text: _Text, clocks: set[int], found: frozenset[Place]) -> bool:
    """Whether it is subtracted from a reading, or one from it, or bound to a watch."""
    parent = text.parents.get(id(node))
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Sub):
        other = parent.right if node is parent.left else parent.left
        return _is_reading(other, text, clocks, found)
    targets = _targets(parent)
    return bool(targets) and all(text.places.get(id(target)) in found for target in targets)


def _is_reading(node: ast.expr, text: _Text, clocks: set[int], found: frozenset[Place]) -> bool:
    return id(node) in clocks or text.places.get(id(node)) in found


def _is_bound(node: ast.expr) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store)


def _targets(parent: ast.AST | None) -> list[ast.expr]:
    if isinstance(parent, ast.Assign):
        return parent.targets
    return [parent.target] if isinstance(parent, ast.AnnAssign) else []


def _value_bound(target: ast.expr, parent: ast.AST | None) -> ast.expr | None:
    """What a plain assignment binds to the target."""
    if isinstance(parent, ast.Assign | ast.AnnAssign) and target is not parent.value:
        return parent.value
    return None
