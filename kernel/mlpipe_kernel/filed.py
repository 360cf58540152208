"""What `mlpipe.yaml` beside the notebook says, in a live session."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jupyter_mlpipe.analysis.stated import StatedReader
from jupyter_mlpipe.model.errors import NotebookError
from jupyter_mlpipe.model.stated import Stated
from mlpipe_kernel.display import show_note


class Filed:
    """Read again whenever it was written to; what it says wins over the cells."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._reader = StatedReader()

    def stated(self, notebook: Path | None, pipeline: str) -> Stated:
        """What it says of a pipeline.

        Raises:
            NotebookError: It cannot be used; names the line.
        """
        return self._reader.read(notebook.parent if notebook else Path.cwd(), pipeline)

    def tags(self, notebook: Path | None, pipeline: str) -> tuple[str, ...]:
        """Those of the pipeline's runs; a file that cannot be used is spoken of elsewhere."""
        try:
            return self.stated(notebook, pipeline).tags
        except NotebookError:
            return ()

    def set_parameters(self, stated: Stated, names: Iterable[str]) -> None:
        """Bind parameters to the values that the file says, and show which.

        Raises:
            NotebookError: A value is of another type than the one that it replaces.
        """
        found = {}
        for name in sorted(stated.parameters.keys() & set(names)):
            value, current = stated.parameters[name], self._shell.user_ns.get(name)
            if isinstance(current, float) and type(value) is int:
                value = float(value)
            if current is not None and type(current) is not type(value):
                kinds = type(current).__name__, type(value).__name__
                raise NotebookError(
                    stated.file,
                    f"the parameter {name!r} is {kinds[0]}, found {value!r} ({kinds[1]}).",
                )
            if value != current:
                found[name] = value
        self._shell.user_ns.update(found)
        if found:
            said = ", ".join(f"{name} = {value!r}" for name, value in found.items())
            show_note(Path(stated.file).name, said, self._shell)
