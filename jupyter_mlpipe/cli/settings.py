"""The settings and parameters that a command works with."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_mlpipe.config import Settings, load_settings
from jupyter_mlpipe.model.errors import NotebookError, PipelineError


def settings_here() -> Settings:
    """Those of the folder in which the command was typed."""
    return load_settings(Path.cwd(), os.environ)


def settings_beside(notebook: Path) -> Settings:
    """Those of the notebook's folder.

    Raises:
        NotebookError: There is no such file.
    """
    if not notebook.is_file():
        raise NotebookError(str(notebook), "there is no such notebook.")
    return load_settings(notebook.absolute().parent, os.environ)


def assignments(pairs: Sequence[str]) -> Mapping[str, str]:
    """`-p name=value` options, by name.

    Raises:
        PipelineError: One has no `=`, or a name is given twice.
    """
    values: dict[str, str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name.strip():
            raise PipelineError(f"-p {pair}: expected NAME=VALUE, such as -p lr=0.1.")
        if name.strip() in values:
            raise PipelineError(f"-p {pair}: {name.strip()!r} is given twice.")
        values[name.strip()] = value
    return values
