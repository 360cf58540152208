"""Which cell each step name belongs to."""

from __future__ import annotations

from pathlib import Path

from jupyter_mlpipe.analysis.options import parse_step_line
from jupyter_mlpipe.model.errors import DuplicateStepError, StepOptionError
from jupyter_mlpipe.model.step import StepSource
from mlpipe_kernel.gate import split_mark
from mlpipe_kernel.whereabouts import cell_sources


class StepNames:
    """Refuses a second cell under a name that another cell still carries."""

    def __init__(self) -> None:
        self._cells: dict[str, str] = {}

    def claim(self, step: StepSource, notebook: Path | None) -> None:
        """Give a name to a cell.

        A cell that was renamed or deleted since it last ran no longer counts; that is seen in
        the saved notebook, where one is known.

        Raises:
            DuplicateStepError: Another cell of the notebook carries the name.
        """
        if step.cell_id is None:
            _refuse_twice(step, notebook)
            return
        holder = self._cells.get(step.name)
        if holder not in (None, step.cell_id) and _still_named(step.name, holder, notebook):
            raise DuplicateStepError(
                step.label,
                f"another cell of this notebook is already the step {step.name!r}. Give one of "
                "them another name; if you renamed or deleted the other one, save the notebook.",
            )
        self._cells = {n: cell for n, cell in self._cells.items() if cell != step.cell_id}
        self._cells[step.name] = step.cell_id

    def names(self, notebook: Path | None) -> frozenset[str]:
        """The steps that ran in this session, and those of the saved notebook."""
        saved = (_name(source) for source in cell_sources(notebook).values())
        return frozenset(self._cells) | frozenset(name for name in saved if name is not None)


def _refuse_twice(step: StepSource, notebook: Path | None) -> None:
    """Where the frontend tells no cell ids, only the saved notebook can show a second cell."""
    sources = cell_sources(notebook).values()
    if sum(_carries(source, step.name) for source in sources) > 1:
        raise DuplicateStepError(
            step.label,
            f"the saved notebook has several cells that are the step {step.name!r}. Rename one.",
        )


def _still_named(name: str, cell_id: str | None, notebook: Path | None) -> bool:
    sources = cell_sources(notebook)
    return not sources or _carries(sources.get(str(cell_id), ""), name)


def _carries(source: str, name: str) -> bool:
    return _name(source) == name


def _name(source: str) -> str | None:
    """The step that a cell is; None for any other cell."""
    marked = split_mark(source.partition("\n")[0])
    if marked is None or marked[0] != "%%step":
        return None
    try:
        return parse_step_line(marked[1], "")[0]
    except StepOptionError:
        return None
