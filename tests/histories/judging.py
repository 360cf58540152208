"""Compares what a history came to with our extension to what it came to without."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_mlpipe.model.run import OPAQUE
from tests.corpus.zygote import Zygote
from tests.histories.moves import Move, moves_of
from tests.histories.statements import NAMES, TYPES
from tests.histories.writing import History

_NOTEBOOK = "history.ipynb"


def judge(history: History, zygote: Zygote, folder: Path) -> list[str]:
    """Everything that was wrong, one line each."""
    moves = moves_of(history)
    told = [move.asdict() for move in moves]
    plain = folder / "plain"
    plain.mkdir()
    answer = zygote.call("tests.histories.playing:plain", told, **_at(plain, "plain"))
    assert answer["result"], f"it cannot be run at all\n{_log(plain, 'plain')}"
    oracle = answer["result"]
    try:
        ours, steps = _played(moves, oracle, zygote, folder)
    except _Broken as broken:
        return [str(broken)]
    return [
        *_states(moves, ours, oracle),
        *_lineage(moves, steps, oracle),
        *_hits(moves, steps, oracle),
    ]


class _Broken(Exception):  # noqa: N818 - it is a finding
    """A session ended before its time."""


def _played(
    moves: Sequence[Move], oracle: Sequence[Mapping[str, Any]], zygote: Zygote, folder: Path
) -> tuple[list[dict[str, Any]], dict[int, dict[str, Any]]]:
    """What was seen after each move, and what is on record of each that was a step."""
    place = folder / "ours"
    place.mkdir()
    (place / "pyproject.toml").write_text("")
    (place / _NOTEBOOK).write_text(json.dumps(_notebook(moves)))
    seen: list[dict[str, Any]] = []
    steps: dict[int, dict[str, Any]] = {}
    starts = [0, *(n for n, move in enumerate(moves) if not move.text)]
    for start, stop in zip(starts, [*starts[1:], len(moves)], strict=True):
        first = start if moves[start].text else start + 1
        begin = None if first == start else oracle[start]
        end = oracle[stop - 1]["names"] if stop == len(moves) else None
        part = [move.asdict() for move in moves[first:stop]]
        log = f"session-{start}"
        answer = zygote.call("tests.histories.playing:session", part, begin, end, **_at(place, log))
        if answer["result"] is None:
            raise _Broken(f"session ended with {answer['code']}\n{_log(place, log)}")
        seen += answer["result"]["told"]
        recorded = answer["result"]["steps"]
        meant = [n for n in range(first, stop) if moves[n].step]
        if len(meant) != len(recorded):
            names = [step["step"] for step in recorded]
            raise _Broken(f"on record are {names}, run were {[moves[n].step for n in meant]}")
        steps |= dict(zip(meant, recorded, strict=True))
    return seen, steps


def _notebook(moves: Sequence[Move]) -> dict[str, Any]:
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    first = {m.cell_id: m.text for m in reversed(moves) if m.cell_id}
    cells = [{**empty, "id": cell, "source": first[cell]} for cell in sorted(first)]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _states(
    moves: Sequence[Move], ours: Sequence[Mapping[str, Any]], oracle: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    for number, (seen, truth) in enumerate(zip(ours, oracle, strict=True)):
        where = _where(moves, number)
        if seen["shown"] != truth["shown"]:
            yield f"{where}: shows {seen['shown']!r}, not {truth['shown']!r}"
        if seen["errors"] != truth["errors"]:
            yield f"{where}: errors {seen['errors']}, not {truth['errors']}"
        have, want = seen["values"], truth["values"]
        for name in sorted(have.keys() | want.keys()):
            asleep = name not in have and name in seen["asleep"]
            if have.get(name) != want.get(name) and not asleep and not _is_code(name, have, want):
                yield f"{where}: `{name}` is {_word(have, name)}, not {_word(want, name)}"


def _lineage(
    moves: Sequence[Move],
    steps: Mapping[int, Mapping[str, Any]],
    oracle: Sequence[Mapping[str, Any]],
) -> Iterator[str]:
    for number, step in steps.items():
        where = _where(moves, number)
        before = oracle[number - 1]["values"] if number else {}
        after = oracle[number]["values"]
        failed = bool(oracle[number]["errors"])
        if failed != (step["status"] == "failed"):
            yield f"{where}: is recorded as {step['status']}"
        for item in step["inputs"]:
            name = item["variable"]
            known = (before.get(name), OPAQUE)
            if item["digest"] not in known and not _is_code(name, {name: item["digest"]}, before):
                yield f"{where}: read `{name}` as {_word(before, name)}, on record is {item}"
        if failed:
            continue
        left = {item["variable"]: item["digest"] for item in step["outputs"]}
        for name, digest in left.items():
            if digest not in (after.get(name), OPAQUE) and not _is_code(name, left, after):
                yield f"{where}: left `{name}` as {_word(after, name)}, on record is {digest}"
        changed = {name for name, digest in after.items() if before.get(name) != digest}
        for name in sorted(changed - left.keys()):
            yield f"{where}: changed `{name}`, unnoticed"
        for name in sorted(before.keys() - after.keys() - {*step["deleted"], *NAMES["function"]}):
            yield f"{where}: deleted `{name}`, unnoticed"


def _hits(
    moves: Sequence[Move],
    steps: Mapping[int, Mapping[str, Any]],
    oracle: Sequence[Mapping[str, Any]],
) -> Iterator[str]:
    """What finds everything as in the round before is not run again."""
    for number, step in steps.items():
        move = moves[number]
        if move.round < 2 or step["status"] in ("cached", "failed"):
            continue
        again = [
            n
            for n in steps
            if moves[n].round == move.round - 1 and moves[n].cell_id == move.cell_id
        ]
        same = oracle[again[0]]["state"] == oracle[number]["state"]
        if same and not step["reason"].startswith("always runs"):
            yield f"{_where(moves, number)}: ran needlessly: {step['reason']}"


def _where(moves: Sequence[Move], number: int) -> str:
    if number >= len(moves):
        return "in the end" if number == len(moves) else f"in the end, poke {number - len(moves)}"
    move = moves[number]
    return f"move {number} ({move.step or move.cell_id or move.says or 'scratch'})"


def _is_code(name: str, have: Mapping[str, str], want: Mapping[str, str]) -> bool:
    """A function is data for us where it holds on to data; what it returns is compared."""
    return TYPES.get(name) == "function" and not (name in have and name in want)


def _word(values: Mapping[str, str], name: str) -> str:
    return values.get(name, "not there")[:20]


def told(history: History) -> str:
    """A history to read: its moves, up to where all is run again."""
    lines = []
    for number, move in enumerate(moves_of(history)):
        if not move.round and move.cell_id != "cell-0":
            lines.append(f"--- {number} {move.says}")
            lines.append(move.text or "restart")
    return "\n".join(lines)


def _at(folder: Path, log: str) -> dict[str, Any]:
    environment = {**os.environ, "JPY_SESSION_NAME": str(folder / _NOTEBOOK), "MPLBACKEND": "Agg"}
    environment["IPYTHONDIR"] = str(folder / ".ipython")
    return {"folder": folder, "log": folder / f"{log}.log", "environment": environment}


def _log(folder: Path, name: str) -> str:
    return (folder / f"{name}.log").read_text()[-3000:]
