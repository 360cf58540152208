"""Which statements of a step are code: run anew wherever a name that they bind is needed.

All else that a step binds is data, and stored: what it assigns, a function whose default or
decorator is computed from data, one that keeps state in a default or an attribute, a class whose
body reads data, and one whose state the cell goes on to change.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FunctionType, ModuleType
from typing import Any, TypeAlias

from jupyter_mlpipe.analysis.dataflow import signature_of_statements
from jupyter_mlpipe.analysis.kinds import StatementKind
from jupyter_mlpipe.analysis.origins import is_of_notebook, qualified_name
from jupyter_mlpipe.analysis.parsing import nodes_in, nodes_of_cell
from jupyter_mlpipe.analysis.restated import restated_classes
from jupyter_mlpipe.analysis.statements import ACTING, Statement, acting_classes, kinds_of_names

Meaning: TypeAlias = Callable[[str], StatementKind | None]
"""What a name is bound to around a step; None where nothing binds it."""


def code_statements(tree: ast.Module, meaning: Meaning) -> tuple[ast.stmt, ...]:
    """The imports, functions and classes at the top level of a step's cell.

    Where the rest of the cell binds a name too, it is data.
    """
    changed = _stored_into(tree) - _classes_in(tree) | restated_classes(tree)
    own = {name: _kind(s) for s in tree.body if type(s) in _KINDS for name in bound_by(s)}

    def found(name: str) -> StatementKind | None:
        return own.get(name) or meaning(name)

    code = tuple(s for s in tree.body if _is_code(s, found, changed))
    if not code:
        return ()
    assigned = _written_beside(code, tree)
    return tuple(s for s in code if not bound_by(s) or bound_by(s) - assigned)


def _kind(statement: ast.stmt) -> StatementKind:
    acting = isinstance(statement, ast.ClassDef) and ACTING.search(ast.unparse(statement))
    return StatementKind.DATA if acting else _KINDS[type(statement)]


def code_names(tree: ast.Module, meaning: Meaning) -> frozenset[str]:
    """Names that nothing but code binds."""
    code = code_statements(tree, meaning)
    names = frozenset[str]().union(*map(bound_by, code))
    return names - _written_beside(code, tree) if names else names


def _written_beside(code: Sequence[ast.stmt], tree: ast.Module) -> frozenset[str]:
    return signature_of_statements(tuple(s for s in tree.body if s not in code)).writes


def bound_by(statement: ast.stmt) -> frozenset[str]:
    """The names that an import, a function or a class binds; of a star import, none."""
    if isinstance(statement, ast.Import):
        return frozenset(a.asname or a.name.partition(".")[0] for a in statement.names)
    if isinstance(statement, ast.ImportFrom):
        return frozenset(a.asname or a.name for a in statement.names) - {"*"}
    name = getattr(statement, "name", None)  # a type alias keeps a node there
    return frozenset({name.id if isinstance(name, ast.Name) else str(name)})


def meaning_in(namespace: Mapping[str, Any]) -> Meaning:
    """As far as live values tell."""

    def meaning(name: str) -> StatementKind | None:
        if name not in namespace:
            return None
        value = namespace[name]
        if isinstance(value, type) and is_of_notebook(value, namespace):
            return StatementKind.DATA if _acts_on_subclasses(value) else StatementKind.CLASS
        if isinstance(value, FunctionType) and is_of_notebook(value, namespace):
            return StatementKind.FUNCTION
        imported = isinstance(value, ModuleType) or qualified_name(value) is not None
        return StatementKind.IMPORT if imported else StatementKind.DATA

    return meaning


def meaning_of(statements: Sequence[Statement]) -> Meaning:
    """As far as text tells; a star import may have brought any name."""
    acting = dict.fromkeys(acting_classes(statements), StatementKind.DATA)
    kinds = {**kinds_of_names(statements), **acting}
    starred = any(s.kind is StatementKind.IMPORT and not s.names for s in statements)
    return lambda name: kinds.get(name, StatementKind.IMPORT if starred else None)


def _acts_on_subclasses(kind: type) -> bool:
    own = (base for base in kind.__mro__ if base.__module__ == "__main__")
    meta = issubclass(kind, type) or type(kind).__module__ == "__main__"
    return meta or any("__init_subclass__" in vars(base) for base in own)


def _is_code(node: ast.stmt, meaning: Meaning, changed: frozenset[str]) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name not in changed and _is_pure(node, meaning)
    if isinstance(node, ast.ClassDef):
        return node.name not in changed and _is_pure_class(node, meaning)
    return isinstance(node, ast.Import | ast.ImportFrom) or (
        type(node).__name__ == "TypeAlias"  # Python 3.12 and later
    )


def _is_pure(node: ast.FunctionDef | ast.AsyncFunctionDef, meaning: Meaning) -> bool:
    """Whether defining it again gives the same function, however often it was called."""
    arguments = node.args
    defaults = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
    hints = [a.annotation for a in _arguments(arguments) if a.annotation is not None]
    hints += [node.returns] if node.returns is not None else []
    own = {parameter.name for parameter in getattr(node, "type_params", ())}  # from 3.12 on
    return (
        all(_is_imported(name, meaning) for d in node.decorator_list for name in _names(d))
        and not any(_REGISTERS & set(_words(d)) for d in node.decorator_list)
        and all(_is_unchanging(default, meaning) for default in defaults)
        and all(_is_hint(name, meaning) for hint in hints for name in {*_names(hint)} - own)
    )


def _is_pure_class(node: ast.ClassDef, meaning: Meaning) -> bool:
    """The same of a class: its body may stand on imports and on other classes alone."""
    reads = signature_of_statements((node,)).reads - {node.name}
    return all(_is_hint(name, meaning) for name in reads) and all(
        _is_imported(name, meaning) for d in node.decorator_list for name in _names(d)
    )


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (a for a in (arguments.vararg, arguments.kwarg) if a is not None)


def _is_unchanging(default: ast.expr, meaning: Meaning) -> bool:
    match default:
        case ast.Constant():
            return True
        case ast.UnaryOp(operand=operand):
            return _is_unchanging(operand, meaning)
        case ast.BinOp(left=left, right=right):
            return _is_unchanging(left, meaning) and _is_unchanging(right, meaning)
        case ast.Tuple(elts=items):
            return all(_is_unchanging(item, meaning) for item in items)
        case ast.Name(id=name):
            return _is_imported(name, meaning) or meaning(name) is StatementKind.CLASS
        case ast.Attribute(value=value):
            return isinstance(value, ast.Name | ast.Attribute) and all(
                _is_imported(name, meaning) for name in _names(value)
            )
    return False


def _is_imported(name: str, meaning: Meaning) -> bool:
    found = meaning(name)
    return found is StatementKind.IMPORT or (found is None and name in _BUILTINS)


def _is_hint(name: str, meaning: Meaning) -> bool:
    return _is_imported(name, meaning) or meaning(name) in (None, StatementKind.CLASS)


def _words(node: ast.AST) -> Iterator[str]:
    for part in nodes_in(node):
        if isinstance(part, ast.Name | ast.Attribute):
            yield part.id if isinstance(part, ast.Name) else part.attr


_REGISTERS = frozenset({"singledispatch"})
"""Decorators of the standard library whose functions learn more while the notebook runs."""


def _names(node: ast.AST) -> Iterator[str]:
    return (part.id for part in nodes_in(node) if isinstance(part, ast.Name))


def _classes_in(tree: ast.Module) -> frozenset[str]:
    return frozenset(s.name for s in tree.body if isinstance(s, ast.ClassDef))


def _stored_into(tree: ast.Module) -> frozenset[str]:
    """Names whose attributes the cell sets, in functions too: `f.calls = 0`."""
    return frozenset(
        node.value.id
        for node in nodes_of_cell(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store | ast.Del)
        and isinstance(node.value, ast.Name)
    )


_BUILTINS = frozenset(dir(builtins))
_KINDS: Mapping[type[ast.stmt], StatementKind] = {
    ast.Import: StatementKind.IMPORT,
    ast.ImportFrom: StatementKind.IMPORT,
    ast.ClassDef: StatementKind.CLASS,
    ast.FunctionDef: StatementKind.FUNCTION,
    ast.AsyncFunctionDef: StatementKind.FUNCTION,
}
