"""The statements around a step that it needs to run by itself."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from jupyter_mlpipe.analysis.code import Meaning, code_statements, meaning_of
from jupyter_mlpipe.analysis.mutation import MUTATORS
from jupyter_mlpipe.analysis.notebook import Notebook
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.restated import remembers
from jupyter_mlpipe.analysis.statements import (
    Statement,
    StatementKind,
    definitions_for,
    futures_first,
    read_statements,
)
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.analysis.variable_hints import gives_hints
from jupyter_mlpipe.model.step import StepSource

_LOOKED_UP = frozenset(
    {
        StatementKind.IMPORT,
        StatementKind.FUNCTION,
        StatementKind.CLASS,
        StatementKind.CONSTANT,
        StatementKind.DERIVED,
        StatementKind.PARAMETER,
    }
)
_CONSTANTS = frozenset({StatementKind.CONSTANT, StatementKind.DERIVED, StatementKind.PARAMETER})


@dataclass(frozen=True, slots=True)
class Definitions:
    """Everything a notebook binds outside of its steps' data, in order."""

    statements: tuple[Statement, ...]
    """Those of untagged cells, and the imports, functions and classes of step cells: these are
    code that is run anew where it is needed, and no artifact is made of them."""
    meaning: Meaning

    def needed_by(self, reads: frozenset[str], position: int) -> tuple[Statement, ...]:
        """What code at `position` needs of them, transitively, in order.

        A name means what was bound to it above; only a name bound nowhere above is taken from
        below, as when cells were run out of order.
        """
        around = [s for s in self.statements if s.cell != position]
        above = [s for s in around if s.cell < position]
        below = [s for s in around if s.cell > position and not _acts(s)]
        chosen = definitions_for(reads, (*below, *above))
        return futures_first(s for s in around if any(s is one for one in chosen))

    def code_above(self, position: int) -> frozenset[str]:
        """Imports, functions, classes and constants above: code may look for any by its name."""
        above = (s for s in self.statements if s.cell < position)
        return frozenset(n for s in above if s.kind in _LOOKED_UP for n in s.names)

    def classes_above(self, position: int) -> frozenset[str]:
        """Classes above: code that asks one for its subclasses may find any of them."""
        above = (s for s in self.statements if s.cell < position)
        return frozenset(n for s in above if s.kind is StatementKind.CLASS for n in s.names)

    def hinted_above(self, position: int) -> frozenset[str]:
        """Names above that are given a hint, for code that asks for all hints."""
        above = (s for s in self.statements if s.cell < position and gives_hints(s.source))
        return frozenset(name for s in above for name in s.names)

    def last_binding(self, name: str, position: int) -> Statement | None:
        """The statement above `position` that bound the name last."""
        binders = [s for s in self.statements if name in s.names and s.cell < position]
        return binders[-1] if binders else None

    def of_step(self, step: StepSource) -> tuple[Statement, ...]:
        """The code that a step's cell defines."""
        own = (s for s in self.statements if s.cell == step.position)
        return tuple(s for s in own if s.kind is not StatementKind.DELETION)

    def outside(self) -> tuple[Statement, ...]:
        """Statements of untagged cells that compute, change or show something."""
        return tuple(s for s in self.statements if s.kind is StatementKind.DATA)


def _acts(statement: Statement) -> bool:
    """Whether it counts for code that names nothing of it."""
    return statement.kind is StatementKind.SETTING or statement.is_future


def definitions_of(notebook: Notebook) -> Definitions:
    """Gather a notebook's statements."""
    cells = [(step, _statements_of(step)) for step in notebook.steps]
    meaning = meaning_of([*notebook.statements, *(s for _, found in cells for s in found)])
    statements = list(notebook.statements)
    for step, found in cells:
        statements += _code(step, found, meaning)
    return Definitions(tuple(sorted(statements, key=lambda statement: statement.cell)), meaning)


def _statements_of(step: StepSource) -> tuple[Statement, ...]:
    return read_statements(python_source(step.source), step.position, step.cell_id)


def _code(step: StepSource, statements: Sequence[Statement], meaning: Meaning) -> list[Statement]:
    """What the step's cell defines at its top level, and what it deletes."""
    try:
        tree = parse(python_source(step.source))
    except SyntaxError:
        return []
    code = code_statements(tree, meaning)
    pairs = zip(tree.body, statements, strict=True)
    return [s for node, s in pairs if node in code or s.kind is StatementKind.DELETION]


def mutable_literals(statements: Iterable[Statement]) -> frozenset[str]:
    """Constants and parameters that a step could change in place."""
    return frozenset(
        name
        for statement in statements
        if statement.kind in _CONSTANTS and _holds_container(statement)
        for name in statement.names
    )


def stateful_classes(statements: Iterable[Statement]) -> frozenset[str]:
    """Classes whose attributes a step may change; as far as text tells, most of them.

    A decorator of the notebook's may put an object in the place of a method. Where a base counts
    its calls, it may do so on each class that derives from it.
    """
    code = [s for s in statements if s.kind in (StatementKind.FUNCTION, StatementKind.CLASS)]
    own, found = names_of(code), set[str]()
    for kind in (s for s in code if s.kind is StatementKind.CLASS):
        bases = {base for node in parse(kind.source).body for base in _bases(node)}
        if bases & found or _holds_state(kind, own):
            found |= kind.names
    return frozenset(found)


