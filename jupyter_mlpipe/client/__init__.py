"""The user's Python API: what is recorded, the values behind it, and what is said of both."""

from jupyter_mlpipe.client.artifacts import StoredArtifact
from jupyter_mlpipe.client.client import Client
from jupyter_mlpipe.client.functions import (
    load_artifact,
    log_artifact_metadata,
    log_metadata,
    register_artifact,
    save_artifact,
)
from jupyter_mlpipe.client.models import StoredModelVersion

__all__ = [
    "Client",
    "StoredArtifact",
    "StoredModelVersion",
    "load_artifact",
    "log_artifact_metadata",
    "log_metadata",
    "register_artifact",
    "save_artifact",
]
