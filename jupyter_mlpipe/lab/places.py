"""From paths as the browser knows them to files below the server's root."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from jupyter_mlpipe.config import Settings, load_settings
from jupyter_mlpipe.model.errors import MlpipeError


class OutsideRootError(MlpipeError):
    """A path leads to nothing that the server serves."""


@dataclass(frozen=True, slots=True)
class Place:
    """A notebook, and the settings of its project."""

    path: str
    """Relative to the server's root."""
    file: Path
    settings: Settings


class Places:
    """Everything below one folder, and nothing else."""

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser().resolve()

    def notebook(self, path: str) -> Place:
        """An existing notebook.

        Raises:
            OutsideRootError: There is none at that path below the root.
            ConfigError: Its project's settings cannot be used.
        """
        file = self.below(path)
        if file.suffix != ".ipynb" or not file.is_file():
            raise OutsideRootError(f"There is no notebook {path!r}.")
        return Place(path, file, load_settings(file.parent, os.environ))

    def below(self, path: str) -> Path:
        """A file or folder that may not exist yet; links are followed before it is judged.

        Raises:
            OutsideRootError: The path leads out of the root.
        """
        parts = PurePosixPath(path)
        if parts.is_absolute() or ".." in parts.parts or "\0" in path or "\\" in path:
            raise OutsideRootError(f"{path!r} is not a path below the server's root.")
        try:
            file = (self._root / parts).resolve()
        except (OSError, RuntimeError) as error:  # a name too long, or links in a circle
            raise OutsideRootError(f"{path!r} is not a path below the server's root.") from error
        if not file.is_relative_to(self._root):
            raise OutsideRootError(f"{path!r} is not a path below the server's root.")
        return file

    def shown(self, file: Path) -> str:
        """A file's path as the browser knows it."""
        return file.resolve().relative_to(self._root).as_posix()