def abstract_classes(statements: Iterable[Statement]) -> frozenset[str]:
    """Classes with which others may be registered; those of libraries derived from are unknown."""
    found = set[str]()
    for statement in statements:
        if statement.kind is StatementKind.CLASS:
            bases = {base for node in parse(statement.source).body for base in _bases(node)}
            found |= statement.names if bases & (_ABSTRACT | found) else frozenset()
    return frozenset(found)


def _bases(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.ClassDef):
        for base in (*node.bases, *(keyword.value for keyword in node.keywords)):
            named = (n for n in ast.walk(base) if isinstance(n, ast.Name | ast.Attribute))
            yield from (n.id if isinstance(n, ast.Name) else n.attr for n in named)


_ABSTRACT = frozenset({"ABC", "ABCMeta", "Protocol"})


def stateful_functions(statements: Iterable[Statement]) -> frozenset[str]:
    """Functions that may keep something from call to call, as far as text tells.

    A decorator of the notebook's may count calls, or put an object in the function's place.
    """
    code = tuple(s for s in statements if s.kind in (StatementKind.FUNCTION, StatementKind.CLASS))
    functions, own = [s for s in code if s.kind is StatementKind.FUNCTION], names_of(code)
    return frozenset(name for s in functions if _keeps(s, own) for name in s.names)


def _keeps(statement: Statement, own: frozenset[str]) -> bool:
    for node in parse(statement.source).body:
        match node:
            case (
                ast.FunctionDef(decorator_list=makers) | ast.AsyncFunctionDef(decorator_list=makers)
            ):
                called = makers
            case ast.Assign(value=ast.Call(func=maker)):
                called = [maker]
            case _:
                continue
        if any(_is_made_by(own, maker) for maker in called):
            return True
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and _root(node) in statement.names
        for node in _nodes(statement)
    )


def _is_made_by(own: frozenset[str], maker: ast.expr) -> bool:
    return _root(maker.func if isinstance(maker, ast.Call) else maker) in own


def stored_into(statement: Statement) -> frozenset[str]:
    """Names whose value the statement changes without binding them: `df["a"] = 1`."""
    return frozenset(name for node in _nodes(statement) for name in _changed(node))


def aliases(statement: Statement, names: Set[str]) -> frozenset[str]:
    """What the statement binds that may share memory with one of these: `v = a[1:3]`."""
    found = (node for node in _nodes(statement) if isinstance(node, ast.Assign | ast.NamedExpr))
    if any(_parts_held(node.value) & names for node in found):
        return statement.names
    return frozenset()


def _nodes(statement: Statement) -> tuple[ast.AST, ...]:
    try:
        return tuple(ast.walk(ast.parse(statement.source)))
    except SyntaxError:
        return ()


def _changed(node: ast.AST) -> list[str]:
    match node:
        case (
            ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del())
        ):
            return [_root(node)]
        case ast.AugAssign(target=target):
            return [_root(target)]
        case ast.Call(func=ast.Attribute(attr=method, value=value), keywords=keywords):
            inplace = any(k.arg == "inplace" and ast.unparse(k.value) == "True" for k in keywords)
            return [_root(value)] if method in MUTATORS or inplace else []
    return []


def _parts_held(value: ast.expr) -> frozenset[str]:
    """Names of which an expression gives the value itself, a part or a view."""
    match value:
        case ast.Name() | ast.Attribute() | ast.Subscript() | ast.Starred():
            inner = value.value if isinstance(value, ast.Starred) else value
            return frozenset({_root(inner)})
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return frozenset().union(*map(_parts_held, items))
        case ast.Dict(values=items):
            return frozenset().union(*map(_parts_held, items))
        case ast.IfExp(body=body, orelse=other):
            return _parts_held(body) | _parts_held(other)
        case ast.Call(func=ast.Attribute(attr=method, value=owner)) if method in _VIEWS:
            return _parts_held(owner)
    return frozenset()


_VIEWS = frozenset(
    {
        *("reshape", "ravel", "view", "transpose", "squeeze", "swapaxes", "diagonal"),
        *("get", "setdefault", "values", "items", "keys", "append"),
    }
)
"""Methods whose result may share memory with their object."""


def names_of(statements: Sequence[Statement]) -> frozenset[str]:
    """All that the statements bind."""
    return frozenset(name for statement in statements for name in statement.names)


def _holds_container(statement: Statement) -> bool:
    if statement.kind is StatementKind.DERIVED:
        return True
    nodes = ast.walk(ast.parse(statement.source))
    return any(isinstance(n, ast.List | ast.Dict | ast.Set) for n in nodes)


def _holds_state(statement: Statement, own: frozenset[str]) -> bool:
    """Whether a class body assigns anything, or a method stores into more than `self`."""
    for node in ast.walk(parse(statement.source)):
        if isinstance(node, ast.ClassDef) and any(map(_assigns, node.body)):
            return True
        if isinstance(node, ast.ClassDef) and remembers(node):
            return True
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if owner != "self":
                return True
        makers = node.decorator_list if isinstance(node, ast.FunctionDef) else []
        if any(_is_made_by(own, maker) for maker in makers):
            return True
    return False


def _assigns(statement: ast.stmt) -> bool:
    """Also with a hint, unless that gives a field a value that cannot change."""
    match statement:
        case ast.AnnAssign(value=ast.Call(func=ast.Name(id="field") | ast.Attribute(attr="field"))):
            return False
        case ast.AnnAssign(value=value):
            return isinstance(value, ast.List | ast.Dict | ast.Set | ast.Call)
    return isinstance(statement, ast.Assign)


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
