"""The orchestrators one can choose from: ours, and those of installed plug-ins."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterator, Mapping

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.model.errors import OrchestratorError
from jupyter_mlpipe.orchestrators.airflow import AirflowOrchestrator
from jupyter_mlpipe.orchestrators.base import Orchestrator
from jupyter_mlpipe.orchestrators.local import LocalOrchestrator

ENTRY_POINTS = "jupyter_mlpipe.orchestrators"
"""Each names a callable that takes the settings and returns an `Orchestrator`."""

Factory = Callable[[Settings], Orchestrator]


def available_orchestrators(settings: Settings) -> Mapping[str, Orchestrator]:
    """By the name one promotes to; a plug-in is loaded when it is first asked for."""
    loaders: dict[str, Callable[[], Factory]] = {
        LocalOrchestrator.name: lambda: LocalOrchestrator,
        AirflowOrchestrator.name: lambda: AirflowOrchestrator,
    }
    for entry in sorted(importlib.metadata.entry_points(group=ENTRY_POINTS)):
        loaders.setdefault(entry.name, entry.load)
    return _Orchestrators(loaders, settings)


def find_orchestrator(name: str, settings: Settings) -> Orchestrator:
    """The orchestrator of that name.

    Raises:
        OrchestratorError: There is none, or its plug-in cannot be loaded.
    """
    known = available_orchestrators(settings)
    if name not in known:
        raise OrchestratorError(f"Unknown target {name!r}; known are {', '.join(known)}.")
    return known[name]


class _Orchestrators(Mapping[str, Orchestrator]):
    def __init__(self, loaders: Mapping[str, Callable[[], Factory]], settings: Settings) -> None:
        self._loaders = dict(loaders)
        self._settings = settings

    def __getitem__(self, name: str) -> Orchestrator:
        loader = self._loaders[name]
        try:
            return loader()(self._settings)
        except Exception as error:  # a plug-in may fail in any way; the others stay usable
            raise OrchestratorError(f"The target {name!r} cannot be loaded: {error}") from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaders)

    def __len__(self) -> int:
        return len(self._loaders)
