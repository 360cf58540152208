"""Whether a step may do what no later look can compare.

It may read the calendar clock, draw from the system's entropy, or, where nobody tells which
functions run, find code by a computed name. Its cell, the notebook's functions that it may call,
and what these mention of local modules are read as text. Numpy, which draws entropy where it is
given no seed, is listened to.
"""

from __future__ import annotations

import ast
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_mlpipe.analysis.closure import Closure
from jupyter_mlpipe.analysis.computed import computed_finds, finds_code, told_find
from jupyter_mlpipe.analysis.dotted import Meaning, dotted_names
from jupyter_mlpipe.analysis.modules import module_file
from jupyter_mlpipe.analysis.parsing import nodes_in, parse
from jupyter_mlpipe.analysis.sources import CellTexts
from jupyter_mlpipe.analysis.unsteady import is_unsteady, told, unsteady_calls


@dataclass(frozen=True, slots=True)
class _Search:
    """One kind of what is looked for."""

    suspicious: re.Pattern[str]
    """Without one of these words, a text is not read any further."""
    counts: Callable[[str], bool]
    """Whether what goes by a dotted name is of this kind."""
    told: Callable[[str], str]
    calls: Callable[[Iterable[ast.AST], Meaning], Iterator[str]]


_CLOCKS_AND_ENTROPY = _Search(
    re.compile(
        r"time|date|now|today|uuid|urandom|getrandom|secrets|SystemRandom|Random|seed|Timestamp"
    ),
    is_unsteady,
    told,
    unsteady_calls,
)
_COMPUTED = _Search(
    re.compile(r"import_module|reload|resolve_name|run_module|run_path|spec_from|Loader|modules"),
    finds_code,
    told_find,
    computed_finds,
)
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def why_unsteady(
    python: str, closure: Closure, namespace: Mapping[str, Any], *, traced: bool
) -> str | None:
    """`reads the clock (datetime.now)`; None where there is nothing of the kind.

    Args:
        python: The text of the cell.
        closure: Of the cell.
        namespace: What it runs in.
        traced: Whether it is told which functions run, so that computed names can be followed.
    """
    searches = (_CLOCKS_AND_ENTROPY,) if traced else (_CLOCKS_AND_ENTROPY, _COMPUTED)
    return next((r for s in searches for r in _reasons(s, python, closure, namespace)), None)


def _reasons(
    search: _Search, python: str, closure: Closure, namespace: Mapping[str, Any]
) -> Iterator[str]:
    cell = parse(python)
    yield from map(search.told, sorted(filter(search.counts, closure.reached)))
    words = {word for name in closure.reached for word in name.split(".")} | _words(cell)
    if search.suspicious.search(python):
        deferred = [s for s in cell.body if _only_defines(s)]
        own = _words(*(s for s in cell.body if s not in deferred))
        yield from search.calls(_reached(cell.body, deferred, own), dotted_names(namespace))
    texts = CellTexts()
    for function in closure.functions:
        words |= _words_of(function.__code__)
        yield from _in_function(search, function, texts)
    for statements, meaning in _in_modules(closure.modules, words):
        yield from search.calls(statements, meaning)


def _in_function(search: _Search, function: types.FunctionType, texts: CellTexts) -> Iterator[str]:
    names = _words_of(function.__code__)
    if not search.suspicious.search(" ".join(names)):
        return
    meaning = dotted_names(function.__globals__)
    node = texts.statement_of(function.__code__)
    if node is not None:
        yield from search.calls([node], meaning)
        return
    # Its text is not known: whatever it mentions may be called.
    roots = {dotted for name in names if (dotted := meaning(name))}
    paths = {*roots, *(f"{root}.{name}" for root in roots for name in names)}
    paths |= {f"{path}.{name}" for path in paths for name in names}
    yield from map(search.told, sorted(filter(search.counts, paths)))


def _in_modules(
    modules: Iterable[str], words: set[str]
) -> Iterator[tuple[list[ast.stmt], Meaning]]:
    """What is mentioned of local modules, by what is mentioned there too."""
    trees = {name: tree for name in modules if (tree := _tree(name)) is not None}
    while True:
        found = {
            name: _reached(tree.body, [s for s in tree.body if _only_binds(s)], words)
            for name, tree in trees.items()
        }
        more = words | _words(*(s for statements in found.values() for s in statements))
        if more == words:
            break
        words = more
    for name, statements in found.items():
        yield statements, dotted_names(vars(sys.modules[name]) if name in sys.modules else {})


def _tree(module: str) -> ast.Module | None:
    file = module_file(module)
    if file is None or not file.endswith(".py"):
        return None
    try:
        return parse(Path(file).read_text(encoding="utf-8-sig"))
    except (OSError, SyntaxError, ValueError):
        return None


def _reached(
    statements: Sequence[ast.stmt], deferred: Sequence[ast.stmt], words: set[str]
) -> list[ast.stmt]:
    """All that is not deferred, and of the rest what binds a name that is mentioned."""
    found = [s for s in statements if s not in deferred]
    waiting, known = list(deferred), set(words)
    while True:
        reached = [s for s in waiting if "getattr" in known or not known.isdisjoint(_bound_by(s))]
        if not reached:
            return found
        found += reached
        known |= _words(*reached)
        waiting = [s for s in waiting if s not in reached]


def _only_defines(statement: ast.stmt) -> bool:
    return isinstance(statement, _DEFINITIONS) and not statement.decorator_list


def _only_binds(statement: ast.stmt) -> bool:
    """What a module does when it is imported matters as far as its names are used."""
    if isinstance(statement, ast.If):
        return "__main__" in ast.unparse(statement.test)
    return _only_defines(statement) or isinstance(statement, ast.Assign | ast.AnnAssign)


def _bound_by(statement: ast.stmt) -> set[str]:
    if isinstance(statement, _DEFINITIONS):
        return {statement.name}
    stored = (n for n in nodes_in(statement) if isinstance(n, ast.Name))
    return {name.id for name in stored if isinstance(name.ctx, ast.Store)}


def _words(*nodes: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in (inner for each in nodes for inner in nodes_in(each)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                found.update(name.split("."))
            case ast.Constant(value=str() as text) if text.isidentifier():
                found.add(text)
    return found


def _words_of(code: types.CodeType) -> set[str]:
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _words_of(constant)
        elif isinstance(constant, str) and constant.isidentifier():
            found.add(constant)
    return found
