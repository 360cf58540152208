"""What a step run left bound, as versions that say where their values are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import Input, Output, Shared, StepRun
from jupyter_mlpipe.tracking.store import MetadataStore


def left_by(step_run: StepRun) -> Mapping[str, Output | Shared]:
    """By variable: outputs, and what is bound together with them."""
    left: list[Output | Shared] = [*step_run.shared, *step_run.outputs]
    return {item.variable: item for item in left}


def version_left(item: Output | Shared, store: MetadataStore) -> ArtifactVersion:
    """The version, in the place where this step run stored it.

    Raises:
        NotFoundError: It is not recorded.
    """
    return in_place(store.get(ArtifactVersion, item.version_id), item)


def in_place(version: ArtifactVersion, item: Input | Output | Shared) -> ArtifactVersion:
    """The version of an item, where that item has it."""
    if isinstance(item, Shared):
        return replace(version, manifest=item.manifest, member=item.variable)
    return version
