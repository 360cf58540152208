"""Whether code may read or change the state of its process, or files, as far as its text shows."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator

from jupyter_mlpipe.analysis.parsing import parse

_PURE_MODULES = frozenset(
    {
        *("math", "cmath", "itertools", "functools", "operator", "collections", "heapq", "bisect"),
        *("dataclasses", "typing", "enum", "abc", "types", "string", "textwrap", "re", "json"),
        *("statistics", "fractions", "copy", "hashlib", "base64", "__future__"),
    }
)
"""Modules whose functions neither draw random numbers, nor open files, nor hold settings.

Those of `time` and `datetime` go by the time zone."""
_PURE_BUILTINS = frozenset(
    {
        *("abs", "all", "any", "bool", "bytes", "callable", "chr", "complex", "dict", "divmod"),
        *("enumerate", "filter", "float", "format", "frozenset", "hash", "hex", "id", "int"),
        *("isinstance", "issubclass", "iter", "len", "list", "map", "max", "min", "next", "object"),
        *("ord", "pow", "print", "property", "range", "repr", "reversed", "round", "set", "slice"),
        *("sorted", "str", "sum", "super", "tuple", "type", "zip", "display", "staticmethod"),
        *("classmethod", "getattr", "hasattr", "ValueError", "TypeError", "KeyError"),
        *("RuntimeError", "AssertionError", "IndexError", "Exception", "StopIteration"),
    }
)
_PURE_METHODS = frozenset(
    name
    for kind in (list, dict, set, frozenset, tuple, str, bytes, int, float)
    for name in dir(kind)
    if not name.startswith("_")
)


def touches_process(sources: Iterable[str], code: frozenset[str]) -> bool:
    """Whether any of the sources may do so.

    Args:
        sources: A cell's Python, and that of all definitions it needs.
        code: Names of functions and classes that are defined in these sources.
    """
    try:
        trees = [parse(source) for source in sources]
    except SyntaxError:
        return True
    pure = {name for tree in trees for name, module in _imports(tree) if module in _PURE_MODULES}
    foreign = {name for tree in trees for name, _ in _imports(tree)} - pure
    known = _PURE_BUILTINS | code | pure
    return any(_touches(node, foreign, known) for tree in trees for node in ast.walk(tree)) or any(
        module not in sys.stdlib_module_names for tree in trees for _, module in _imports(tree)
    )


def _imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Each name that is bound by an import, and the top-level module behind it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield alias.asname or top, top
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, (node.module or "").partition(".")[0]


def _touches(node: ast.AST, foreign: set[str], known: frozenset[str] | set[str]) -> bool:
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            return name in foreign
        case ast.Attribute(ctx=ast.Store() | ast.Del()):
            return not (isinstance(node.value, ast.Name) and node.value.id == "self")
        case ast.Call(func=ast.Name(id=name)):
            return name not in known
        case ast.Call(func=ast.Attribute(attr=method, value=value)):
            root = value.id if isinstance(value, ast.Name) else ""
            return method not in _PURE_METHODS and root not in known
        case ast.Call():
            return True
    return False
