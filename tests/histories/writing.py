"""Draws notebooks and what their user does with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.histories.editing import EDITS
from tests.histories.statements import BEGINNINGS, NAMES, STATEMENTS

_BLANK = re.compile(r"(?P<mark>[$@])(?P<kind>[a-z]+)|%(?P<number>[ki])\b")


@dataclass(frozen=True, slots=True)
class NotebookCell:
    """A cell; one that is tagged is a step named after its id."""

    id: str
    body: str
    tagged: bool

    @property
    def step(self) -> str:
        """The step's name; empty for an untagged cell."""
        return self.id.replace("-", "_") if self.tagged else ""

    @property
    def text(self) -> str:
        """As it stands in the notebook."""
        return f"%%step {self.step}\n{self.body}" if self.tagged else self.body


@dataclass(frozen=True, slots=True)
class Act:
    """One thing the user does: `run`, `edit`, `scratch`, `all` or `restart`."""

    what: str
    cell: int = 0
    how: str = ""
    """What kind of edit, or the text of a scratch cell."""
    place: int = 0
    """Which of the things that can be edited."""


@dataclass(frozen=True, slots=True)
class History:
    """A notebook as it was written first, and what became of it."""

    cells: tuple[NotebookCell, ...]
    acts: tuple[Act, ...] = field(default=())


@st.composite
def histories(draw: Callable[..., Any]) -> History:
    """Notebooks of two to five cells below their preamble, and up to six acts."""
    known: dict[str, set[str]] = {}
    preamble = NotebookCell("cell-0", "", draw(st.booleans()))
    cells = [preamble]
    for number in range(1, draw(st.integers(2, 5)) + 1):
        body = draw(_bodies(known))
        cells.append(NotebookCell(f"cell-{number}", body, number == 1 or draw(st.booleans())))
    acts = draw(st.lists(_acts(len(cells), known), max_size=6))
    return History(tuple(cells), tuple(acts))


@st.composite
def _bodies(draw: Callable[..., Any], known: dict[str, set[str]]) -> str:
    return "\n".join(draw(_statements(known)) for _ in range(draw(st.integers(1, 4))))


@st.composite
def _statements(draw: Callable[..., Any], known: dict[str, set[str]]) -> str:
    """One statement; what it reads and nothing has bound yet is bound in front of it."""
    form = draw(st.sampled_from(STATEMENTS))
    lacking = [
        kind for mark, kind, _ in _BLANK.findall(form) if mark == "$" and not known.get(kind)
    ]
    before = [draw(_filled(BEGINNINGS[kind], known)) for kind in dict.fromkeys(lacking)]
    return "\n".join([*before, draw(_filled(form, known))])


@st.composite
def _filled(draw: Callable[..., Any], form: str, known: dict[str, set[str]]) -> str:
    bound: list[tuple[str, str]] = []

    def fill(blank: re.Match[str]) -> str:
        if blank["number"]:
            return str(draw(st.integers(0, 3 if blank["number"] == "i" else 9)))
        kind = blank["kind"]
        if blank["mark"] == "$":
            return str(draw(_one_of(known.get(kind) or NAMES[kind])))
        name = str(draw(st.sampled_from(NAMES[kind])))
        bound.append((kind, name))
        return name

    text = _BLANK.sub(fill, form)
    for kind, name in bound:
        known.setdefault(kind, set()).add(name)
    return text


def _one_of(names: Collection[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(sorted(names))


@st.composite
def _acts(draw: Callable[..., Any], cells: int, known: dict[str, set[str]]) -> Act:
    what = draw(st.sampled_from(["run", "all", "edit", "scratch", "restart"]))
    if what == "run":
        return Act("run", draw(st.integers(1, cells - 1)))
    if what == "scratch":
        return Act("scratch", how=draw(_statements(known)))
    if what == "edit":
        cell = draw(st.integers(0, cells - 1))
        how = draw(st.sampled_from(sorted(EDITS))) if cell else "class"
        return Act("edit", cell, how, draw(st.integers(0, 5)))
    return Act(what)
