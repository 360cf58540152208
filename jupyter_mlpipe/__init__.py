"""The notebook is the pipeline.

Everything public is loaded when it is first used, because the kernel, every worker and the Jupyter
server all import this package at start.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing `typing` for it would double the cost of this module
if TYPE_CHECKING:
    from typing import Any

    from jupyter_mlpipe.client import (
        Client,
        load_artifact,
        log_artifact_metadata,
        log_metadata,
        register_artifact,
        save_artifact,
    )
    from jupyter_mlpipe.engine.references import ExternalArtifact
    from jupyter_mlpipe.materializers.custom import BaseMaterializer
    from jupyter_mlpipe.materializers.texts import (
        CSVString,
        HTMLString,
        JSONString,
        MarkdownString,
    )
    from jupyter_mlpipe.model.artifact import ArtifactConfig, ArtifactType, VisualizationType
    from jupyter_mlpipe.model.models import ModelStages

__all__ = [
    "ArtifactConfig",
    "ArtifactType",
    "BaseMaterializer",
    "CSVString",
    "Client",
    "ExternalArtifact",
    "HTMLString",
    "JSONString",
    "MarkdownString",
    "ModelStages",
    "VisualizationType",
    "load_artifact",
    "log_artifact_metadata",
    "log_metadata",
    "register_artifact",
    "save_artifact",
]
_HOMES = {
    "ArtifactConfig": "model.artifact",
    "ArtifactType": "model.artifact",
    "BaseMaterializer": "materializers.custom",
    "CSVString": "materializers.texts",
    "ExternalArtifact": "engine.references",
    "HTMLString": "materializers.texts",
    "JSONString": "materializers.texts",
    "MarkdownString": "materializers.texts",
    "ModelStages": "model.models",
    "VisualizationType": "model.artifact",
}
"""Where a public name lives that is not in `client`."""


def __getattr__(name: str) -> Any:
    import importlib

    if name in __all__:
        home = importlib.import_module(f"jupyter_mlpipe.{_HOMES.get(name, 'client')}")
        return getattr(home, name)
    if name == "__version__":
        return _version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("jupyter_mlpipe")
    except metadata.PackageNotFoundError:  # runs from its sources
        return "0+unknown"


def load_ipython_extension(shell: Any) -> None:
    """Called by `%load_ext jupyter_mlpipe`."""
    import importlib

    importlib.import_module("mlpipe_kernel").load_ipython_extension(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Called by `%unload_ext jupyter_mlpipe`."""
    import importlib

    importlib.import_module("mlpipe_kernel").unload_ipython_extension(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-mlpipe"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "jupyter_mlpipe.lab.extension"}]
