"""Expressions over constants and code that come out the same wherever they are computed.

`OPS = {"add": add}`, `WIDTH = 2 * HEIGHT` or `COLUMNS = [f"x{i}" for i in range(N)]` in an untagged
cell. What they make shares nothing with the constants they are made of. The order of a set differs
from process to process, so it may not be asked for.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, replace

_BUILTINS = frozenset(dir(builtins))
_ORDERLESS = frozenset({"frozenset", "len", "max", "min", "set", "sorted", "sum"})
"""Builtins to which the order of what they are given is all one."""
_COPIES = _ORDERLESS | frozenset(
    {
        *("abs", "bool", "bytes", "chr", "complex", "dict", "divmod", "float", "int", "list"),
        *("ord", "pow", "range", "repr", "round", "str", "tuple"),
    }
)
"""Builtins that change and read nothing else, and return something new."""
_PASSES = frozenset({"enumerate", "reversed", "zip"})
"""Those whose results are gone through once."""
_METHODS = frozenset(
    {
        *("capitalize", "copy", "count", "encode", "endswith", "format", "index", "join", "lower"),
        *("lstrip", "removeprefix", "removesuffix", "replace", "rstrip", "split", "splitlines"),
        *("startswith", "strip", "title", "upper", "zfill"),
    }
)
_VIEWS = frozenset({"items", "keys", "values"})
_SETS = frozenset({"frozenset", "set"})


@dataclass(frozen=True, slots=True)
class Names:
    """What an expression may mention."""

    code: Container[str]
    """Functions and classes of the notebook."""
    imported: Container[str]
    constants: Container[str]
    sets: Container[str]
    """Those of the constants that have no order."""
    mutable: Container[str]
    """Those that may be changed in place: others must not become a part of what is made."""
    is_fixed: Callable[[ast.Call], bool]
    """Whether a call makes an object that never changes, such as a pattern or a date."""
    bound: frozenset[str] = frozenset()
    """By a comprehension around it."""

    def may_be_part(self, name: str) -> bool:
        """Whether what is made may hold what the name stands for."""
        fixed = name in self.constants and name not in self.mutable
        known = name in self.bound or name in self.code or name in self.imported
        return fixed or known or self.is_builtin(name)

    def is_builtin(self, name: str) -> bool:
        """Whether the notebook gives the name no meaning of its own."""
        own = (self.code, self.imported, self.constants, self.bound)
        return name in _BUILTINS and not any(name in names for names in own)


def is_derived(value: ast.expr, names: Names) -> bool:
    """Whether it is made of constants and code alone, by what has no effect."""
    match value:
        case ast.Constant() | ast.Lambda():
            return True
        case ast.Name(id=name):
            return names.may_be_part(name)
        case ast.Attribute(value=owner):
            return _is_imported(owner, names)
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return all(_is_item(item, names) for item in items)
        case ast.Dict(keys=keys, values=values):
            return all(_is_entry(*pair, names) for pair in zip(keys, values, strict=True))
        case ast.IfExp(test=test, body=body, orelse=other):
            return _is_read(test, names) and is_derived(body, names) and is_derived(other, names)
        case ast.UnaryOp() | ast.JoinedStr():
            return _are_read(_parts(value), names)
        case ast.BinOp() | ast.Compare():
            return _are_read(_parts(value), names, ordered=False)
        case ast.Call():
            return _copies(value, names)
    return not isinstance(value, ast.GeneratorExp) and _gathers(value, names)


def is_set(value: ast.expr, sets: Container[str]) -> bool:
    """Whether an expression makes a set, or may, as far as its text tells."""
    match value:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Name(id=name):
            return name in sets
        case ast.Call(func=ast.Name(id=name)):
            return name in _SETS
        case ast.Call(func=ast.Attribute(value=owner)):
            return is_set(owner, sets)
        case ast.BinOp(left=left, right=right) | ast.IfExp(body=left, orelse=right):
            return is_set(left, sets) or is_set(right, sets)
    return False


def may_change(value: ast.expr, mutable: Container[str]) -> bool:
    """Whether what a derived expression makes may be changed in place, as far as its text tells.

    Args:
        value: The expression.
        mutable: Constants of which that is true.
    """
    match value:
        case ast.Name(id=name):
            return name in mutable
        case ast.Constant() | ast.JoinedStr() | ast.Compare() | ast.Lambda() | ast.Attribute():
            return False
        case ast.Call(func=ast.Name(id=name)):
            return name in _CONTAINERS
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in _MAKE_LISTS
        case ast.Tuple(elts=items):
            return any(may_change(item, mutable) for item in items)
        case ast.UnaryOp() | ast.BinOp() | ast.IfExp():
            return any(may_change(part, mutable) for part in _parts(value))
    return True


_CONTAINERS = frozenset({"dict", "list", "max", "min", "set", "sorted", "sum", "tuple"})
_MAKE_LISTS = frozenset({"copy", "split", "splitlines"})


def _is_item(item: ast.expr, names: Names) -> bool:
    if isinstance(item, ast.Starred):
        return _is_read(item.value, names)
    return is_derived(item, names)


def _is_entry(key: ast.expr | None, value: ast.expr, names: Names) -> bool:
    if key is None:  # `**others`
        return _is_read(value, names)
    return is_derived(key, names) and is_derived(value, names)


def _is_read(value: ast.expr, names: Names, *, ordered: bool = True) -> bool:
    """Whether it is derived, or a constant or a part of one, where it is only looked at."""
    if ordered and is_set(value, names.sets):
        return False
    match value:
        case ast.Name(id=name) if name in names.constants:
            return True
        case ast.Subscript(value=owner, slice=index):
            return _are_read((owner, index), names)
        case ast.Slice() | ast.BoolOp():
            return _are_read(_parts(value), names)
        case ast.Call(func=ast.Name(id=name)) if name in _PASSES:
            return names.is_builtin(name) and _are_read(_given(value), names)
        case ast.Call(func=ast.Attribute(value=owner, attr=name), args=[]) if name in _VIEWS:
            return _is_read(owner, names)
        case ast.GeneratorExp():
            return _gathers(value, names)
    return is_derived(value, names)


def _are_read(values: Iterable[ast.expr], names: Names, *, ordered: bool = True) -> bool:
    return all(_is_read(value, names, ordered=ordered) for value in values)


def _parts(value: ast.expr) -> list[ast.expr]:
    parts = [part for part in ast.iter_child_nodes(value) if isinstance(part, ast.expr)]
    return [part.value if isinstance(part, ast.FormattedValue) else part for part in parts]


def _given(call: ast.Call) -> list[ast.expr]:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return [one.value if isinstance(one, ast.Starred) else one for one in given]


def _copies(call: ast.Call, names: Names) -> bool:
    ordered = True
    match call.func:
        case ast.Name(id=name) if name in _COPIES and names.is_builtin(name):
            ordered = name not in _ORDERLESS
        case ast.Attribute(value=owner, attr=name) if name in _METHODS and _is_read(owner, names):
            pass
        case _ if not names.is_fixed(call):
            return False
    keys = [k.value for k in call.keywords if k.arg == "key"]
    return all(_is_plain_key(key, names) for key in keys) and _are_read(
        _given(call), names, ordered=ordered
    )


def _is_plain_key(key: ast.expr, names: Names) -> bool:
    """By what is sorted; a function of the notebook may do more than look."""
    match key:
        case ast.Name(id=name):
            return names.is_builtin(name)
        case ast.Lambda(args=ast.arguments(args=[one], defaults=[]), body=body):
            return _is_read(body, replace(names, bound=names.bound | {one.arg}))
    return False


def _gathers(value: ast.expr, names: Names) -> bool:
    match value:
        case ast.ListComp(elt=element) | ast.SetComp(elt=element) | ast.GeneratorExp(elt=element):
            made = [element]
        case ast.DictComp(key=key, value=held):
            made = [key, held]
        case _:
            return False
    ordered = not isinstance(value, ast.SetComp)
    for part in value.generators:
        if part.is_async or not _is_read(part.iter, names, ordered=ordered):
            return False
        bound = {n.id for n in ast.walk(part.target) if isinstance(n, ast.Name)}
        names = replace(names, bound=names.bound | bound)
        if not _are_read(part.ifs, names):
            return False
    return all(is_derived(one, names) for one in made)


def _is_imported(value: ast.expr, names: Names) -> bool:
    while isinstance(value, ast.Attribute):
        value = value.value
    return isinstance(value, ast.Name) and value.id in names.imported
