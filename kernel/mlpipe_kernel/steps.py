"""Which cell each step name belongs to."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_mlpipe.model.errors import DuplicateStepError
from jupyter_mlpipe.model.step import StepSource
from mlpipe_kernel.gate import split_mark


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


def _still_named(name: str, cell_id: str | None, notebook: Path | None) -> bool:
    if notebook is None or not notebook.is_file():
        return True
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        source = next("".join(c["source"]) for c in cells if c.get("id") == cell_id)
    except StopIteration:
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return True
    marked = split_mark(source.partition("\n")[0])
    return marked is not None and marked[1].strip("\"'").startswith(name)
