"""What was edited between two texts of code, short enough to be read under a cell."""

from __future__ import annotations

import ast
import difflib

from jupyter_mlpipe.analysis.canonical import node_hash
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.syntax import python_source

_MOST_LINES = 24
_WIDEST = 160
_CONTEXT = 1

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def short_diff(then: str, now: str) -> str:
    """Unified, without file names, cut to a few lines; empty where the texts are equal."""
    lines = difflib.unified_diff(then.splitlines(), now.splitlines(), lineterm="", n=_CONTEXT)
    shown = [line[:_WIDEST] for line in lines if not line.startswith(("---", "+++"))]
    if shown and shown[0].startswith("@@"):
        shown = shown[1:]  # where in a cell it begins tells nobody anything
    shown = ["…" if line.startswith("@@") else line for line in shown]
    rest = len(shown) - _MOST_LINES
    if rest > 0:
        shown = [*shown[:_MOST_LINES], f"… {rest} more lines"]
    return "\n".join(shown)


def definition_text(code: str, name: str) -> str:
    """The last function or class of that name in several cells' code; empty without one.

    A method or an inner function is found in what contains it.
    """
    source, nodes = _definitions(code)
    root = name.partition(".")[0]
    found = [node for node in nodes if node.name == root]
    return _text(source, found[-1]) if found else ""


def edited_definitions(then: str, now: str) -> tuple[str, ...]:
    """Functions and classes at the top of a module that are new, gone or mean something else."""
    before, after = ({n.name: node_hash(n) for n in _definitions(t)[1]} for t in (then, now))
    return tuple(
        name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)
    )


def _definitions(code: str) -> tuple[str, list[_Definition]]:
    source = python_source(code)
    try:
        body = parse(source).body
    except SyntaxError:
        return source, []
    return source, [node for node in body if isinstance(node, _Definition)]


def _text(source: str, node: _Definition) -> str:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])
