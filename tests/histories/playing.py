"""Plays moves in forked processes: in IPython alone, and with our extension."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from jupyter_mlpipe.engine.data import is_given
from mlpipe_kernel import extension
from tests.corpus.children import fresh_shell, shown, values_of, without_our_line
from tests.histories.links import linked
from tests.histories.statements import POKES, TYPES


def plain(moves: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The oracle: no restart ever happens, but what could not be kept is deleted then."""
    shell = fresh_shell()
    told, kept = [], _Kept(shell.user_ns)
    for move in moves:
        kept.look()
        if not move["text"]:
            lost = kept.lost()
            told.append({**_run(shell, _deletion(lost), None), "lost": lost})
        else:
            state = _state(shell.user_ns)
            told.append({**_run(shell, move["body"], None), "state": state})
            kept.ran(move, failed=bool(told[-1]["errors"]))
        told[-1]["names"] = _names(shell.user_ns)
    return [*told, *_finale(shell, _names(shell.user_ns))]


def session(
    moves: Sequence[Mapping[str, Any]], begin: Mapping[str, Any] | None, end: Sequence[str] | None
) -> dict[str, Any]:
    """The moves between two restarts, with our extension; then the kernel dies.

    Args:
        moves: The cells to run.
        begin: What the oracle says of the restart before them.
        end: Names to mention when all is done, after the last restart.
    """
    shell = fresh_shell()
    without_our_line(shell)
    extension.attach(shell)
    desk = shell.find_line_magic("mlpipe").func.__self__._desk
    told = []
    if begin is not None:
        told.append(_restarted(shell, desk, begin))
    for move in moves:
        told.append(_look(shell, desk, _run(shell, move["text"], move["cell_id"])))
    steps = shown(desk.session.run.id) if any(move["step"] for move in moves) else None
    if end is not None:
        told += [_look(shell, desk, seen) for seen in _finale(shell, end)]
    return {"told": told, "steps": steps["steps"] if steps else []}


def _restarted(shell: Any, desk: Any, begin: Mapping[str, Any]) -> dict[str, Any]:
    """What no step left or read since it was made is not there any more, or as it was before."""
    _run(shell, "pass", None)
    waiting = desk.bench.variables.pending.keys() | {
        name for name in desk.bench.asleep.constants if name in TYPES
    }
    gone = sorted({*begin["lost"]} & desk.bench.waiting | (waiting - {*begin["names"]}))
    return _look(shell, desk, _run(shell, _deletion(gone), None))


def _deletion(names: Sequence[str]) -> str:
    return f"del {', '.join(names)}" if names else "pass"


def _run(shell: Any, text: str, cell_id: str | None) -> dict[str, Any]:
    shell.showtraceback = lambda *_, **__: None  # lines differ; what was raised is compared
    out = StringIO()
    with redirect_stdout(out):
        result = shell.run_cell(text, cell_id=cell_id)
    error = result.error_before_exec or result.error_in_exec
    errors = [f"{type(error).__name__}: {error}"] if error is not None else []
    return {"errors": errors, "shown": out.getvalue(), "values": values_of(shell.user_ns)}


def _look(shell: Any, desk: Any, seen: Mapping[str, Any]) -> dict[str, Any]:
    """Values that were not loaded count by what their versions say."""
    variables = desk.bench.variables
    pending = {name: version.digest for name, version in variables.pending.items()}
    return {**seen, "values": {**pending, **seen["values"]}, "asleep": sorted(desk.bench.waiting)}


def _finale(shell: Any, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """All is mentioned, then each is changed in place in turn, and each function called."""
    yield _run(shell, "\n".join(names) or "pass", None)
    for name in sorted(names, key=lambda name: TYPES.get(name) == "function"):
        if TYPES.get(name) in POKES:
            yield _run(shell, POKES[TYPES[name]].format(name), None)


def _names(namespace: Mapping[str, Any]) -> list[str]:
    return sorted(n for n in namespace if not is_given(n))


def _state(namespace: Mapping[str, Any]) -> str:
    """All that a cell may depend on, as one digest."""
    values = values_of(namespace)
    data = {name: namespace[name] for name in values}
    return hashlib.sha256(json.dumps([values, linked(data)]).encode()).hexdigest()


class _Kept:
    """Which variables a later session will find as they are now."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._last = self._look()
        self._kept: dict[str, tuple[Any, str]] = {}
        self._fixed: dict[str, tuple[Any, str]] = {}
        """Numbers and texts of untagged cells, written down when the next step runs."""

    def look(self) -> None:
        """Before each move."""
        self._last = self._look()

    def ran(self, move: Mapping[str, Any], *, failed: bool) -> None:
        """After a cell."""
        now = self._look()
        if move["step"]:
            self._kept |= self._fixed
            self._fixed = {}
        for name in move["binds"]:
            self._kept.pop(name, None)
            self._fixed.pop(name, None)
        if failed:
            return
        self._fixed |= {name: now[name] for name in move["fixed"] if name in now}
        if move["step"]:
            changed = {n for n, held in now.items() if not _same(held, self._last.get(n))}
            names = {name for name in changed | {*move["reads"]} if name in now}
            self._kept |= {name: now[name] for name in names if not self._is_past(now[name][0])}

    def _is_past(self, value: Any) -> bool:
        """Nothing can bring back an object whose class was defined anew; that is told by name."""
        kind = type(value)
        return kind.__module__ == "__main__" and self._namespace.get(kind.__name__) is not kind

    def lost(self) -> list[str]:
        now = self._look()
        return sorted(n for n, held in now.items() if not _same(held, self._kept.get(n)))

    def _look(self) -> dict[str, tuple[Any, str]]:
        values = values_of(self._namespace)
        return {name: (self._namespace[name], digest) for name, digest in values.items()}


def _same(one: tuple[Any, str], other: tuple[Any, str] | None) -> bool:
    return other is not None and one[0] is other[0] and one[1] == other[1]
