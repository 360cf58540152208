"""Dotted names of what code takes from modules, such as `numpy.random.seed`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

Meaning = Callable[[str], str]
"""The dotted name behind what a name is bound to; empty where it is nothing imported."""


def dotted_name(value: object) -> str:
    """Of a module, and of a function or class by its top-level module; else empty."""
    kind = type(value)
    if issubclass(kind, ModuleType):
        return str(getattr(value, "__name__", ""))
    if issubclass(kind, MethodType):  # `random.seed` is a method of an object of its module
        of = type(value.__self__)  # type: ignore[attr-defined]
        if of.__module__ != "random":
            return ""
        hidden = of.__name__ == "SystemRandom"
        return "random.SystemRandom" if hidden else f"random.{value.__name__}"  # type: ignore[attr-defined]
    if issubclass(kind, type | FunctionType | BuiltinFunctionType):
        owner = getattr(value, "__self__", None)  # the class that `datetime.now` is called on
        module = (owner if isinstance(owner, type) else value).__module__
        name = getattr(value, "__qualname__", "")
        return f"{str(module).partition('.')[0]}.{name}"
    return ""


def dotted_names(namespace: Mapping[str, Any]) -> Meaning:
    """The meaning of names, as far as live values tell."""
    return lambda name: dotted_name(namespace[name]) if name in namespace else ""


def dotted_path(node: ast.expr, meaning: Meaning) -> str:
    """Of a name or an attribute; empty where it does not begin with something imported."""
    parts: list[str] = []
    inner = node
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    root = meaning(inner.id) if isinstance(inner, ast.Name) else ""
    return ".".join([root, *reversed(parts)]) if root else ""


def with_imports(nodes: Iterable[ast.AST], meaning: Meaning) -> Meaning:
    """The meaning of names, where the nodes themselves import some of them."""
    imported = dict(pair for node in nodes for pair in _imports(node))
    return lambda name: imported[name] if name in imported else meaning(name)


def _imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Names that are bound, with the dotted name behind each."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (top, top)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module or ''}.{alias.name}"
