"""What a person sees of a stored value; values themselves are never loaded for it."""

from __future__ import annotations

from jupyter_mlpipe.model.artifact import ArtifactVersion, Preview
from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.storage.artifacts import ArtifactStore


def stored_preview(artifacts: ArtifactStore, version: ArtifactVersion) -> Preview | None:
    """The preview made when the value was stored; in its place the reason if it is damaged."""
    try:
        return artifacts.open(version.manifest).previews.get(version.member or "")
    except StorageError as error:
        return Preview("text", text=str(error))
