"""The statements of untagged cells, and which of them a step needs."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from jupyter_mlpipe.analysis.dataflow import analyze, signature_of_statements
from jupyter_mlpipe.analysis.handed import decorators_of, is_kept_by
from jupyter_mlpipe.analysis.kinds import RUN_ANEW, StatementKind, kind_of
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.model.step import StepSignature

__all__ = [
    "ACTING",
    "Statement",
    "StatementKind",
    "acting_classes",
    "as_one",
    "definitions_for",
    "futures_first",
    "kinds_of_names",
    "read_statements",
]

ACTING = re.compile(r"class .*\(.*\btype\b.*\):|def __init_subclass__")
"""Classes that run code of their own when a subclass or an instance of them is defined."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement at the top level of a cell."""

    kind: StatementKind
    names: frozenset[str]
    """What it binds."""
    reads: frozenset[str]
    """What it mentions, functions' bodies, defaults and decorators included; builtins too."""
    at_once: frozenset[str]
    """What running the statement itself reads: no functions' bodies that it does not call."""
    deletes: frozenset[str]
    extends: frozenset[str]
    """Functions and classes of the notebook that it adds to, as a decorator `@show.register` does,
    or `Robot.turn = turn`."""
    bases: frozenset[str]
    """Of a class: what it is made of, its metaclass included."""
    calls_bind: frozenset[str]
    """What calling a function that it defines binds, by `global`."""
    dynamic: str | None
    """Why it may read more than can be seen, its functions' bodies included."""
    source: str
    cell: int
    """Position of its cell, counted from 0 over all cells."""
    cell_id: str | None = None
    kept: bool = False
    """Whether it is a definition that a library keeps: code reaches it without naming it."""

    @property
    def is_future(self) -> bool:
        """Whether all code below is compiled otherwise, as IPython does it from then on."""
        return self.source.startswith("from __future__ import")


_NOTHING_KNOWN: Mapping[str, StatementKind] = MappingProxyType({})


def read_statements(
    source: str,
    cell: int = 0,
    cell_id: str | None = None,
    known: Mapping[str, StatementKind] = _NOTHING_KNOWN,
) -> tuple[Statement, ...]:
    """The top-level statements of a cell, from what `python_source` makes of it.

    A cell that does not parse is one DATA statement without names.

    Args:
        source: The cell's Python.
        cell: Position of the cell.
        cell_id: Its id, where it has one.
        known: What names bound in other cells are; makes out settings and aliases.
    """
    try:
        parts = _parts(source)
    except SyntaxError:
        return (as_one(source, cell, cell_id),)
    kinds = dict(known)
    statements = []
    for node, signature, text in parts:
        kind = kind_of(node, signature, kinds)
        kinds.update(dict.fromkeys(signature.writes, kind))
        statement = _statement(kind, signature, text, (cell, cell_id))
        extends = _extended(node) or _given_to(node, kinds)
        imported = {name for name, one in kinds.items() if one is StatementKind.IMPORT}
        kept = is_kept_by(node, imported)
        statements.append(replace(statement, extends=extends, bases=_bases(node), kept=kept))
    return tuple(statements)


def as_one(source: str, cell: int = 0, cell_id: str | None = None) -> Statement:
    """A whole cell as one DATA statement."""
    return _statement(StatementKind.DATA, analyze(source), source, (cell, cell_id))


@functools.lru_cache(maxsize=256)
def _parts(source: str) -> tuple[tuple[ast.stmt, StepSignature, str], ...]:
    lines = _lines(source)
    return tuple(
        (node, signature_of_statements((node,)), _segment(lines, node))
        for node in parse(source).body
    )


def kinds_of_names(statements: Sequence[Statement]) -> Mapping[str, StatementKind]:
    """What each name is, by the last statement that binds it."""
    return {name: statement.kind for statement in statements for name in statement.names}


def acting_classes(statements: Sequence[Statement]) -> frozenset[str]:
    """Those, and what is made of them: the code may keep each, as a registry does."""
    acting = set[str]()
    for statement in statements:
        if ACTING.search(statement.source) or not acting.isdisjoint(statement.bases):
            acting |= statement.names
    return frozenset(acting)


def definitions_for(
    reads: frozenset[str], statements: Sequence[Statement]
) -> tuple[Statement, ...]:
    """The statements that must run before code that reads these names, in notebook order.

    The last statement that binds a name is what counts. Settings always come along with what
    they need: what they change, such as a random generator, is used without being named. So do
    definitions that a library keeps, and imports from `__future__`, which Python wants first.
    """
    return futures_first(statements[index] for index in sorted(_resolve(reads, statements)))


