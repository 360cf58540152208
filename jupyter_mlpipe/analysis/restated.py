"""Classes whose state the very cell may change that defines them, as far as its text shows.

Defining such a class again would not bring back what it holds, so it is data.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence

from jupyter_mlpipe.analysis.mutation import MUTATORS
from jupyter_mlpipe.analysis.parsing import nodes_in, nodes_of_cell

_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_BUILTINS = frozenset(dir(builtins))
_ITSELF = frozenset({"cls", "type(self)", "self.__class__", "mcs", "owner"})
"""How methods call the class that they belong to."""
_OF_MEMBERS = ("value", "_value_")
"""What members of an enumeration call what the class was given for them."""


def restated_classes(tree: ast.Module) -> frozenset[str]:
    """Names of the classes at the top of a cell that also runs something."""
    classes = [s for s in tree.body if isinstance(s, ast.ClassDef)]
    if not any(_acts(statement) for statement in tree.body) and not _tell_base(classes):
        return frozenset()
    text = _Text(tree)
    return frozenset(kind.name for kind in classes if text.changes(kind))


def remembers(kind: ast.ClassDef) -> bool:
    """Whether a method may keep something in the default of a parameter."""
    return any(
        isinstance(default, ast.List | ast.Dict | ast.Set | ast.Call)
        for node in nodes_in(kind)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for default in (*node.args.defaults, *node.args.kw_defaults)
    )


def _acts(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Expr(value=ast.Constant()):
            return False
        case ast.Assign(value=value):
            return not isinstance(value, ast.Constant)
        case ast.ClassDef(keywords=keywords, decorator_list=decorators):
            return bool(keywords or decorators)
    return not isinstance(statement, _DEFINITIONS)


def _tell_base(classes: Sequence[ast.ClassDef]) -> bool:
    """Whether one derives from another of them that acts when classes are derived from it."""
    derived = {part.id for c in classes for b in c.bases for part in _names_in(b)}
    return any(
        isinstance(part, ast.FunctionDef) and part.name == "__init_subclass__"
        for kind in classes
        if kind.name in derived
        for part in kind.body
    )


def _names_in(node: ast.AST) -> Iterator[ast.Name]:
    return (part for part in nodes_in(node) if isinstance(part, ast.Name))


class _Text:
    """What a cell stores into, and what it hands to whom."""

    def __init__(self, tree: ast.Module) -> None:
        nodes = nodes_of_cell(tree)
        self._imported = {
            (a.asname or a.name).partition(".")[0]
            for n in nodes
            for a in getattr(n, "names", ())
            if isinstance(a, ast.alias)
        }
        self._owners = {owner for node in nodes for owner in _stored_into(node)}
        self._changed = {name for node in nodes for name in _changed_attributes(node)}
        self._handed = {name for node in nodes for name in self._arguments(node)}

    def changes(self, kind: ast.ClassDef) -> bool:
        """Whether anything may store into the class, or into what it holds."""
        inside = {owner for node in nodes_in(kind) for owner in _stored_into(node)}
        if kind.name in self._owners | self._handed or inside & _ITSELF or remembers(kind):
            return True
        return any(self._may_change(name, value) for name, value in _attributes(kind))

    def _may_change(self, name: str, value: ast.expr) -> bool:
        match value:
            case ast.List() | ast.Dict() | ast.Set() | ast.ListComp() | ast.DictComp():
                return not self._changed.isdisjoint({name, *_OF_MEMBERS})
            case ast.Call(func=ast.Name(id=maker)) if maker not in _BUILTINS | self._imported:
                return True  # an object of the notebook's, which may keep state of its own
            case ast.Call():
                return name in self._changed
        return False

    def _arguments(self, node: ast.AST) -> Iterator[str]:
        """Names handed to functions of the notebook, which may store into anything."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            known = node.func.id in _BUILTINS - {"setattr", "delattr", "vars"} | self._imported
            if not known:
                yield from (a.id for a in node.args if isinstance(a, ast.Name))


def _stored_into(node: ast.AST) -> Iterator[str]:
    """The owner of each attribute that is set: `P` of `P.count += 1`."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
        yield ast.unparse(node.value)
    match node:
        case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[owner, *_]):
            yield ast.unparse(owner)
        case ast.Call(func=ast.Attribute(attr="register", value=owner)):  # of an abstract class
            yield ast.unparse(owner)


def _changed_attributes(node: ast.AST) -> Iterator[str]:
    """Attributes whose values are changed in place: `seen` of `self.seen.append(x)`."""
    match node:
        case ast.Call(func=ast.Attribute(attr=method, value=ast.Attribute(attr=name))):
            if method in MUTATORS:
                yield name
        case ast.Subscript(ctx=ast.Store() | ast.Del(), value=ast.Attribute(attr=name)):
            yield name
        case ast.AugAssign(target=ast.Attribute(attr=name)):
            yield name
        case ast.AugAssign(target=ast.Subscript(value=ast.Attribute(attr=name))):
            yield name
        case ast.Attribute(ctx=ast.Store() | ast.Del(), value=ast.Attribute(attr=name)):
            yield name


def _attributes(kind: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """What the body binds beside methods, those of classes within it included."""
    for statement in kind.body:
        match statement:
            case ast.Assign(targets=targets, value=value):
                yield from ((t.id, value) for t in targets if isinstance(t, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value
            case ast.ClassDef():
                yield from _attributes(statement)
