"""Functions of the notebook that a library is told to call, whoever comes along."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterator, Mapping

from jupyter_mlpipe.analysis.dotted import Meaning, dotted_path, with_imports
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.model.run import Immovable

_KEEPS = re.compile(r"register|hook|handler|signal|copyreg(?!\.dispatch_table)")
"""How functions are called that keep what they are given, such as `codecs.register_error`."""
HANDED = "handed"
"""The kind of immovable state that such a module keeps."""
_NOTHING = ast.Module([], [])


def handed_over(cell: str, meaning: Meaning) -> frozenset[str]:
    """Names that a cell hands to a function of a module which keeps them.

    Args:
        cell: Its text.
        meaning: Of names that it does not import itself.
    """
    tree = _tree(cell)
    meaning = with_imports([tree], meaning)
    return frozenset((*dict(_by_call(tree, meaning)), *_by_decorator(tree, meaning)))


def handed_by_call(cell: str, meaning: Meaning) -> Mapping[str, str]:
    """The same without definitions that a decorator hands over, each with its keeper's module.

    A definition is run again wherever it is needed; such a call is not.
    """
    tree = _tree(cell)
    return dict(_by_call(tree, with_imports([tree], meaning)))


def kept_by(keeper: str, name: str) -> Immovable:
    """What a module keeps of the notebook since it was handed over."""
    return Immovable(keeper, HANDED, f"which keeps `{name}` of the notebook")


def _tree(cell: str) -> ast.Module:
    try:
        return parse(python_source(cell)) if _KEEPS.search(cell) else _NOTHING
    except SyntaxError:
        return _NOTHING


def _by_call(tree: ast.Module, meaning: Meaning) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        path = dotted_path(node.func, meaning) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and _keeps(path):
            given = (*node.args, *(keyword.value for keyword in node.keywords))
            keeper = path.partition(".")[0]
            yield from ((value.id, keeper) for value in given if isinstance(value, ast.Name))


def _by_decorator(tree: ast.Module, meaning: Meaning) -> Iterator[str]:
    for node in ast.walk(tree):
        if any(_keeps(dotted_path(d, meaning)) for d in decorators_of(node)):
            yield node.name  # type: ignore[attr-defined]  # none but definitions are decorated


def _keeps(path: str) -> bool:
    """Functions of the notebook keep things where the analysis of values sees them."""
    return not path.startswith("__main__.") and _KEEPS.search(path) is not None


def decorators_of(node: ast.AST) -> list[ast.expr]:
    """What decorates a definition, without what it is called with."""
    found = getattr(node, "decorator_list", ())
    return [d.func if isinstance(d, ast.Call) else d for d in found]


def is_kept_by(node: ast.stmt, imported: Container[str]) -> bool:
    """Whether a decorator gives it to an imported library that keeps it, such as an accessor."""
    words = (ast.unparse(decorator) for decorator in decorators_of(node))
    return any(_KEEPS.search(w) and w.partition(".")[0] in imported for w in words)
