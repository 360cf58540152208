"""What untagged cells changed, and what edited ones will change once they run."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_mlpipe.analysis.dataflow import analyze
from jupyter_mlpipe.analysis.edits import changed_names, definition_hashes
from jupyter_mlpipe.analysis.mutation import changed_in_place
from jupyter_mlpipe.analysis.notebook import Cell
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.engine.held import Held
from jupyter_mlpipe.engine.standing import Ledger
from jupyter_mlpipe.engine.variables import Variables
from mlpipe_kernel.cells import Cells, body_of, step_of


def edited_names(cells: Cells, defined: Mapping[str, str]) -> Mapping[str, int]:
    """Names that cells on the screen would bind or change otherwise than they did.

    Args:
        cells: Of the notebook.
        defined: Hashes of what is defined now; tells of cells that did not run in this session.

    Returns:
        Each name with the position of its cell.
    """
    others = [cell for cell in cells.current() if step_of(cell) is None]
    stated = {cell.position: definition_hashes(_python(cell)) for cell in others}
    settled = {item for hashes in stated.values() for item in hashes.items()}
    edits: dict[str, int] = {}
    for cell in others:
        ran = cells.last_run(cell)
        names = stated[cell.position]
        if ran is None:
            found = {n for n, said in names.items() if defined.get(n, said) != said}
            changed = frozenset(n for n in found if (n, defined[n]) not in settled)
        else:
            changed = changed_names(_python(Cell(ran)), _python(cell))
        edits |= dict.fromkeys(changed, cell.position)
    return edits


class Touches:
    """Which cell was the last to change each variable that no step made."""

    def __init__(self) -> None:
        self._recent: list[Cell] = []
        self._seen: Mapping[str, Held] = {}
        self._cells: dict[str, str | None] = {}

    def ran(self, source: str, cell_id: str | None) -> None:
        """A cell ran, to its end or not."""
        self._recent.append(Cell(source, cell_id))

    def look(self, variables: Variables, ledger: Ledger) -> None:
        """Look at all variables and put down what changed to the cells that ran since."""
        now = variables.look()
        for name, held in now.items():
            before = self._seen.get(name)
            if before is not None and before.same_as(held):
                continue
            if ledger.maker(held.version) is None:
                self._cells[name] = self._suspect(name)
        self._seen, self._recent = dict(now), []

    def places(self, cells: Cells) -> Mapping[str, int | None]:
        """For each variable the position of the cell; None where it cannot be told."""
        known = {cell.id: cell.position for cell in cells.current()} if cells.placed else {}
        known.pop(None, None)
        return {name: known.get(cell_id) for name, cell_id in self._cells.items()}

    def _suspect(self, name: str) -> str | None:
        """The last that writes it by its text; else the last that mentions it; else the only."""
        texts = [(cell, _mentioned(cell)) for cell in reversed(self._recent)]
        for kind in (0, 1):
            for cell, mentioned in texts:
                if name in mentioned[kind]:
                    return cell.id
        return self._recent[0].id if len(self._recent) == 1 else None


def _mentioned(cell: Cell) -> tuple[frozenset[str], frozenset[str]]:
    """Names a cell writes, and those it reads."""
    python = _python(cell)
    signature = analyze(python)
    try:
        changed = changed_in_place(parse(python))
    except SyntaxError:
        changed = frozenset()
    return signature.writes | changed, signature.reads


def _python(cell: Cell) -> str:
    return python_source(body_of(cell))
