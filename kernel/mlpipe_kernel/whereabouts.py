"""Which notebook this kernel serves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_mlpipe.analysis.notebook import Cell

_VSCODE = "__vsc_ipynb_file__"
_MOST_NOTEBOOKS = 100
UNNAMED = "notebook"
"""The pipeline's name while the notebook's file is unknown."""


def notebook_path(environ: Mapping[str, str], namespace: Mapping[str, Any]) -> Path | None:
    """What Jupyter Server, or VS Code, tells a kernel at start.

    Jupyter's variable keeps the old name after a rename; the sidebar sends the true one.
    """
    named = environ.get("JPY_SESSION_NAME") or namespace.get(_VSCODE)
    path = Path(str(named)) if named else None
    return path if path is not None and path.suffix == ".ipynb" else None


def project_folder(notebook: Path | None, working_folder: Path) -> Path:
    """Where to look for the project: beside the notebook, else where the kernel was started."""
    if notebook is not None and notebook.is_absolute() and notebook.parent.is_dir():
        return notebook.parent
    return working_folder


def notebook_with(folder: Path, cell: str) -> Path | None:
    """The one notebook in a folder that holds a cell with exactly this source.

    Tools that execute notebooks, such as nbclient, tell the kernel nothing but the cells.
    """
    paths = sorted(folder.glob("*.ipynb"))[:_MOST_NOTEBOOKS]
    found = [path for path in paths if cell in cell_sources(path).values()]
    return found[0] if len(found) == 1 else None


def cell_sources(notebook: Path | None) -> Mapping[str, str]:
    """Source by cell id, or by position where a cell has none; empty for no readable notebook."""
    if notebook is None:
        return {}
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        return {str(c.get("id", n)): "".join(c["source"]) for n, c in enumerate(cells)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def saved_cells(notebook: Path | None) -> tuple[Cell, ...]:
    """The code cells of a notebook file in order; none for no readable notebook."""
    if notebook is None:
        return ()
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        return tuple(
            Cell("".join(cell["source"]), cell.get("id"), (), position)
            for position, cell in enumerate(code)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()
