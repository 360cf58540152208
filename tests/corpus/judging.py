"""Compares what we did with a program to the truth about it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.corpus.reading import Program, ProgramCell
from tests.corpus.zygote import Zygote

_NOTEBOOK = "program.ipynb"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where programs are tried: two families of processes whose hashes of strings differ."""

    first: Zygote
    second: Zygote


def judge(program: Program, stage: Stage, folder: Path) -> list[str]:
    """Everything that was wrong, one line each; empty for a program we handle perfectly."""
    return list(_judge(program, stage, folder))


def _judge(program: Program, stage: Stage, folder: Path) -> Iterator[str]:
    oracle = _oracle(program, stage.first, folder / "plain")
    place = _project(program, folder / "notebook")
    told = stage.first.call(
        "tests.corpus.children:notebook",
        _texts(program),
        _left(program),
        2,
        **_at(place, "notebook"),
    )
    if told["result"] is None:
        yield f"notebook: its process ended with {told['code']}\n{_log(place, 'notebook')}"
        return
    for number, (pass_, truth) in enumerate(zip(told["result"], oracle, strict=True), 1):
        yield from _same(program, pass_, truth, f"pass {number}")
    yield from _lineage(program, told["result"][0]["run"]["steps"])
    again = stage.second.call(
        "tests.corpus.children:notebook", _texts(program), _left(program), 1, **_at(place, "again")
    )
    if again["result"] is None:
        yield f"restart: its process ended with {again['code']}\n{_log(place, 'again')}"
        return
    yield from _same(program, again["result"][0], oracle[0], "restart")
    yield from _hits(program, again["result"][0]["run"]["steps"])
    yield from _restored(program, stage.first, place, oracle[0])
    if program.edits or program.edited_files:
        yield from _edited(program, stage, folder, place)
        _put_back(program, place)
    yield from _replayed(program, stage.second, place, oracle[0], "replay")
    fresh = _project(program, folder / "static")
    yield from _replayed(program, stage.second, fresh, oracle[0], "static replay")


def _edited(program: Program, stage: Stage, folder: Path, place: Path) -> Iterator[str]:
    """Nothing that an edit changes may come from before it."""
    yield from _edited_in_session(program, stage, folder)
    edited = program.edited
    oracle = _oracle(edited, stage.first, folder / "edited")
    _put(program.edited_files, place, newer_by=2)
    arguments = (_texts(edited), _left(edited), 1)
    told = stage.first.call("tests.corpus.children:notebook", *arguments, **_at(place, "edited"))
    if told["result"] is None:
        yield f"edited: its process ended with {told['code']}\n{_log(place, 'edited')}"
        return
    yield from _same(edited, told["result"][0], oracle[0], "edited")


def _edited_in_session(program: Program, stage: Stage, folder: Path) -> Iterator[str]:
    edited = program.edited
    plain, place = folder / "plain session", _project(program, folder / "session")
    plain.mkdir()
    _put(program.files, plain)
    run, files = "tests.corpus.children:edited", program.edited_files
    cells = [[cell.source for cell in p.cells] for p in (program, edited)]
    truth = stage.first.call(run, *cells, files, None, **_at(plain, "plain"))
    texts = [_texts(p) for p in (program, edited)]
    told = stage.first.call(run, *texts, files, _left(edited), **_at(place, "session"))
    if told["result"] is None:
        yield f"edited in session: its process ended\n{_log(place, 'session')}"
        return
    yield from _same(edited, told["result"], truth["result"], "edited in session")


def _oracle(program: Program, zygote: Zygote, folder: Path) -> list[dict[str, Any]]:
    folder.mkdir()
    _put(program.files, folder)
    cells = [cell.source for cell in program.cells]
    told = zygote.call("tests.corpus.children:plain", cells, 2, **_at(folder, "plain"))
    assert told["result"], f"the program itself cannot be run\n{_log(folder, 'plain')}"
    return list(told["result"])


