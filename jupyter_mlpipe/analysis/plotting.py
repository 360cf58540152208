"""What code says of the figures that pyplot keeps open from cell to cell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from jupyter_mlpipe.analysis.parsing import parse

_CHOICE = re.compile(
    r"\b(?:matplotlib|mpl)\.use\(\s*['\"](?P<use>[^'\"]+)|"
    r"\bswitch_backend\(\s*['\"](?P<switch>[^'\"]+)|"
    r"^\s*%matplotlib\s+(?P<magic>\w+)",
    re.MULTILINE,
)
_INLINE = frozenset({"inline", "module://matplotlib_inline.backend_inline", "widget", "ipympl"})
_PYPLOT = "matplotlib.pyplot"
_OPEN = frozenset({"figure", "subplots", "subplot_mosaic", "close"})
"""From here on a cell draws on figures of its own."""
_NEUTRAL = frozenset(
    {
        *("rc", "rc_context", "rcdefaults", "switch_backend", "ion", "ioff", "isinteractive"),
        *("get_cmap", "get_fignums", "fignum_exists", "imread", "imsave", "get_backend", "show"),
    }
)


def chooses_backend(sources: Iterable[str]) -> bool:
    """Whether cells choose a backend by which figures stay open when a cell ends."""
    chosen = (found for source in sources for found in _CHOICE.finditer(source))
    names = [next(filter(None, found.groups())).lower() for found in chosen]
    return bool(names) and names[-1] not in _INLINE


def mentions_pyplot(python: str, definitions: Iterable[str]) -> bool:
    """Whether the code can open a figure in pyplot."""
    return bool(set(_names(python, definitions)) & _words(python))


def draws_unnamed(python: str, definitions: Iterable[str]) -> bool:
    """Whether the first that a cell asks of pyplot is to draw on whatever figure is open."""
    names = dict(_names(python, definitions))
    for called in _calls(python):
        module, _, function = called.rpartition(".")
        meant = f"{names.get(module, '')}.{function}" if module else names.get(function, "")
        if meant.startswith(f"{_PYPLOT}."):
            word = meant.rpartition(".")[2]
            if word not in _NEUTRAL:
                return word not in _OPEN
    return False


def _names(python: str, definitions: Iterable[str]) -> dict[str, str]:
    """What names stand for pyplot and its functions."""
    found: dict[str, str] = {}
    for source in (*definitions, python):
        for node in ast.walk(_tree(source)):
            found.update(_imported(node))
    return found


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name == _PYPLOT:
                yield alias.asname or _PYPLOT, _PYPLOT
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            full = f"{node.module}.{alias.name}"
            if full.startswith(_PYPLOT):
                yield alias.asname or alias.name, full


def _calls(python: str) -> Iterator[str]:
    """Dotted names that are called, as they stand in the text."""
    calls = [n for n in ast.walk(_tree(python)) if isinstance(n, ast.Call)]
    for node in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        if isinstance(node.func, ast.Name | ast.Attribute):
            yield ast.unparse(node.func)


def _words(python: str) -> set[str]:
    nodes = ast.walk(_tree(python))
    return {ast.unparse(n) for n in nodes if isinstance(n, ast.Name | ast.Attribute)}


def _tree(source: str) -> ast.Module:
    try:
        return parse(source)
    except SyntaxError:
        return ast.Module([], [])
