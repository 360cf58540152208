"""What every metadata store can do: four verbs over records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

from jupyter_mlpipe.model.artifact import Artifact, ArtifactVersion, Removal
from jupyter_mlpipe.model.environment import EnvironmentSnapshot
from jupyter_mlpipe.model.labels import Labels
from jupyter_mlpipe.model.models import Alias, Model, ModelVersion, Promotion
from jupyter_mlpipe.model.project import Project
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.model.schedules import PipelineSchedule

_Changes: TypeAlias = Labels | Removal | Promotion | Alias
Record: TypeAlias = (
    Run
    | StepRun
    | ArtifactVersion
    | EnvironmentSnapshot
    | Model
    | ModelVersion
    | PipelineSchedule
    | _Changes
)
R = TypeVar(
    "R",
    Run,
    StepRun,
    Artifact,
    ArtifactVersion,
    EnvironmentSnapshot,
    Project,
    Model,
    ModelVersion,
    Promotion,
    PipelineSchedule,
)


@dataclass(frozen=True, slots=True)
class Query(Generic[R]):
    """Which records, and how many of them."""

    kind: type[R]
    where: Mapping[str, object] = field(default_factory=dict)
    """Field name to the value it must have, or to a tuple of values of which it must have one.
    A step run also answers to `input` and `output`, the id of an artifact version; a model version
    to `artifact`, the id of one that it groups, and to `called`, its version name or an alias."""
    name_pattern: str | None = None
    """Artifact versions only: a glob over the artifact's name."""
    tags: tuple[str, ...] = ()
    """Tags of which a record must have each; nothing can be tagged that is an environment."""
    metadata: Mapping[str, object] = field(default_factory=dict)
    """Key to the value that it must have, or to a tuple of values of which it must have one. What
    was found out about an artifact version by itself counts like what was said of it."""
    newest_first: bool = True
    latest_only: bool = False
    """Artifact versions only: the highest version of each name."""
    unused: bool = False
    """Artifact versions only: no step run left or read it."""
    everywhere: bool = False
    """Whether records of all projects count, and not only those of the store's own."""
    limit: int = 100
    offset: int = 0
    counted: bool = True
    """Whether the page tells how many fit in all, which may cost a look at each of them."""


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """A slice of what a query finds."""

    items: tuple[R, ...]
    total: int
    """How many fit, over all pages; of an uncounted query, how many are known to fit."""


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """`source` was read by the step run that left `target`; both are artifact version ids."""

    source: str
    target: str
    step_run: str


@runtime_checkable
class MetadataStore(Protocol):
    """Where runs, step runs, artifact versions and environments of one project are recorded.

    Several projects may share a database. Each has artifacts and version numbers of its own, and
    finds its own records alone; what is asked for by an id, or by the id of what it belongs to,
    is found in whatever project it is. Environments are shared.

    Every implementation passes `jupyter_mlpipe.testing.metadata.MetadataStoreContract`.
    """

    def append(self, records: Sequence[Record]) -> tuple[Record, ...]:
        """Record everything in one transaction, in the order given, or nothing at all.

        Runs, step runs and schedules replace an earlier record with the same id; a run keeps the
        tags and metadata that it had. Artifact versions never do; those with version 0 get the next
        number of their name, without gaps. The run, step run and artifact versions that a record
        names must be recorded before it or with it; an environment may follow later. Labels are
        added to what is recorded, and a removal takes a version away if no step run left or read it
        and no model version groups it.

        A model version gets the next number of its model, which is made with its first one; what
        it groups never changes. Where a promotion is to a stage that one version has at a time,
        the one that has it is archived, if there is `force`.

        Returns:
            The records as stored, with their version numbers, those removals that were made, and
            those promotions that changed something.

        Raises:
            MetadataError: The store cannot be written, or a name is already taken.
            NotFoundError: What is to be labelled, called or promoted is not recorded.
            StageTakenError: Another version has the stage, and is not to be archived.
        """
        ...

    def get(self, kind: type[R], id: str) -> R:
        """One record by its id (an environment: by its digest; an artifact, a model: by its name).

        Raises:
            NotFoundError: Nothing is recorded under that id.
        """
        ...

    def find(self, query: Query[R]) -> Page[R]:
        """The records that fit, ordered by time of creation."""
        ...

    def lineage(
        self,
        version_id: str,
        direction: Literal["upstream", "downstream"] = "upstream",
        depth: int = 20,
        limit: int = 1000,
    ) -> tuple[LineageEdge, ...]:
        """The data-flow edges reachable from an artifact version, nearest first."""
        ...

    def close(self) -> None:
        """Release connections; further calls fail."""
        ...
