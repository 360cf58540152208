"""Displayed outputs, kept with a step run so that a hit can show them again."""

from __future__ import annotations

import json
import numbers
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
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
    return blobs.put(json.dumps(document, sort_keys=True, default=_as_sent).encode())


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


def _as_sent(part: Any) -> Any:
    """What JSON does not know, such as the bytes of a picture, as Jupyter's messages hold it."""
    if isinstance(part, bytes):
        return b64encode(part).decode()
    if isinstance(part, Iterable):
        return list(part)
    if isinstance(part, numbers.Integral):
        return int(part)
    return float(part) if isinstance(part, numbers.Real) else str(part)
