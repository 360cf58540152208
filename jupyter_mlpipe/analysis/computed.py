"""Code that is found by a name, or in a place, which is computed when the code runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from jupyter_mlpipe.analysis.dotted import Meaning, dotted_path, with_imports
from jupyter_mlpipe.analysis.modules import is_local_module

_BY_NAME = frozenset(
    {"importlib.import_module", "importlib.reload", "pkgutil.resolve_name", "runpy.run_module"}
)
_BY_PLACE = frozenset(
    {
        *("runpy.run_path", "importlib.util.spec_from_file_location"),
        *("importlib.machinery.SourceFileLoader", "importlib.SourceFileLoader"),
        "importlib.spec_from_file_location",  # as the function itself says where it stands
    }
)
_LOADED = "sys.modules"


def computed_finds(nodes: Iterable[ast.AST], meaning: Meaning) -> Iterator[str]:
    """What code does to find other code, in the user's words.

    A module that is named by a literal counts as imported, and is passed over.

    Args:
        nodes: Statements that may run.
        meaning: Of names that they do not import themselves.
    """
    given = list(nodes)
    reader = _Reader(with_imports(given, meaning))
    for node in given:
        reader.visit(node)
    yield from reader.found


def told_find(path: str) -> str:
    """In the user's words."""
    shown = ".".join(path.split(".")[-2:])
    kind = "in a place" if path in _BY_PLACE else "by a name"
    return f"finds code {kind} that it computes ({shown})"


def finds_code(path: str) -> bool:
    """Whether what goes by this dotted name leads to code that no import names."""
    return path in _BY_NAME or path in _BY_PLACE or path == _LOADED


class _Reader(ast.NodeVisitor):
    """Collects what is called or only mentioned."""

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning
        self.found: list[str] = []

    def visit_Call(self, node: ast.Call) -> None:
        if dotted_path(node.func, self._meaning) in _BY_NAME and _is_literal(node.args):
            return
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        loaded = dotted_path(node.value, self._meaning) == _LOADED
        if not (loaded and _is_plain(node.slice)):
            self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """To ask whether a module is loaded leads to no code."""
        for part in (node.left, *node.comparators):
            if dotted_path(part, self._meaning) != _LOADED:
                self.visit(part)

    def visit_Name(self, node: ast.Name) -> None:
        self._mentioned(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not self._mentioned(node):
            self.generic_visit(node)

    def _mentioned(self, node: ast.Name | ast.Attribute) -> bool:
        path = dotted_path(node, self._meaning)
        if finds_code(path):
            self.found.append(told_find(path))
        return bool(path)


def _is_literal(arguments: list[ast.expr]) -> bool:
    return bool(arguments) and isinstance(arguments[0], ast.Constant)


def _is_plain(key: ast.expr) -> bool:
    """Whether it is the module itself that is taken, or one that is not the user's."""
    match key:
        case ast.Name(id=name):
            return name == "__name__"
        case ast.Constant(value=str() as name):
            return name != "__main__" and not is_local_module(name)
    return False
