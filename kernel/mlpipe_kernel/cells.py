"""The notebook's cells as far as this kernel can know them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_mlpipe.analysis.notebook import Cell
from jupyter_mlpipe.analysis.options import parse_step_line
from jupyter_mlpipe.analysis.parsing import parses
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.model.errors import StepOptionError
from jupyter_mlpipe.model.events import CellText
from jupyter_mlpipe.model.step import StepSource
from mlpipe_kernel.gate import split_mark
from mlpipe_kernel.whereabouts import saved_cells


@dataclass(frozen=True, slots=True)
class RanCell:
    """A cell as it last ran to its end."""

    source: str
    id: str | None
    at: float


class Cells:
    """The text on the screen if a frontend tells it, else the saved notebook, else what ran.

    A cell that ran after the notebook was saved counts as it ran.
    """

    def __init__(self, notebook: Callable[[], Path | None]) -> None:
        self._notebook = notebook
        self._shown: tuple[Cell, ...] | None = None
        self._ran: dict[str, RanCell] = {}
        self._saved: tuple[float, tuple[Cell, ...]] = (0.0, ())

    def show(self, cells: Sequence[CellText]) -> None:
        """What stands on the screen now."""
        before = {cell.id: cell.source for cell in self._shown or ()}
        self._shown = tuple(
            Cell(_settled(cell, before.get(cell.id)), cell.id, cell.tags, position)
            for position, cell in enumerate(cells)
        )

    def ended(self, source: str, cell_id: str | None) -> None:
        """A cell ran without an error."""
        self._ran[_key(source, cell_id)] = RanCell(source, cell_id, time.time())

    def last_run(self, cell: Cell) -> str | None:
        """The text with which a cell last ran in this session."""
        ran = self._ran.get(_key(cell.source, cell.id))
        return ran.source if ran else None

    @property
    def placed(self) -> bool:
        """Whether the order of the cells is the notebook's own."""
        return self._shown is not None or bool(self._read_saved())

    def current(self) -> tuple[Cell, ...]:
        """All code cells in order."""
        if self._shown is not None:
            return self._shown
        saved = self._read_saved()
        matched = [self._match(cell) for cell in saved]
        found = [
            cell if ran is None or ran.at < self._saved[0] else Cell(ran.source, ran.id, cell.tags)
            for cell, ran in zip(saved, matched, strict=True)
        ]
        rest = [ran for ran in self._ran.values() if ran not in matched]
        wanted = [ran for ran in rest if not saved or step_of(Cell(ran.source)) is not None]
        found += [Cell(ran.source, ran.id) for ran in wanted]
        return tuple(Cell(c.source, c.id, c.tags, n) for n, c in enumerate(found))

    def _match(self, cell: Cell) -> RanCell | None:
        """How a saved cell last ran; some frontends give cells other ids than the file does."""
        ran = self._ran.get(_key(cell.source, cell.id))
        step = step_of(cell)
        if ran is not None or step is None:
            return ran
        steps = ((other, step_of(Cell(other.source))) for other in self._ran.values())
        return next((other for other, found in steps if found and found.name == step.name), None)

    def _read_saved(self) -> tuple[Cell, ...]:
        notebook = self._notebook()
        try:
            changed = notebook.stat().st_mtime if notebook else 0.0
        except OSError:
            changed = 0.0
        if changed != self._saved[0]:
            self._saved = (changed, saved_cells(notebook))
        return self._saved[1]


def step_of(cell: Cell) -> StepSource | None:
    """The step that a cell is; None for any other cell, and for a line not understood."""
    marked = split_mark(cell.source.partition("\n")[0])
    if marked is None or marked[0] != "%%step":
        return None
    try:
        name, options = parse_step_line(marked[1], "")
    except StepOptionError:
        return None
    return StepSource(name, body_of(cell), options, cell.id, cell.position)


def body_of(cell: Cell) -> str:
    """A cell without its `%%step` or `%%params` line."""
    head, _, rest = cell.source.partition("\n")
    return cell.source if split_mark(head) is None else rest


def _key(source: str, cell_id: str | None) -> str:
    if cell_id is not None:
        return cell_id
    step = step_of(Cell(source))
    return f"step {step.name}" if step else source


def _settled(cell: CellText, before: str | None) -> str:
    """While a definition is half typed, what it was before counts."""
    text = Cell(cell.source)
    if before is None or step_of(text) is not None or parses(python_source(body_of(text))):
        return cell.source
    return before