def _project(program: Program, folder: Path) -> Path:
    folder.mkdir()
    (folder / "pyproject.toml").write_text("")
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [
        {**empty, "id": f"cell-{number}", "source": cell.text}
        for number, cell in enumerate(program.cells)
    ]
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / _NOTEBOOK).write_text(json.dumps(content))
    _put(program.files, folder)
    return folder


def _put(files: Mapping[str, str], folder: Path, newer_by: int = 0) -> None:
    """Python tells an edited module by the second at which it was written."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
        moment = (folder / path).stat().st_mtime + newer_by
        os.utime(folder / path, (moment, moment))


def _put_back(program: Program, folder: Path) -> None:
    """The files as they were before they were edited."""
    for path in program.edited_files.keys() - program.files.keys():
        (folder / path).unlink()
    _put(
        {path: program.files[path] for path in program.edited_files if path in program.files},
        folder,
        newer_by=4,
    )


def _left(program: Program) -> list[str]:
    """Names that are bound when the program is through."""
    names: set[str] = set()
    for cell in program.cells:
        names = (names | cell.made | cell.changed) - cell.deleted
    return sorted(names)


def _made(program: Program) -> set[str]:
    """Names that steps made or changed, deleted or not."""
    return {name for cell in program.steps for name in cell.made | cell.changed}


def _texts(program: Program) -> list[str]:
    return [cell.text for cell in program.cells]


def _at(folder: Path, log: str) -> dict[str, Any]:
    environment = {**os.environ, "JPY_SESSION_NAME": str(folder / _NOTEBOOK), "MPLBACKEND": "Agg"}
    environment["IPYTHONDIR"] = str(folder / ".ipython")
    return {"folder": folder, "log": folder / f"{log}.log", "environment": environment}


def _log(folder: Path, name: str) -> str:
    return (folder / f"{name}.log").read_text()[-3000:]


def _same(
    program: Program, state: Mapping[str, Any], truth: Mapping[str, Any], where: str
) -> Iterator[str]:
    if _steady(state["shown"]) != _steady(truth["shown"]):
        yield f"{where}: shows {state['shown']!r}, the plain notebook {truth['shown']!r}"
    if state["errors"] != truth["errors"]:
        yield f"{where}: errors {state['errors']}, in the plain notebook {truth['errors']}"
    ours, theirs = state["values"], truth["values"]
    for name in sorted((ours.keys() | theirs.keys()) - program.unsteady):
        if ours.get(name) != theirs.get(name):
            yield f"{where}: `{name}` is {_word(ours, name)}, should be {_word(theirs, name)}"


def _steady(shown: str) -> str:
    """Without what differs each time: figures of timers, addresses, and where lines stand."""
    shown = re.sub(r"((?:CPU times|Wall time):).*", r"\1", shown)
    shown = re.sub(r"at 0x[0-9A-Fa-f]+", "at", shown)
    shown = re.sub(r"(?m)^[ \t]*\d+ '%%step .*\n", "", shown)
    return re.sub(r"(?m)^(-*>)?[ \t]*\d+ |, line \d+", "", shown)


def _word(values: Mapping[str, str], name: str) -> str:
    return values.get(name, "not there")[:20]


def _lineage(program: Program, steps: list[dict[str, Any]]) -> Iterator[str]:
    seen = {step["step"]: step for step in steps}
    maker: dict[str, str] = {}
    for cell in program.cells:
        found = seen.get(cell.step)
        if cell.step:
            yield from _edges(cell, found, maker, program.opaque)
        failed = found is not None and found["status"] == "failed"
        for name in cell.made | cell.changed:
            maker[name] = "" if failed else cell.step  # nothing that it left is kept
        for name in cell.deleted:
            maker.pop(name, None)


def _edges(
    cell: ProgramCell, seen: Any, maker: Mapping[str, str], opaque: frozenset[str]
) -> Iterator[str]:
    if seen is None:
        yield f"lineage: step {cell.step} left no record"
        return
    inputs = {i["variable"]: i["produced_by"] or "" for i in seen["inputs"]}
    for name in sorted(cell.reads - inputs.keys() - opaque):
        yield f"lineage: {cell.step} reads `{name}`, unnoticed"
    for name in sorted(inputs.keys() - cell.reads - cell.allowed):
        yield f"lineage: {cell.step} does not read `{name}`"
    for name in sorted(cell.reads & inputs.keys()):
        if inputs[name] != maker.get(name, ""):
            yield f"lineage: {cell.step} read `{name}` of {inputs[name]}, not {maker.get(name)}"
    if seen["status"] == "failed":
        return
    yield from _effects(cell, seen, opaque)
    gone = set(seen["deleted"]) & (maker.keys() | cell.deleted)  # others were made by the step
    if gone != cell.deleted:
        yield f"lineage: {cell.step} deletes {sorted(cell.deleted)}, we say {seen['deleted']}"


def _effects(cell: ProgramCell, seen: Any, opaque: frozenset[str]) -> Iterator[str]:
    left = {o["variable"]: o["mutated"] for o in seen["outputs"]}
    for name in sorted((cell.made | cell.changed) - left.keys() - opaque):
        yield f"lineage: {cell.step} leaves `{name}`, unnoticed"
    for name in sorted(left.keys() - cell.made - cell.changed):
        yield f"lineage: {cell.step} does not leave `{name}`"
    for name in sorted(left.keys() & (cell.made ^ cell.changed)):
        if left[name] != (name in cell.changed):
            yield f"lineage: {cell.step} made or changed `{name}`? we say mutated={left[name]}"


def _hits(program: Program, steps: list[dict[str, Any]]) -> Iterator[str]:
    for step in steps:
        hit, meant = step["status"] == "cached", step["step"] not in program.reruns
        if hit != meant and step["status"] != "failed":
            yield f"hits: {step['step']} {step['status']}: {step['reason']}"


def _restored(
    program: Program, zygote: Zygote, place: Path, truth: Mapping[str, Any]
) -> Iterator[str]:
    """In a new session names come back when they are mentioned; what no step made does not."""
    names = sorted((_made(program) & truth["values"].keys()) - program.opaque - program.unsteady)
    told = zygote.call("tests.corpus.children:mentioned", names, **_at(place, "restored"))
    if told["result"] is None or told["result"]["errors"]:
        yield f"restore: {(told['result'] or {}).get('errors')} {_log(place, 'restored')}"
        return
    for name in names:
        if told["result"]["values"].get(name) != truth["values"][name]:
            yield f"restore: `{name}` is not what it was"


def _replayed(
    program: Program, zygote: Zygote, place: Path, truth: Mapping[str, Any], where: str
) -> Iterator[str]:
    if truth["errors"]:
        return  # a pipeline stops where its code raises
    told = zygote.call(
        "tests.corpus.children:run_pipeline",
        _NOTEBOOK,
        zygote.path,
        **_at(place, where.replace(" ", "-")),
    )
    log = _log(place, where.replace(" ", "-"))
    if told["result"] is None:
        if program.refused is None or program.refused not in log:
            yield f"{where}: failed\n{log}"
        return
    values: dict[str, str] = {}
    told_of = {step["step"]: step for step in told["result"]["steps"]}
    for step in (told_of[cell.step] for cell in program.steps if cell.step in told_of):
        for name in step["deleted"]:
            values.pop(name, None)
        values |= {o["variable"]: o["digest"] for o in step["outputs"]}
    for name in sorted(
        (_made(program) & truth["values"].keys()) - program.opaque - program.unsteady
    ):
        if values.get(name) != truth["values"][name]:
            yield f"{where}: `{name}` is {_word(values, name)}, not the notebook's"
