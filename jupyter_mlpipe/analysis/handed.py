"""Functions of the notebook that a library is told to call, whoever comes along."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterator

from jupyter_mlpipe.analysis.dotted import Meaning, dotted_path, with_imports
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.syntax import python_source

_KEEPS = re.compile(r"register|hook|handler|signal")
"""How functions are called that keep what they are given, such as `codecs.register_error`."""


def handed_over(cell: str, meaning: Meaning) -> frozenset[str]:
    """Names that a cell hands to a function of a module which keeps them.

    Args:
        cell: Its text.
        meaning: Of names that it does not import itself.
    """
    if not _KEEPS.search(cell):
        return frozenset()
    try:
        tree = parse(python_source(cell))
    except SyntaxError:
        return frozenset()
    return frozenset(_handed(tree, with_imports([tree], meaning)))


def _handed(tree: ast.Module, meaning: Meaning) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _KEEPS.search(dotted_path(node.func, meaning)):
            given = (*node.args, *(keyword.value for keyword in node.keywords))
            yield from (argument.id for argument in given if isinstance(argument, ast.Name))
        elif any(_KEEPS.search(dotted_path(d, meaning)) for d in decorators_of(node)):
            yield node.name  # type: ignore[attr-defined]  # none but definitions are decorated


def decorators_of(node: ast.AST) -> list[ast.expr]:
    """What decorates a definition, without what it is called with."""
    found = getattr(node, "decorator_list", ())
    return [d.func if isinstance(d, ast.Call) else d for d in found]


def is_kept_by(node: ast.stmt, imported: Container[str]) -> bool:
    """Whether a decorator gives it to an imported library that keeps it, such as an accessor."""
    words = (ast.unparse(decorator) for decorator in decorators_of(node))
    return any(_KEEPS.search(w) and w.partition(".")[0] in imported for w in words)
