"""Tells of each local module at the one moment when it is as its file made it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from jupyter_mlpipe.analysis.origins import is_local_file, is_ours

Told = Callable[[ModuleType, Mapping[str, Any]], None]
"""Called with a module, and with what it held before its code ran: something if it is reloaded."""


class ImportWatch:
    """A finder that finds nothing itself, but learns what the others find."""

    def __init__(self, told: Told) -> None:
        self._told = told

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Listen until the block ends."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def start(self) -> None:
        """Begin to listen."""
        sys.meta_path.insert(0, self)

    def stop(self) -> None:
        """Listen no more."""
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Part of the import system's contract."""
        if name.partition(".")[0] in sys.stdlib_module_names or is_ours(name):
            return None
        others = (finder for finder in list(sys.meta_path) if finder is not self)
        found = (_ask(finder, name, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and is_local_file(spec.origin):
            self._follow(spec.loader)
        return spec

    def _follow(self, loader: Any) -> None:
        run = getattr(loader, "exec_module", None)

        def run_and_tell(module: ModuleType) -> None:
            vars(loader).pop("exec_module", None)
            before = dict(vars(module))
            run(module)  # type: ignore[misc]  # a spec's loader has it
            self._told(module, before)

        if run is not None and hasattr(loader, "__dict__"):
            loader.exec_module = run_and_tell


def _ask(
    finder: Any, name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    ask = getattr(finder, "find_spec", None)
    found: ModuleSpec | None = ask(name, path, target) if ask is not None else None
    return found
