"""Artifacts: immutable versions under a name, and how they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from jupyter_mlpipe.model.html import record_html


class ArtifactType(StrEnum):
    """What an artifact is for; spelled as in ZenML."""

    DATA = "DATA"
    MODEL = "MODEL"
    SERVICE = "SERVICE"
    DATA_ANALYSIS = "DATA_ANALYSIS"
    BASE = "BASE"


class VisualizationType(StrEnum):
    """What sort of file shows a value; spelled as in ZenML."""

    CSV = "csv"
    HTML = "html"
    IMAGE = "image"
    MARKDOWN = "markdown"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class ArtifactConfig:
    """What the user says of one output, spelled as in ZenML.

    In an annotation of a `%%step` cell, or under `outputs` in `mlpipe.yaml`. All of it is read
    before the cell runs.
    """

    name: str | None = None
    version: str | None = None
    """A name of the user's, such as `raw_2023`; numbers are counted by themselves."""
    tags: Sequence[str] = ()
    artifact_type: ArtifactType | None = None
    run_metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Artifact:
    """A name, and what is said of all its versions together."""

    name: str
    last_version: int = 0
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)

    _repr_html_ = record_html


@dataclass(frozen=True, slots=True)
class ArtifactVersion:
    """One stored value. Once it is recorded, only its tags and metadata can change."""

    id: str
    name: str
    digest: str
    """Of the value: two versions have equal digests when their values are equal, wherever and
    in whatever format they were stored."""
    manifest: str
    """Digest of the manifest blob, which names every stored file of the value."""
    version: int = 0
    """1, 2, 3, ... per name; 0 asks the metadata store for the next one."""
    version_name: str | None = None
    member: str | None = None
    """Which value of the manifest this is, when values that share memory were stored together."""
    type: ArtifactType = ArtifactType.DATA
    materializer: str = ""
    python_type: str = ""
    nbytes: int = 0
    summary: Mapping[str, object] = field(default_factory=dict)
    """Automatic metadata, such as shape and dtype; JSON values only."""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    variable: str = ""
    step_run: str | None = None
    """The step run that produced it; None when it was made outside a step."""
    created: float = 0.0
    """Seconds since the epoch, UTC."""

    _repr_html_ = record_html

    @property
    def label(self) -> str:
        """`raw_2023`, or `v3`."""
        return version_label(self.version, self.version_name)


def version_label(number: int, name: str | None) -> str:
    """How a version is shown to people: as the user named it, else by its number."""
    return name or f"v{number}"


@dataclass(frozen=True, slots=True)
class Removal:
    """An artifact version that is to be forgotten; one that a run uses stays all the same."""

    version_id: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a previewed table."""

    name: str
    dtype: str
    nulls: int = 0
    summary: str = ""
    """A short line such as `0 … 9.5, mean 3.2`."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a person sees of a value without loading it.

    Everything in it is data, never markup, but for `html`, which is only shown in a frame that
    runs nothing and fetches nothing.
    """

    kind: str
    """`text`, `table`, `image`, `json` or `html`."""
    text: str = ""
    """For `text`, `json` and `html`: the text, already cut to a readable length."""
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    total_rows: int = 0
    image: str = ""
    """For `image`: PNG bytes in base64."""
