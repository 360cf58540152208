"""Displayed outputs, kept with a step run so that a hit can show them again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from jupyter_mlpipe.model.errors import CorruptArtifactError
from jupyter_mlpipe.storage.blobs import BlobStore

DisplayedOutput: TypeAlias = Mapping[str, Any]
"""`stream`, `display_data` or `execute_result`, as nbformat 4 writes it."""

_FORMAT = 1


def keep_displayed(outputs: Sequence[DisplayedOutput], blobs: BlobStore) -> str | None:
    """Store outputs as one blob; None when there is nothing to show again."""
    if not outputs:
        return None
    document = {"format": _FORMAT, "outputs": list(outputs)}
    return blobs.put(json.dumps(document, sort_keys=True, default=str).encode())


def load_displayed(digest: str | None, blobs: BlobStore) -> tuple[DisplayedOutput, ...]:
    """What a step run displayed.

    Raises:
        CorruptArtifactError: The stored bytes were changed.
    """
    if digest is None:
        return ()
    document = json.loads(blobs.get(digest))
    if document.get("format") != _FORMAT:
        raise CorruptArtifactError(digest, blobs.location(digest))
    return tuple(document["outputs"])
