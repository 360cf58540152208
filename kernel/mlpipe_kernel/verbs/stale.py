"""`%mlpipe run-stale`: run the steps whose results no longer stand, in order, and no others."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_mlpipe.analysis.notebook import Cell
from mlpipe_kernel.cells import step_of
from mlpipe_kernel.display import show_note
from mlpipe_kernel.verbs.verb import Desk, refuse


def run_stale(_: Sequence[str], desk: Desk) -> str:
    """Each cell runs as if it had been run by itself; what it shows appears below this one."""
    if desk.session.in_step:
        raise refuse("run-stale", "runs steps, so it cannot be part of one; use another cell.")
    done: list[str] = []
    while (cell := desk.staleness.next(done)) is not None:
        step = step_of(cell)
        name = step.name if step else ""
        problem = _run(cell, name, desk)
        if problem:
            return f"Stopped at step {name}: {problem}. The stale steps below it were not run."
        done.append(name)
    return f"Ran {', '.join(done)}." if done else "No step is stale."


def _run(cell: Cell, name: str, desk: Desk) -> str:
    """What stopped the step; empty when nothing did."""
    shell = desk.shell
    if shell.should_run_async(cell.source, transformed_cell=shell.transform_cell(cell.source)):
        return "its code awaits something, which only its own cell can; run that cell"
    show_note(f"▸ {name}", "stale", shell)
    result = shell.run_cell(cell.source, store_history=False, cell_id=cell.id)
    error = result.error_before_exec or result.error_in_exec
    return "" if error is None else f"{type(error).__name__}"
