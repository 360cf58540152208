"""Which lists, dicts and sets of untagged cells are what their statements say.

Whatever untagged code changes afterwards is data: running the statement again would not bring it
back. Not so what definitions put there as they are made, `@check("positive") def positive(...)`:
they come along.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from jupyter_mlpipe.analysis.derived import is_derived, is_set, may_change
from jupyter_mlpipe.analysis.kinds import StatementKind, is_literal, names_known
from jupyter_mlpipe.analysis.mutation import MUTATORS, changed_in_place
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.statements import Statement, kinds_of_names

_WRITTEN = frozenset({StatementKind.CONSTANT, StatementKind.DERIVED})
_CODE = frozenset({StatementKind.FUNCTION, StatementKind.CLASS})


def settled(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """The statements, where what others change counts as DATA, and what is made of that.

    Definitions, and calls that only register them, extend what they change.
    """
    kinds = kinds_of_names(statements)
    effects = _Effects(statements)
    found, changed = list[Statement](), set[str]()
    for statement in statements:
        done = effects.of(statement)
        registers = bool(done) and _only_registers(statement, kinds, effects)
        kind = StatementKind.SETTING if registers else statement.kind
        if registers or kind in _CODE:
            found.append(replace(statement, kind=kind, extends=statement.extends | done))
        else:
            changed |= done
            found.append(statement)
    return _without(changed, found)


def _without(changed: set[str], statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """The statements, where constants of these names, and what is made of them, are DATA."""
    known = _Known()
    found = []
    for statement in statements:
        stays = known.stays(statement, changed)
        settled = statement if stays else replace(statement, kind=StatementKind.DATA)
        known.kinds.update(dict.fromkeys(settled.names, settled.kind))
        found.append(settled)
    return tuple(found)


class _Known:
    """What the names above a statement are."""

    def __init__(self) -> None:
        self.kinds: dict[str, StatementKind] = {}
        self._sets: set[str] = set()
        self._mutable: set[str] = set()

    def stays(self, statement: Statement, changed: set[str]) -> bool:
        """Whether running it again does the same; takes note of what constants are."""
        if statement.kind is StatementKind.SETTING:
            return all(self.kinds.get(name) is not StatementKind.DATA for name in statement.reads)
        if statement.kind not in _WRITTEN:
            return True
        value, names = _value(statement), statement.names
        is_mutable = may_change(value, self._mutable)
        self._sets = self._sets | names if is_set(value, self._sets) else self._sets - names
        self._mutable = self._mutable | names if is_mutable else self._mutable - names
        if is_mutable and names & changed:
            return False
        return statement.kind is StatementKind.CONSTANT or is_derived(
            value, names_known(self.kinds, self._sets, self._mutable - names)
        )


class _Effects:
    """What statements of untagged cells change in place as they are run."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._constants = frozenset(n for s in statements if s.kind in _WRITTEN for n in s.names)
        self._makers: dict[str, list[Statement]] = {}
        for statement in statements:
            for name in statement.names:
                self._makers.setdefault(name, []).append(statement)
        self._inside: dict[Statement, frozenset[str]] = {}

    def of(self, statement: Statement) -> frozenset[str]:
        """Constants that it changes, itself or through what it calls."""
        if not self._constants or statement.kind in _WRITTEN:
            return frozenset()
        own = self._changed_in(statement)
        if statement.kind in _CODE:
            own &= statement.at_once
        return own.union(*map(self._changed_in, self._reached(statement)))

    def _reached(self, statement: Statement) -> Iterable[Statement]:
        """Functions and classes of the notebook that may run when the statement does."""
        waiting, seen = [*statement.at_once], {statement}
        while waiting:
            for maker in self._makers.get(waiting.pop(), ()):
                if maker not in seen and maker.kind not in _WRITTEN:
                    seen.add(maker)
                    waiting += maker.reads
                    if maker.kind in _CODE:
                        yield maker

    def _changed_in(self, statement: Statement) -> frozenset[str]:
        if statement not in self._inside:
            try:
                changed = changed_in_place(parse(statement.source))
            except SyntaxError:
                changed = frozenset()
            self._inside[statement] = changed & statement.reads & self._constants
        return self._inside[statement]

    def maker(self, name: str) -> Statement | None:
        """The only statement that binds a name."""
        makers = self._makers.get(name, [])
        return makers[0] if len(makers) == 1 else None


def _only_registers(
    statement: Statement, kinds: Mapping[str, StatementKind], effects: _Effects
) -> bool:
    """Whether it is `handle("double", double)`, and `handle` does no more than keep that."""
    match _nodes(statement):
        case [ast.Expr(value=ast.Call(func=ast.Name(id=name)) as call)]:
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            keeper = effects.maker(name)
            return (
                keeper is not None
                and keeper.kind is StatementKind.FUNCTION
                and _only_keeps(keeper)
                and all(is_literal(one) or _is_code(one, kinds) for one in given)
            )
    return False


def _is_code(value: ast.expr, kinds: Mapping[str, StatementKind]) -> bool:
    return isinstance(value, ast.Lambda) or (
        isinstance(value, ast.Name) and kinds.get(value.id) in _CODE
    )


def _only_keeps(function: Statement) -> bool:
    """Whether it calls nothing but what changes lists, dicts and sets."""
    calls = [n for node in _nodes(function) for n in ast.walk(node) if isinstance(n, ast.Call)]
    known = all(isinstance(c.func, ast.Attribute) and c.func.attr in MUTATORS for c in calls)
    return known and not function.calls_bind and function.dynamic is None


def _nodes(statement: Statement) -> list[ast.stmt]:
    try:
        return parse(statement.source).body
    except SyntaxError:
        return []


def _value(statement: Statement) -> ast.expr:
    (node,) = _nodes(statement)
    assert isinstance(node, ast.Assign | ast.AnnAssign)
    assert node.value is not None
    return node.value
