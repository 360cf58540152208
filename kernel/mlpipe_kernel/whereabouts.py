"""Which notebook this kernel serves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

_VSCODE = "__vsc_ipynb_file__"
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
