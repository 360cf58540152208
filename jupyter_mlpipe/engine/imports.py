"""Tells of each local module at the one moment when it is as its file made it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from jupyter_mlpipe.analysis.modules import module_file
from jupyter_mlpipe.analysis.origins import is_local_file, is_ours
from jupyter_mlpipe.engine.file_facts import file_digest, name_beside

Told = Callable[[ModuleType, Mapping[str, Any]], None]
"""Called with a module, and with what it held before its code ran: something if it is reloaded."""


class ImportWatch:
    """A finder that finds nothing itself, but learns what the others find."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._hooked = False
        self._loading: list[str] = []
        """Local modules whose code runs at this moment, the innermost last."""
        self.files: dict[str, dict[str, str | None]] = {}
        """By module: files that its code opened when it was loaded, with their digests then."""

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
            self.files[module.__name__] = {}
            self._listen()
            self._loading.append(module.__name__)
            try:
                run(module)  # type: ignore[misc]  # a spec's loader has it
            finally:
                self._loading.remove(module.__name__)
            self._told(module, before)

        if run is not None and hasattr(loader, "__dict__"):
            loader.exec_module = run_and_tell

    def _listen(self) -> None:
        """For good, for hooks cannot be removed; so not before there is something to hear."""
        if not self._hooked:
            self._hooked = True
            sys.addaudithook(self._hook())

    def _hook(self) -> Callable[[str, tuple[Any, ...]], None]:
        """No method, for the reason that `ProcessWatch` has."""

        def hear(event: str, arguments: tuple[Any, ...]) -> None:
            if self._loading and event == "open" and isinstance(arguments[0], str | os.PathLike):
                self._hear_open(os.fspath(arguments[0]))

        return hear

    def _hear_open(self, file: str) -> None:
        path = os.path.abspath(file)  # noqa: PTH100 - Path costs 20x here
        module = self._loading[-1]
        self._loading.append("")  # to read the file is to open it once more
        try:
            if module and os.path.splitext(path)[1] not in _CODE and is_local_file(path):  # noqa: PTH122
                name = name_beside(path, module, str(module_file(module)))
                self.files[module].setdefault(name, file_digest(path))
        finally:
            self._loading.pop()


_CODE = frozenset({".py", ".pyc"})


def _ask(
    finder: Any, name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    ask = getattr(finder, "find_spec", None)
    found: ModuleSpec | None = ask(name, path, target) if ask is not None else None
    return found
