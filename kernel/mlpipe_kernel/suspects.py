"""What cells did: which untagged line touched a variable last, and what libraries were told."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from jupyter_mlpipe.analysis.dotted import Meaning
from jupyter_mlpipe.analysis.handed import handed_over
from jupyter_mlpipe.analysis.mutation import changed_in_place
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.statements import read_statements
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.engine.scope import Touch

_MOST_CELLS = 200
_WIDEST = 60


@dataclass(frozen=True, slots=True)
class _Cell:
    source: str
    count: int
    time: float


class Suspects:
    """The latest untagged cells; they are read only when somebody asks who changed something."""

    def __init__(self) -> None:
        self._cells: deque[_Cell] = deque(maxlen=_MOST_CELLS)
        self._handed: frozenset[str] = frozenset()

    @property
    def handed(self) -> frozenset[str]:
        """Functions that a library was told to call."""
        return self._handed

    def note(self, source: str, count: int) -> None:
        """A cell that is no step just ran."""
        self._cells.append(_Cell(source, count, time.time()))

    def note_handed(self, body: str, meaning: Meaning) -> None:
        """Any cell just ran, in which names have this meaning."""
        self._handed |= handed_over(body, meaning)

    def last(self, variable: str) -> Touch | None:
        """The last line that says it binds the variable or changes it in place."""
        for cell in reversed(self._cells):
            line = _touching(cell.source, variable) if variable in cell.source else ""
            if line:
                return Touch(f"In [{cell.count}] {line}", cell.time)
        return None


def _touching(source: str, variable: str) -> str:
    for statement in reversed(read_statements(python_source(source))):
        try:
            changed = changed_in_place(parse(statement.source))
        except SyntaxError:
            continue
        if variable in statement.names | changed:
            line = statement.source.strip().partition("\n")[0]
            return line if len(line) <= _WIDEST else f"{line[:_WIDEST]}…"
    return ""
