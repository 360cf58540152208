"""Variables that stand for an artifact version instead of holding its value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.journal import name_asked_for, reach_stores
from jupyter_mlpipe.engine.saving import Wanted, save_value
from jupyter_mlpipe.engine.variables import Variables
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import MlpipeError, NotebookError
from jupyter_mlpipe.model.run import Run
from jupyter_mlpipe.model.step import StepSource
from jupyter_mlpipe.tracking.resolve import find_version

_OURS = "jupyter_mlpipe."
"""Begins the type of a stored reference."""


class VersionReference:
    """What a step reads through it is the version: for the cache, and in lineage."""

    loaded: bool = False
    """Whether the step finds the value in its place, or the reference itself."""
    by_value: bool = False
    """Whether it brings a value along, so that a step that reads it is never a hit."""

    def resolve(self, variable: str, run: Run, context: RunContext) -> ArtifactVersion:
        """The version that it stands for now.

        Raises:
            MlpipeError: There is none, or the value cannot be kept.
        """
        raise NotImplementedError

    def asked(self, version: ArtifactVersion) -> str:
        """What it asks the stores for, as the name of a dependency; empty when it asks nothing."""
        return ""


@dataclass(frozen=True, eq=False)
class ExternalArtifact(VersionReference):
    """Data from outside of the pipeline, as in ZenML: a value, or an artifact by name.

    A `%%step` cell that reads a variable bound to it finds the value under that name, a fresh one
    in each step. What is given by value switches the cache off for the step.
    """

    value: Any = None
    name: str | None = None
    version: int | str | None = None
    loaded = True

    def __post_init__(self) -> None:
        if self.value is None and not self.name:
            raise MlpipeError(
                "ExternalArtifact needs a value, as in ExternalArtifact(value=df), or the name of "
                "an artifact, as in ExternalArtifact(name='iris', version=3)."
            )
        if self.value is not None and (self.name or self.version):
            raise MlpipeError(
                "ExternalArtifact takes a value or a name, not both. To store a value under a "
                "name, use ExternalArtifact.upload_by_value(value, name=...)."
            )

    @property
    def by_value(self) -> bool:  # type: ignore[override]
        """See `VersionReference`."""
        return self.value is not None

    @classmethod
    def upload_by_value(
        cls,
        value: Any,
        name: str | None = None,
        version: str | None = None,
        tags: Iterable[str] = (),
    ) -> ExternalArtifact:
        """Store a value at once; what is returned stands for that version, and can be cached."""
        with reach_stores() as context:
            wanted = Wanted(name or "external", version, tuple(tags))
            stored = save_value(value, wanted, context)
        return cls(name=stored.name, version=stored.version)

    def resolve(self, variable: str, run: Run, context: RunContext) -> ArtifactVersion:
        """See `VersionReference`; equal values given under one name are one version."""
        if self.name is not None:
            return find_version(context.metadata, self.name, self.version)
        wanted = Wanted(f"{run.pipeline}::{variable}", known_is_enough=True)
        return save_value(self.value, wanted, context)

    def asked(self, version: ArtifactVersion) -> str:
        """See `VersionReference`."""
        return "" if self.by_value else name_asked_for(version, pinned=self.version is not None)


def references(
    inputs: Mapping[str, ArtifactVersion | None], variables: Variables
) -> Mapping[str, VersionReference]:
    """Those of the variables that are one, also where a step made it.

    Only the true type counts: an object may claim any other as its `__class__`.
    """
    names = [n for n, v in inputs.items() if v is None or v.python_type.startswith(_OURS)]
    variables.load([name for name in names if name in variables.pending])
    bound: dict[str, Any] = {name: variables.namespace.get(name) for name in names}
    return {n: value for n, value in bound.items() if issubclass(type(value), VersionReference)}


def resolved(
    found: Mapping[str, VersionReference], step: StepSource, run: Run, context: RunContext
) -> Mapping[str, ArtifactVersion]:
    """The versions that variables stand for.

    Raises:
        NotebookError: One stands for nothing that is there.
    """
    versions = {}
    for name, reference in found.items():
        try:
            versions[name] = reference.resolve(name, run, context)
        except MlpipeError as error:
            raise NotebookError(step.label, f"`{name}`: {error}") from error
    return versions


def give_values(
    found: Mapping[str, VersionReference],
    versions: Mapping[str, ArtifactVersion | None],
    namespace: dict[str, Any],
    context: RunContext,
) -> Mapping[str, Any]:
    """Bind the values of references while a cell runs; gives what was bound."""
    loaded = {name: versions[name] for name, reference in found.items() if reference.loaded}
    values = {n: context.values.load(version) for n, version in loaded.items() if version}
    namespace.update(values)
    return values


def take_values(
    found: Mapping[str, VersionReference], given: Mapping[str, Any], namespace: dict[str, Any]
) -> None:
    """Bind the references again, except where the cell bound something of its own."""
    for name, value in given.items():
        if namespace.get(name) is value:
            namespace[name] = found[name]
