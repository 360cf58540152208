"""Hints of variables (`x: int = 1`), which Python keeps by name in the notebook's namespace."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from types import CodeType

from jupyter_mlpipe.analysis.instructions import instructions_of
from jupyter_mlpipe.analysis.parsing import nodes_in, parse
from jupyter_mlpipe.model.run import Immovable

HINTS = "__annotations__"
KEPT_HINTS = "hints"
"""The kind of immovable state that they are."""
_ASKS = frozenset({"get_type_hints", "get_annotations", HINTS})
_ITSELF = frozenset({"__main__", "modules"})
"""How code comes to the module that the notebook is."""
_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


def hints_given(python: str) -> Iterator[Immovable]:
    """What a cell leaves of the kind; nothing where it gives no variable a hint."""
    if _gives(python):
        yield Immovable(HINTS, KEPT_HINTS, "the hints of its variables")


def gives_hints(python: str) -> bool:
    """Whether a cell gives a variable a hint."""
    return any(True for _ in hints_given(python))


def asks_for_hints(sources: Iterable[str], codes: Iterable[CodeType] = ()) -> bool:
    """Whether code asks for those of the notebook's variables.

    Args:
        sources: Texts of cells and definitions.
        codes: Of functions, where their text is not at hand.
    """
    return any(map(_asks, sources)) or any(_asks_in_code(code) for code in codes)


def _gives(python: str) -> bool:
    try:
        waiting: list[ast.AST] = list(parse(python).body)
    except SyntaxError:
        return False
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            return True
        if not isinstance(node, _SCOPES | ast.expr):
            waiting.extend(ast.iter_child_nodes(node))
    return False


def _asks(source: str) -> bool:
    if not any(word in source for word in _ASKS):
        return False
    try:
        nodes = nodes_in(parse(source))
    except SyntaxError:
        return True
    words = {word for node in nodes for word in _words(node)}
    plain = any(isinstance(node, ast.Name) and node.id == HINTS for node in nodes)
    told = any(isinstance(node, ast.Constant) and node.value == HINTS for node in nodes)
    return plain or told or bool(words & _ASKS and words & _ITSELF)


def _words(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
            yield name
        case ast.Constant(value=str() as name):
            yield name


def _asks_in_code(code: CodeType) -> bool:
    """By names alone: those of attributes stand among them."""
    words = {*code.co_names, *(c for c in code.co_consts if isinstance(c, str))}
    if any(_asks_in_code(c) for c in code.co_consts if isinstance(c, CodeType)):
        return True
    named = HINTS in code.co_names and any(
        i.opname == "LOAD_GLOBAL" and i.argval == HINTS for i in instructions_of(code)
    )
    return named or bool(words & _ASKS and words & (_ITSELF | {"globals"}))
