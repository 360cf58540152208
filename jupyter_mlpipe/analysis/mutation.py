"""Which names code may change in place, as far as its text shows."""

from __future__ import annotations

import ast

MUTATORS = frozenset(
    {
        *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
        *("update", "setdefault", "popitem", "add", "discard", "difference_update"),
        *("intersection_update", "symmetric_difference_update", "__setitem__", "__delitem__"),
    }
)
"""Methods of Python's containers that change them."""
_READERS = frozenset(
    {
        *("print", "display", "repr", "str", "len", "sorted", "list", "tuple", "set", "dict"),
        *("frozenset", "sum", "min", "max", "any", "all", "enumerate", "zip", "range", "type"),
        *("isinstance", "reversed", "bool", "format", "hash", "id"),
    }
)
"""Builtins that leave their arguments as they are."""


def changed_in_place(tree: ast.Module) -> frozenset[str]:
    """Names stored into, called a changing method on, or handed to code that may change them."""
    return frozenset(name for node in ast.walk(tree) for name in _changed(node))


def stored_into(tree: ast.Module) -> frozenset[str]:
    """Names of which the text stores into the value, or calls a method that changes it."""
    return frozenset(name for node in ast.walk(tree) for name in _stored_into(node))


def _changed(node: ast.AST) -> list[str]:
    match node:
        case ast.Call(func=ast.Name(id=function)) if function in _READERS:
            return []
        case ast.Call(args=arguments, keywords=keywords):
            handed = [*arguments, *(keyword.value for keyword in keywords)]
            return [argument.id for argument in handed if isinstance(argument, ast.Name)]
    return _stored_into(node)


def _stored_into(node: ast.AST) -> list[str]:
    match node:
        case ast.AugAssign(target=target):
            return [_root(target)]
        case (
            ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del())
        ):
            return [_root(node)]
        case ast.Attribute(attr=method, value=value) if method in MUTATORS:
            return [_root(value)]
    return []


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