def futures_first(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """In an order in which they can be compiled as one text."""
    return tuple(sorted(statements, key=lambda statement: not statement.is_future))


def _resolve(reads: frozenset[str], statements: Sequence[Statement]) -> set[int]:
    end = len(statements)
    kind = StatementKind.SETTING
    settings = [i for i, s in enumerate(statements) if s.kept or (s.kind is kind and not s.extends)]
    chosen = {*settings, *(i for i, s in enumerate(statements) if s.is_future)}
    acting = acting_classes(statements)
    waiting = [(name, end) for name in reads]
    waiting += [(name, end) for i in settings for name in statements[i].reads]
    seen: set[tuple[str, int]] = set()
    while waiting:
        wanted = waiting.pop()
        if wanted in seen:
            continue
        seen.add(wanted)
        for index in _binders(statements, *wanted):
            statement = statements[index]
            if statement.kind in RUN_ANEW and index not in chosen:
                chosen.add(index)
                # `f = decorator(f)` reads what `f` was before
                waiting += [(n, index if n in statement.names else end) for n in statement.reads]
        for index in _extending(statements, *wanted, acting):
            chosen.add(index)
            waiting += [(n, end) for n in statements[index].reads | statements[index].names]
    return chosen


def _extending(
    statements: Sequence[Statement], name: str, end: int, acting: frozenset[str]
) -> Iterator[int]:
    """Definitions that add to what the last binding of a name above `end` bound."""
    last = next((i for i in _binders(statements, name, end) if statements[i].names), end)
    for index in range(last + 1, end):
        statement = statements[index]
        extended = statement.extends | (statement.bases & acting)
        if name in extended and statement.kind in RUN_ANEW:
            yield index


def _extended(node: ast.stmt) -> frozenset[str]:
    """Of a function or class: the names whose attributes decorate it."""
    found = (d.value for d in decorators_of(node) if isinstance(d, ast.Attribute))
    return frozenset(owner.id for owner in found if isinstance(owner, ast.Name))


def _given_to(node: ast.stmt, kinds: Mapping[str, StatementKind]) -> frozenset[str]:
    """Functions and classes of which it sets an attribute."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    owners = [t.value for t in targets if isinstance(t, ast.Attribute)]
    names = frozenset(owner.id for owner in owners if isinstance(owner, ast.Name))
    return frozenset(n for n in names if kinds.get(n) in _CODE)


_CODE = frozenset({StatementKind.FUNCTION, StatementKind.CLASS})


def _bases(node: ast.stmt) -> frozenset[str]:
    if not isinstance(node, ast.ClassDef):
        return frozenset()
    given = (*node.bases, *(keyword.value for keyword in node.keywords))
    return frozenset(base.id for base in given if isinstance(base, ast.Name))


def _binders(statements: Sequence[Statement], name: str, end: int) -> Iterator[int]:
    """The last statement above `end` that binds a name; else every star import.

    A name that was deleted since is bound by nothing.
    """
    for index in range(end - 1, -1, -1):
        if name in statements[index].deletes:
            return
        if name in statements[index].names:
            yield index
            return
    for index, statement in enumerate(statements):
        if statement.kind is StatementKind.IMPORT and not statement.names:
            yield index


def _lines(source: str) -> list[bytes]:
    """As Python counts them, with their ends; positions in a line are counted in UTF-8."""
    return [line.encode() for line in re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", source)]


def _segment(lines: Sequence[bytes], node: ast.stmt) -> str:
    """The statement's text; `ast` alone leaves the decorators out, and splits all lines anew."""
    decorators = getattr(node, "decorator_list", None)
    first = decorators[0].lineno if decorators else node.lineno
    begin = 0 if decorators else node.col_offset
    part = list(lines[first - 1 : node.end_lineno])
    part[-1] = part[-1][: node.end_col_offset]
    part[0] = part[0][begin:]
    return b"".join(part).decode()


def _statement(
    kind: StatementKind, signature: StepSignature, source: str, place: tuple[int, str | None]
) -> Statement:
    at_once = signature.reads | signature.deletes
    cell, cell_id = place
    return Statement(
        kind=kind,
        names=signature.writes,
        reads=at_once.union(*signature.deferred_reads.values()),
        at_once=at_once,
        deletes=signature.deletes - signature.writes,
        extends=frozenset(),
        bases=frozenset(),
        calls_bind=frozenset().union(*signature.deferred_writes.values()),
        dynamic=signature.dynamic or next(iter(signature.deferred_dynamic.values()), None),
        source=source,
        cell=cell,
        cell_id=cell_id,
    )
