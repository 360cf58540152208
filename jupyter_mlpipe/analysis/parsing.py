"""Python text to trees and code objects, as a notebook's cell is compiled.

A cell is looked at from many sides, so its tree is made once and shared: nobody may change it.
"""

from __future__ import annotations

import ast
import functools
import warnings
from types import CodeType
from typing import cast


def parse(source: str) -> ast.Module:
    """The tree of a cell; `await` is allowed at its top level.

    Raises:
        SyntaxError: The text is not Python, or cannot be read at all.
    """
    return _shared_tree(source) if len(source) <= _LONGEST_CELL else _tree(source)


def _tree(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the user sees them when the cell itself is compiled
        try:
            tree = compile(source, "<cell>", "exec", _PARSE_FLAGS, dont_inherit=True)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(f"the text cannot be parsed ({error})") from error
    return cast("ast.Module", tree)


_shared_tree = functools.lru_cache(maxsize=128)(_tree)
_LONGEST_CELL = 20_000
"""Characters; longer texts are files, whose trees would take much memory."""


def nodes_in(tree: ast.AST) -> list[ast.AST]:
    """All nodes of a tree, itself first; as `ast.walk` finds them, at a third of its price."""
    found = [tree]
    for node in found:  # grows meanwhile
        for name in node._fields:
            part = getattr(node, name, None)
            if isinstance(part, ast.AST):
                found.append(part)
            elif isinstance(part, list):
                found += [item for item in part if isinstance(item, ast.AST)]
    return found


@functools.lru_cache(maxsize=128)
def nodes_of_cell(tree: ast.Module) -> tuple[ast.AST, ...]:
    """The same of a cell's shared tree, listed once for all who ask."""
    return tuple(nodes_in(tree))


def compile_tree(tree: ast.Module) -> CodeType:
    """The code object of a parsed cell; nothing of it is executed.

    Raises:
        SyntaxError: It parses but means nothing, such as `return` outside a function.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            code = compile(
                tree,
                "<cell>",
                "exec",
                ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
                dont_inherit=True,
                optimize=0,
            )
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(f"the text cannot be compiled ({error})") from error
    return cast("CodeType", code)


def parses(source: str) -> bool:
    """Whether the text is Python as it stands."""
    try:
        parse(source)
    except SyntaxError:
        return False
    return True


_PARSE_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
