"""Values that the user stores by name, rather than as an output of a step."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_mlpipe.analysis.annotations import checked_version
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.journal import running_step
from jupyter_mlpipe.model.artifact import ArtifactType, ArtifactVersion
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.tracking.store import Query


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a value is to be stored."""

    name: str
    version: str | None = None
    """A version name; numbers are counted by themselves."""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    type: ArtifactType | None = None
    materializer: str | None = None
    known_is_enough: bool = False
    """An equal value under the same name needs no further version."""


def save_value(value: Any, wanted: Wanted, context: RunContext) -> ArtifactVersion:
    """Store a value and record it; in a step, as something that the step run left.

    Raises:
        MetadataError: The name is unusable, or the version name is taken.
        ValueNotStorableError: No materializer can keep it.
        StorageError: The artifact store refused it.
    """
    _check(wanted, context)
    kept = context.values.keep(value, wanted.materializer)
    if wanted.known_is_enough:
        where = {"name": wanted.name, "digest": kept.digest}
        known = context.metadata.find(Query(ArtifactVersion, where, limit=1, counted=False)).items
        if known:
            return known[0]
    around = running_step()
    version = ArtifactVersion(
        id=new_id(),
        name=wanted.name,
        digest=kept.digest,
        manifest=kept.manifest,
        member=kept.member,
        version_name=wanted.version,
        type=wanted.type or kept.type,
        materializer=kept.materializer,
        python_type=kept.python_type,
        nbytes=kept.nbytes,
        summary=kept.summary,
        tags=wanted.tags,
        metadata=wanted.metadata,
        step_run=around[1].id if around else None,
        created=time.time(),
    )
    stored = context.metadata.append((*around, version))[-1]
    assert isinstance(stored, ArtifactVersion)
    return stored


def _check(wanted: Wanted, context: RunContext) -> None:
    """Before anything large is written."""
    if not isinstance(wanted.name, str) or not wanted.name.strip():
        raise MetadataError(f"An artifact needs a name, found {wanted.name!r}.")
    if wanted.version is None:
        return
    try:
        checked_version(wanted.version)
    except (ValueError, AttributeError) as error:
        raise MetadataError(f"{wanted.name!r}: {error}") from error
    where = {"name": wanted.name, "version_name": wanted.version}
    if context.metadata.find(Query(ArtifactVersion, where, limit=1, counted=False)).items:
        raise MetadataError(
            f"The artifact {wanted.name!r} already has a version {wanted.version!r}, and versions "
            "never change. Choose another version name, or leave it out."
        )
