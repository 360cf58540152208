"""Models: versions that group artifact versions, with stages, aliases and promotions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from jupyter_mlpipe.model.artifact import version_label
from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.model.html import record_html


class ModelStages(StrEnum):
    """How far a model version has come; spelled as in ZenML."""

    NONE = "none"
    STAGING = "staging"
    PRODUCTION = "production"
    ARCHIVED = "archived"


SINGULAR = (ModelStages.STAGING, ModelStages.PRODUCTION)
"""Stages that one version of a model has at a time."""
LATEST = "latest"
"""Stands for the version with the highest number."""
_CALLED = re.compile(r"[^\s@]+")
_NUMBER = re.compile(r"v?\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Model:
    """A name, and what is said of all its versions together."""

    name: str
    last_version: int = 0
    created: float = 0.0
    """Seconds since the epoch, UTC."""
    description: str = ""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)

    _repr_html_ = record_html


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """Artifact versions that belong together.

    Once it is recorded, its tags, metadata, stage and aliases can change, and nothing else.
    """

    id: str
    model: str
    artifacts: Mapping[str, str] = field(default_factory=dict)
    """What each is for, such as `weights`, `data` or `metrics`, to the id of the version."""
    version: int = 0
    """1, 2, 3, ... per model, counted by the metadata store."""
    version_name: str | None = None
    stage: ModelStages = ModelStages.NONE
    """As it stands; a new version has none, and a `Promotion` gives it another."""
    aliases: tuple[str, ...] = ()
    """As they stand; an `Alias` gives or takes one."""
    run_id: str | None = None
    """The run it came from, where that is known."""
    description: str = ""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    created: float = 0.0
    """Seconds since the epoch, UTC."""

    _repr_html_ = record_html

    @property
    def label(self) -> str:
        """`spring`, or `v3`."""
        return version_label(self.version, self.version_name)


@dataclass(frozen=True, slots=True)
class Promotion:
    """A model version goes from one stage to another."""

    id: str
    version_id: str
    to_stage: ModelStages
    user: str = ""
    reason: str = ""
    created: float = 0.0
    """Seconds since the epoch, UTC."""
    force: bool = False
    """Whether a version that has the stage is archived; else it keeps it, and this is refused."""
    from_stage: ModelStages = ModelStages.NONE
    """Told by the metadata store, as are the model and the number of the version."""
    model: str = ""
    version: int = 0

    _repr_html_ = record_html


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that leads to one version of a model, until it is given to another one."""

    version_id: str
    name: str
    dropped: bool = False
    """Whether it is to lead nowhere."""


def checked_model(name: str) -> str:
    """The name of a model.

    Raises:
        MetadataError: It is empty, or no text.
    """
    if not isinstance(name, str) or not name.strip():
        raise MetadataError(f"A model needs a name, found {name!r}.")
    return name


def checked_called(name: str) -> str:
    """A version name or alias that cannot be taken for anything else.

    Raises:
        MetadataError: It can.
    """
    if not isinstance(name, str) or not _CALLED.fullmatch(name):
        raise MetadataError(
            f"A version of a model is called by one word without an @, such as 'champion'; "
            f"found {name!r}."
        )
    if _NUMBER.fullmatch(name) or name.lower() in (LATEST, *ModelStages):
        raise MetadataError(
            f"{name!r} cannot be given to a version of a model: numbers are counted by "
            f"themselves, and {', '.join(ModelStages)} and {LATEST} have a meaning of their own. "
            "Choose another word."
        )
    return name


def stage_called(name: str) -> ModelStages:
    """The stage of this name.

    Raises:
        MetadataError: There is none.
    """
    try:
        return ModelStages(str(name).lower())
    except ValueError as error:
        raise MetadataError(f"{name!r} is no stage; known are {', '.join(ModelStages)}.") from error
