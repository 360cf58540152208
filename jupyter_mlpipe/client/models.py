"""A model version in the user's hands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jupyter_mlpipe.client.artifacts import StoredArtifact
from jupyter_mlpipe.client.listing import Listing
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.journal import (
    journal_over,
    never_proven,
    open_stores,
    running_journal,
    unheard,
)
from jupyter_mlpipe.environments.machine import user_name
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.model.html import facts_html
from jupyter_mlpipe.model.labels import Labels, Subject, plain_metadata
from jupyter_mlpipe.model.models import (
    Alias,
    ModelStages,
    ModelVersion,
    Promotion,
    checked_called,
    stage_called,
)
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.tracking.joins import by_ids
from jupyter_mlpipe.tracking.store import MetadataStore, Query

_MOST = 10_000
_STANDS = "asks how a model version stands, which may be otherwise the next time"
_CHANGES = "gives a model version a stage or an alias, which others may give away"


class StoredModelVersion:
    """One version of a model; what it groups stays in the store until it is loaded.

    In a `%%step` cell, what is loaded of it is an input of the step.
    """

    def __init__(self, record: ModelVersion, context: RunContext) -> None:
        self._record = record
        self._context = context

    def __repr__(self) -> str:
        return f"<StoredModelVersion {self.model!r} version {self.version_name or self.version}>"

    def __reduce__(self) -> tuple[Callable[[str], StoredModelVersion], tuple[str]]:
        return _find_again, (self.id,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredModelVersion) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def _repr_html_(self) -> str:
        facts = {**self.facts(), "artifacts": {k: _said(v) for k, v in self._grouped().items()}}
        return facts_html(f"{self.model} {self._record.label}", facts)

    def facts(self) -> Mapping[str, object]:
        """What fits into one line of a table."""
        record = self._record
        return {
            "model": record.model,
            "version": record.version,
            "version_name": record.version_name,
            "stage": "" if record.stage is ModelStages.NONE else record.stage,
            "aliases": record.aliases,
            "artifacts": tuple(record.artifacts),
            "description": record.description,
            "tags": record.tags,
            "metadata": record.metadata,
            "created": record.created,
            "run_id": record.run_id,
            "id": record.id,
        }

    @property
    def id(self) -> str:
        """Unlike a number, it names this version in every project."""
        return self._record.id

    @property
    def model(self) -> str:
        """The name of the model."""
        return self._record.model

    @property
    def version(self) -> int:
        """Counted from 1 for each model."""
        return self._record.version

    @property
    def version_name(self) -> str | None:
        """What the user called this version, if anything; for good."""
        return self._record.version_name

    @property
    def description(self) -> str:
        """What the user said of this version."""
        return self._record.description

    @property
    def tags(self) -> tuple[str, ...]:
        """Given when it was made, or later."""
        return self._record.tags

    @property
    def run_metadata(self) -> Mapping[str, object]:
        """What the user added."""
        return self._record.metadata

    @property
    def stage(self) -> ModelStages:
        """As it stands now. A step that asks for it always runs."""
        return self._now().stage

    @property
    def aliases(self) -> tuple[str, ...]:
        """As they stand now. A step that asks for them always runs."""
        return self._now().aliases

    @property
    def run(self) -> Run | None:
        """The run that it came from, where that is known."""
        with unheard(running_journal()):
            id_ = self._record.run_id
            return self._context.metadata.get(Run, id_) if id_ else None

    @property
    def artifacts(self) -> Mapping[str, StoredArtifact]:
        """What it groups, by role."""
        journal = journal_over(self._context)
        if journal is not None:
            for role in self._record.artifacts:
                journal.note_grouped(self._record, role)
        return self._grouped()

    @property
    def history(self) -> Listing[Promotion]:
        """Every change of its stage, newest first."""
        query = Query(Promotion, {"version_id": self.id}, limit=_MOST)
        with never_proven(self._context, _STANDS):
            return Listing(self._context.metadata.find(query).items)

    def load(self, role: str) -> Any:
        """Bring back the value that has this role, as it was when it was stored.

        Raises:
            NotFoundError: Nothing has this role; names those that are there.
            CorruptArtifactError: The stored bytes were changed since.
            ValueNotLoadableError: It needs a class or package that is missing here.
        """
        if role not in self._record.artifacts:
            known = ", ".join(map(repr, self._record.artifacts)) or "nothing"
            raise NotFoundError(f"{self.model} {self._record.label} has no {role!r}, but {known}.")
        journal = journal_over(self._context)
        if journal is not None:
            journal.note_grouped(self._record, role)
        return self._grouped()[role].load()

    def set_stage(self, stage: str | ModelStages, *, force: bool = False, reason: str = "") -> None:
        """Promote this version, as in ZenML. A step that does so always runs.

        Args:
            stage: `staging` and `production` are had by one version at a time.
            force: Whether the version that has the stage is archived, at the same moment.
            reason: For the history.

        Raises:
            StageTakenError: Another version has the stage; names it.
        """
        wanted = Promotion(
            new_id(), self.id, stage_called(stage), user_name(), reason, time.time(), force
        )
        self._change(wanted)

    def set_alias(self, name: str) -> None:
        """Let a name lead to this version, and no longer to another. A step doing so always runs.

        Raises:
            MetadataError: It cannot be told from a number, a stage or a version name.
        """
        self._change(Alias(self.id, checked_called(name)))

    def remove_alias(self, name: str) -> None:
        """Let a name lead to no version.

        Raises:
            NotFoundError: It does not lead to this one.
        """
        self._change(Alias(self.id, name, dropped=True))

    def tag(self, *tags: str) -> None:
        """Add tags to this version."""
        self._label(Labels(Subject.MODEL_VERSION, self.id, tags))

    def untag(self, *tags: str) -> None:
        """Take tags away from this version."""
        self._label(Labels(Subject.MODEL_VERSION, self.id, dropped=tags))

    def log_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Add metadata to this version; a key that is there gets the new value.

        Raises:
            MetadataError: A value is no metadata.
        """
        self._label(Labels(Subject.MODEL_VERSION, self.id, metadata=plain_metadata(metadata)))

    def _grouped(self) -> Mapping[str, StoredArtifact]:
        with unheard(running_journal()):
            ids = frozenset(self._record.artifacts.values())
            found = {v.id: v for v in by_ids(self._context.metadata, ArtifactVersion, ids)}
        roles = self._record.artifacts.items()
        return {role: StoredArtifact(found[id_], self._context) for role, id_ in roles}

    def _now(self) -> ModelVersion:
        with never_proven(self._context, _STANDS):
            self._record = self._context.metadata.get(ModelVersion, self.id)
        return self._record

    def _change(self, change: Promotion | Alias) -> None:
        with never_proven(self._context, _CHANGES):
            self._context.metadata.append((change,))
            self._record = self._context.metadata.get(ModelVersion, self.id)

    def _label(self, labels: Labels) -> None:
        with unheard(running_journal()):
            self._context.metadata.append((labels,))
            self._record = self._context.metadata.get(ModelVersion, self.id)


def run_of(store: MetadataStore, artifacts: Iterable[StoredArtifact]) -> str | None:
    """The id of the run that made all of them, but for those made outside a step."""
    made_by = {artifact.made_by for artifact in artifacts} - {None}
    runs = {step.run_id for step in by_ids(store, StepRun, filter(None, made_by))}
    return runs.pop() if len(runs) == 1 else None


def _said(artifact: StoredArtifact) -> str:
    return f"{artifact.name} {artifact.version_name or f'v{artifact.version}'}"


def _find_again(id_: str) -> StoredModelVersion:
    """What a pickled one comes back as: the version of that id in the project at hand."""
    context = open_stores()
    return StoredModelVersion(context.metadata.get(ModelVersion, id_), context)
