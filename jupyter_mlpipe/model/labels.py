"""Tags and metadata: what may still be said of records that never change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from jupyter_mlpipe.model.errors import MetadataError


class Subject(StrEnum):
    """What tags and metadata can be given to."""

    ARTIFACT = "artifact"
    """All versions of a name together; its id is the name."""
    VERSION = "artifact version"
    STEP_RUN = "step run"
    RUN = "run"
    MODEL = "model"
    """Its id is the name."""
    MODEL_VERSION = "model version"


@dataclass(frozen=True, slots=True)
class Labels:
    """Tags and metadata that one record is given, or that are taken from it."""

    subject: Subject
    id: str
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    """JSON values only; a key that is there already gets the new value."""
    dropped: tuple[str, ...] = ()
    """Tags to take away."""


def plain_metadata(metadata: Mapping[str, Any]) -> dict[str, object]:
    """The user's metadata as JSON values: paths, dtypes and types as text, scalars as numbers.

    Raises:
        MetadataError: A value is data rather than metadata; names its key.
    """
    if not isinstance(metadata, Mapping):
        raise MetadataError(
            f"Metadata is a dict such as {{'accuracy': 0.9}}, found a {type(metadata).__name__}."
        )
    return {str(key): _plain(value, str(key)) for key, value in metadata.items()}


def _plain(value: Any, key: str) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str | int | float):
        return _scalar(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item, key) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, key) for item in value]
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}".removeprefix("builtins.")
    if hasattr(value, "item") and getattr(value, "shape", None) == ():  # a scalar of NumPy
        return _plain(value.item(), key)
    if type(value).__name__.lower().endswith("dtype"):
        return str(value)
    raise MetadataError(
        f"The metadata {key!r} is a {type(value).__name__}; expected numbers, text, booleans, "
        "paths, dtypes, and lists or dicts of them. Keep it as an artifact instead."
    )


def _scalar(value: str | float) -> object:
    """Of a base type; what JSON has no number for becomes text."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    return float(value) if math.isfinite(value) else str(float(value))
