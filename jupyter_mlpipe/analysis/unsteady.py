"""Calls that give something else each time: the calendar clock, and the system's entropy.

A clock that is only used to take the time between two moments does not count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from jupyter_mlpipe.analysis.dotted import Meaning, dotted_path, with_imports
from jupyter_mlpipe.analysis.stopwatch import timed_only

_MOMENTS = frozenset(
    {
        *("time.time", "time.time_ns"),
        *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"),
        *("pandas.Timestamp.now", "pandas.Timestamp.utcnow", "pandas.Timestamp.today"),
    }
)
"""What a stopwatch may be made of."""
_WITHOUT_TIME: Mapping[str, int] = MappingProxyType(
    {
        **dict.fromkeys(("time.localtime", "time.gmtime", "time.ctime", "time.asctime"), 0),
        "time.strftime": 1,
    }
)
"""Read the clock when they are given no more arguments than these."""
_SAYING_NOW = frozenset(
    {"numpy.datetime64", "pandas.Timestamp", "pandas.to_datetime", "pandas.DatetimeIndex"}
)
_CLOCKS = frozenset({*_MOMENTS, *_WITHOUT_TIME, "datetime.date.today", "email.utils.localtime"})
_ENTROPY = frozenset(
    {
        *("uuid.uuid1", "uuid.uuid4", "random.SystemRandom", "torch.seed"),
        *(
            f"{system}.{name}"
            for system in ("os", "posix", "nt")
            for name in ("urandom", "getrandom")
        ),
    }
)
_SEEDED = frozenset({"random.Random", "random.seed", "numpy.random.seed"})
"""Draw from the system's entropy unless they are given a seed."""


def unsteady_calls(nodes: Iterable[ast.AST], meaning: Meaning) -> Iterator[str]:
    """What code does that cannot be proven to give the same again, in the user's words.

    Args:
        nodes: Statements that may run.
        meaning: Of names that they do not import themselves.
    """
    given = list(nodes)
    reader = _Reader(with_imports(given, meaning))
    for node in given:
        reader.visit(node)
    steady = timed_only(given, reader.moments)
    for node, path in reader.found:
        if id(node) not in steady:
            yield told(path)


def told(path: str) -> str:
    """In the user's words."""
    shown = ".".join(path.split(".")[-2:])
    if path in _CLOCKS or path in _SAYING_NOW:
        return f"reads the clock ({shown})"
    return f"draws from the system's entropy ({shown})"


def is_unsteady(path: str) -> bool:
    """Whether what goes by this dotted name may give something else each time."""
    return path in _CLOCKS or path in _ENTROPY or path.startswith("secrets.")


class _Reader(ast.NodeVisitor):
    """Collects what reads the clock or draws entropy, called or only mentioned."""

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning
        self.found: list[tuple[ast.expr, str]] = []
        self.moments: list[ast.Call] = []

    def visit_Call(self, node: ast.Call) -> None:
        path = dotted_path(node.func, self._meaning)
        if not path:
            self.visit(node.func)
        elif _counts(node, path):
            self.found.append((node, path))
            self.moments += [node] if path in _MOMENTS else []
        for argument in (*node.args, *node.keywords):
            self.visit(argument)

    def visit_Name(self, node: ast.Name) -> None:
        self._mentioned(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not self._mentioned(node):
            self.generic_visit(node)

    def _mentioned(self, node: ast.Name | ast.Attribute) -> bool:
        """It may be called by whoever is handed it."""
        path = dotted_path(node, self._meaning)
        if is_unsteady(path):
            self.found.append((node, path))
        return bool(path)


def _counts(call: ast.Call, path: str) -> bool:
    given = len(call.args) + len(call.keywords)
    if path in _WITHOUT_TIME:
        return given <= _WITHOUT_TIME[path]
    if path in _SEEDED:
        return not given or any(
            _is_none(a) for a in (*call.args, *(k.value for k in call.keywords))
        )
    if path in _SAYING_NOW:
        said = call.args[0] if call.args else None
        return isinstance(said, ast.Constant) and said.value in ("now", "today")
    return is_unsteady(path)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
