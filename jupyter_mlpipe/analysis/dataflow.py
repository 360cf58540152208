"""What a cell reads, binds and deletes."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator, Sequence

from jupyter_mlpipe.analysis.bytecode import GlobalNames, global_names
from jupyter_mlpipe.analysis.magics import filled_in_by_magics, hidden_by_magics, is_blind
from jupyter_mlpipe.analysis.parsing import compile_tree, nodes_in, nodes_of_cell, parse
from jupyter_mlpipe.analysis.receivers import told_by_text
from jupyter_mlpipe.model.step import StepSignature


@functools.lru_cache(maxsize=256)
def analyze(source: str) -> StepSignature:
    """The signature of a cell, from what `python_source` makes of it.

    `reads` holds builtins too: only a namespace can tell whether `sum` is still Python's. A name
    that is certainly bound before it is read is left out.
    """
    try:
        return signature_of(parse(source))
    except SyntaxError:
        return StepSignature(dynamic="does not parse")


@functools.lru_cache(maxsize=1024)
def signature_of_statements(statements: tuple[ast.stmt, ...]) -> StepSignature:
    """That of some statements of a cell, as if they were all of it.

    They are known by identity, for the trees of cells are shared.

    Raises:
        SyntaxError: They cannot be compiled.
    """
    return signature_of(ast.Module(list(statements), []))


def signature_of(tree: ast.Module) -> StepSignature:
    """The signature of a parsed cell.

    Raises:
        SyntaxError: It parses but cannot be compiled.
    """
    names = global_names(compile_tree(tree))
    nodes = nodes_of_cell(tree)
    reasons = [reason for reason in (_star_import(nodes), _listed(nodes), *names.hidden) if reason]
    if "get_ipython" in names.reads:
        names.reads |= filled_in_by_magics(tree) - names.certain
        reasons += [reason] if (reason := hidden_by_magics(tree)) else []
    for part in (names, *names.deferred.values()):
        part.receivers = {r: why for r, why in part.receivers.items() if not told_by_text(r, tree)}
    deferred = names.deferred.items()
    names.shelter(set(_names_in_annotations(nodes)))
    deleted = _deleted(nodes)
    caught = names.deletes - deleted
    return StepSignature(
        # What `except ... as` may take away has to be there first, and is not there afterwards.
        reads=frozenset(names.reads | caught) - {"get_ipython"},
        direct=frozenset(names.direct & names.reads),
        fatal=frozenset() if "get_ipython" in names.reads else _fatal(names),
        held=frozenset(names.held).union(*(later.reads for _, later in deferred)),
        writes=frozenset(names.writes - (caught - _bound(nodes))),
        certain=names.certain & names.writes,
        deletes=frozenset(names.deletes & deleted),
        deferred_reads={n: frozenset(d.reads) - {"get_ipython"} for n, d in deferred if d.reads},
        deferred_writes={n: frozenset(d.writes) for n, d in deferred if d.writes},
        deferred_dynamic={n: r[0] for n, d in deferred if (r := [*d.hidden, *_conditional(d)])},
        strings=frozenset(
            node.value
            for node in nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ),
        texts=frozenset(names.texts),
        imported=frozenset(names.imported),
        subclasses=names.subclasses or any(later.subclasses for _, later in deferred),
        dynamic=min([*reasons, *_conditional(names)], key=is_blind, default=None),
        hiding=frozenset() if reasons else frozenset(names.hiding),
        receivers=frozenset() if reasons else frozenset(names.receivers),
    )


def _conditional(names: GlobalNames) -> list[str]:
    """Reasons that hold unless the notebook gives a name a meaning of its own."""
    return [*names.hiding.values(), *names.receivers.values()]


def _fatal(names: GlobalNames) -> frozenset[str]:
    return frozenset(names.exposed - names.sheltered - names.deferred.keys())


def _star_import(nodes: Sequence[ast.AST]) -> str | None:
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            return f"uses from {'.' * node.level}{node.module or ''} import *"
    return None


def _listed(nodes: Sequence[ast.AST]) -> str | None:
    """Without an argument, `dir` lists the names that are there."""
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id="dir"), args=[], keywords=[]):
                return "uses dir()"
    return None


def _deleted(nodes: Sequence[ast.AST]) -> set[str]:
    """Names in `del` statements: Python itself also deletes the name of `except ... as`."""
    return {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del)
    }


def _bound(nodes: Sequence[ast.AST]) -> set[str]:
    """Names that are bound otherwise than by `except ... as`, also in functions of the cell."""
    stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return stored | {
        name
        for node in nodes
        if not isinstance(node, ast.ExceptHandler)
        for name in (getattr(node, "name", None), getattr(node, "asname", None))
        if isinstance(name, str)
    }


_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_ANNOTATED = (ast.arg, ast.AnnAssign, ast.FunctionDef, ast.AsyncFunctionDef)


def _names_in_annotations(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Names in annotations kept as text; pydantic and the like look them up later."""
    lazy = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in nodes)
    for node in (node for node in nodes if isinstance(node, _ANNOTATED)):
        annotation = node.returns if isinstance(node, _FUNCTIONS) else node.annotation
        for part in nodes_in(annotation) if isinstance(annotation, ast.expr) else ():
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield from re.findall(r"[^\W\d]\w*", part.value)
            elif lazy and isinstance(part, ast.Name):
                yield part.id
