"""From live functions and classes back to the text that defined them."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

from jupyter_mlpipe.analysis.canonical import constant_parts, node_hash
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.model.digest import Plain, digest_of


class CellTexts:
    """Text of the notebook's cells, as `linecache` knows it.

    Only entries without a modification time count: these are the cells' own. A file on disk may
    have been edited since its code was compiled.
    """

    def __init__(self) -> None:
        self._trees: dict[str, ast.Module | None] = {}
        self._definitions: dict[str, Mapping[tuple[int, str], list[ast.AST]]] = {}

    def digest_of_code(self, code: CodeType) -> str:
        """Canonical hash of the definition that code was compiled from, else of the code."""
        node = self.definition_of(code)
        return node_hash(node) if node is not None else digest_of("code", code_facts(code))

    def definition_of(self, code: CodeType) -> ast.AST | None:
        """The definition that code was compiled from; None where its text cannot be found."""
        nodes = self._definitions_of(code.co_filename).get((code.co_firstlineno, code.co_name), [])
        return nodes[0] if len(nodes) == 1 else None

    def statement_of(self, code: CodeType) -> ast.stmt | None:
        """The cell's own statement, perhaps a whole class, that `definition_of` stands in."""
        node, tree = self.definition_of(code), self._tree(code.co_filename)
        if tree is None or not isinstance(node, ast.stmt | ast.expr):
            return None
        around = (s for s in tree.body if s.lineno <= node.lineno <= (s.end_lineno or 0))
        return next(around, None)

    def digest_of_class(self, cls: type) -> str | None:
        """Canonical hash of a class statement; None where its text cannot be found."""
        for value in vars(cls).values():
            function = _function(value)
            if function is None or not function.__qualname__.startswith(f"{cls.__qualname__}."):
                continue
            tree = self._tree(function.__code__.co_filename)
            line = function.__code__.co_firstlineno
            nodes = list(_classes(tree, cls.__name__, line)) if tree else []
            if len(nodes) == 1:
                return node_hash(nodes[0])
        return None

    def _definitions_of(self, filename: str) -> Mapping[tuple[int, str], list[ast.AST]]:
        """By first line and name; one walk serves all functions of a cell."""
        if filename not in self._definitions:
            tree = self._tree(filename)
            found: dict[tuple[int, str], list[ast.AST]] = {}
            for place, node in _definitions(tree) if tree else ():
                found.setdefault(place, []).append(node)
            self._definitions[filename] = found
        return self._definitions[filename]

    def _tree(self, filename: str) -> ast.Module | None:
        if filename not in self._trees:
            entry = linecache.cache.get(filename)
            self._trees[filename] = None
            if entry is not None and len(entry) == 4 and entry[1] is None:
                try:
                    self._trees[filename] = parse("".join(entry[2]))
                except SyntaxError:
                    return None
        return self._trees[filename]


def code_facts(code: CodeType) -> Plain:
    """Everything a code object computes with, and no positions."""
    return [
        code.co_code,
        [_constant(value) for value in code.co_consts],
        *(list(names) for names in (code.co_names, code.co_varnames)),
        *(list(names) for names in (code.co_freevars, code.co_cellvars)),
        [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags],
        code.co_exceptiontable,
        code.co_name,
    ]


def _constant(value: object) -> Plain:
    if isinstance(value, CodeType):
        return ["code", code_facts(value)]
    if isinstance(value, tuple):
        return ["tuple", *map(_constant, value)]
    if isinstance(value, frozenset):
        return ["frozenset", *sorted(digest_of("item", _constant(item)) for item in value)]
    return list(constant_parts(value))


def _definitions(tree: ast.Module) -> Iterator[tuple[tuple[int, str], ast.AST]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield (first, node.name), node
        elif isinstance(node, ast.Lambda):
            yield (node.lineno, "<lambda>"), node
        elif type(node).__name__ == "TypeAlias":  # Python 3.12 and later
            alias: Any = node
            yield (alias.lineno, alias.name.id), node


def _classes(tree: ast.Module, name: str, line: int) -> Iterator[ast.ClassDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == name:
            yield from [node] if node.lineno <= line <= (node.end_lineno or 0) else []


def _function(value: object) -> FunctionType | None:
    inner = getattr(value, "fget", None) or getattr(value, "__func__", value)
    return inner if isinstance(inner, FunctionType) else None
