"""Looks into one project."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any

from jupyter_mlpipe.client.artifacts import StoredArtifact
from jupyter_mlpipe.client.listing import Listing
from jupyter_mlpipe.client.models import StoredModelVersion, run_of
from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.journal import (
    close_stores,
    journal_over,
    never_proven,
    open_stores,
    running_journal,
    running_step,
    unheard,
)
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import MetadataError, NotFoundError
from jupyter_mlpipe.model.labels import plain_metadata
from jupyter_mlpipe.model.models import (
    Model,
    ModelStages,
    ModelVersion,
    Promotion,
    checked_called,
    checked_model,
    stage_called,
)
from jupyter_mlpipe.model.project import Project
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.model.views import RunDetails, RunView, ScheduleView
from jupyter_mlpipe.orchestrators.scheduling import schedule_views
from jupyter_mlpipe.tracking.model_versions import find_model, find_model_version, standing
from jupyter_mlpipe.tracking.reading import run_details, run_view
from jupyter_mlpipe.tracking.resolve import find_stated, find_version
from jupyter_mlpipe.tracking.runs import find_run
from jupyter_mlpipe.tracking.store import Query

_MOST = 10_000
_MISSED = "asks for a model version that is not there, and may be the next time"
_LISTS = "lists what is stored, which may be something else the next time"


class Client:
    """Looks into one project: that of the working folder unless it is told otherwise.

    In a `%%step` cell, an artifact version that it hands out is an input of the step. Close it,
    or use it in a `with` block, when many are made in one process.

    Args:
        settings: Of another working folder.
        project: Another one that shares the metadata store. What a step gets from there makes
            the step run each time.
    """

    def __init__(self, settings: Settings | None = None, *, project: str | None = None) -> None:
        with unheard(running_journal()):
            self._context: RunContext = open_stores(settings, project)
        self._project = project

    def __reduce__(self) -> tuple[Callable[[str | None], Client], tuple[str | None]]:
        """Elsewhere, it looks into the stores that are there."""
        return _client_of, (self._project,)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the stores; artifacts that were handed out can no longer be loaded."""
        close_stores(self._context)

    def list_projects(self) -> Listing[Project]:
        """Those that share the metadata store, oldest first."""
        query = Query(Project, newest_first=False, limit=_MOST)
        with self._listing():
            return Listing(self._context.metadata.find(query).items)

    def list_runs(
        self,
        pipeline: str | None = None,
        *,
        tag: str | None = None,
        metadata: Mapping[str, object] | None = None,
        limit: int = 100,
    ) -> Listing[RunView]:
        """Newest first; kernel sessions are runs too."""
        where = {} if pipeline is None else {"pipeline": pipeline}
        query = Query(Run, where, tags=_tags(tag), metadata=metadata or {}, limit=limit)
        with self._listing():
            return Listing(run_view(run) for run in self._context.metadata.find(query).items)

    def get_pipeline_run(self, run_id: str) -> RunDetails:
        """One run, by id, the beginning of it, number or `latest`, with its steps in order.

        Raises:
            NotFoundError: There is no such run.
        """
        with self._listing():
            store = self._context.metadata
            return run_details(store, find_run(store, run_id).id)

    def list_schedules(self) -> Listing[ScheduleView]:
        """Those of promoted pipelines, newest first, with their next runs and what has changed."""
        with self._listing():
            return Listing(schedule_views(self._context.metadata, self._context.settings))

    def list_run_steps(
        self,
        *,
        input_artifact_id: str | None = None,
        output_artifact_id: str | None = None,
        run_id: str | None = None,
        name: str | None = None,
        limit: int = 100,
    ) -> Listing[StepRun]:
        """Step runs, newest first: those of a run, of a step, or that read or left a version."""
        asked = {
            "input": input_artifact_id,
            "output": output_artifact_id,
            "run_id": run_id,
            "step": name,
        }
        where = {field: value for field, value in asked.items() if value is not None}
        with self._listing():
            return Listing(self._context.metadata.find(Query(StepRun, where, limit=limit)).items)

    def list_artifacts(
        self,
        name: str | None = None,
        *,
        type: str | None = None,
        tag: str | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> Listing[StoredArtifact]:
        """The newest version of every artifact, or of those that fit.

        Args:
            name: A pattern such as `study::*`.
            type: Such as `MODEL`.
            tag: That the version must have.
            metadata: Key to the value it must have, given or found out by itself.
        """
        return self._find(
            Query(
                ArtifactVersion,
                _typed(type),
                name_pattern=name,
                tags=_tags(tag),
                metadata=metadata or {},
                latest_only=True,
                limit=_MOST,
            )
        )

    def list_artifact_versions(
        self,
        name: str | None = None,
        *,
        type: str | None = None,
        tag: str | None = None,
        metadata: Mapping[str, object] | None = None,
        limit: int = _MOST,
    ) -> Listing[StoredArtifact]:
        """Versions, newest first: those of one artifact, or of all whose name fits a pattern.

        Raises:
            NotFoundError: No artifact is called so; names those that are close.
        """
        query = Query(
            ArtifactVersion,
            _typed(type),
            name_pattern=name,
            tags=_tags(tag),
            metadata=metadata or {},
            limit=limit,
        )
        found = self._find(query)
        if not found and name is not None and not (type or tag or metadata):
            with self._listing():
                known = find_version(self._context.metadata, name).name
            if known != name:
                raise NotFoundError(f"No artifact is called {name!r}. Close is {known!r}.")
        return found

    def get_artifact_version(
        self, name_id_or_prefix: str, version: int | str | None = None
    ) -> StoredArtifact:
        """One version: by artifact name (the newest, or by number or version name) or by id.

        Raises:
            NotFoundError: There is none, or several; names those that are close.
        """
        journal = journal_over(self._context)
        with unheard(journal):
            record = find_version(self._context.metadata, name_id_or_prefix, version)
        if journal is not None:
            by_name = record.name.startswith(name_id_or_prefix)
            journal.note_read(record, pinned=version is not None or not by_name)
        return StoredArtifact(record, self._context)

    def _find(self, query: Query[ArtifactVersion]) -> Listing[StoredArtifact]:
        with self._listing():
            found = self._context.metadata.find(query).items
        return Listing(StoredArtifact(record, self._context) for record in found)

    def create_model(
        self,
        name: str,
        *,
        description: str = "",
        tags: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
    ) -> Model:
        """Make a model that has no versions yet; without it, the first version makes the model.

        Raises:
            MetadataError: There is one of this name.
        """
        said = plain_metadata(metadata or {})
        model = Model(
            checked_model(name), 0, time.time(), description, tuple(dict.fromkeys(tags)), said
        )
        with unheard(running_journal()):
            self._context.metadata.append((model,))
        return model

    def create_model_version(
        self,
        model: str,
        artifacts: Mapping[str, StoredArtifact | str],
        version: str | None = None,
        *,
        description: str = "",
        tags: Iterable[str] = (),
    ) -> StoredModelVersion:
        """Group artifact versions as the next version of a model. What is grouped never changes.

        Args:
            model: Its name.
            artifacts: What each is for, such as `weights`, to the version: one that was handed
                out, or `NAME` for the newest or `NAME@VERSION`.
            version: A name for the version; its number is counted by itself.
            description: Of the version.
            tags: Of the version.

        Raises:
            NotFoundError: There is no such artifact.
            MetadataError: The version name is taken, or cannot be told from a number or a stage.
        """
        wanted = {role: self._stated(said) for role, said in artifacts.items()}
        around = running_step()
        with unheard(running_journal()):
            store = self._context.metadata
            draft = ModelVersion(
                id=new_id(),
                model=checked_model(model),
                artifacts={str(role): found.id for role, found in wanted.items()},
                version_name=version if version is None else checked_called(version),
                run_id=around[0].id if around else run_of(store, wanted.values()),
                description=description,
                tags=tuple(dict.fromkeys(tags)),
                created=time.time(),
            )
            made = store.append((*around, draft))[-1]
        assert isinstance(made, ModelVersion)
        return StoredModelVersion(made, self._context)

    def list_models(self, *, tag: str | None = None) -> Listing[Model]:
        """By name, those that have the tag."""
        query = Query(Model, tags=_tags(tag), newest_first=False, limit=_MOST)
        with self._listing():
            return Listing(self._context.metadata.find(query).items)

    def list_model_versions(
        self,
        model: str | None = None,
        *,
        stage: str | ModelStages | None = None,
        tag: str | None = None,
        metadata: Mapping[str, object] | None = None,
        limit: int = _MOST,
    ) -> Listing[StoredModelVersion]:
        """Newest first: those of one model or of all, that are in a stage or have a tag.

        Raises:
            NotFoundError: No model is called so; names those that are close.
        """
        where = {} if model is None else {"model": model}
        where |= {} if stage is None else {"stage": stage_called(stage).value}
        query = Query(ModelVersion, where, tags=_tags(tag), metadata=metadata or {}, limit=limit)
        with self._listing():
            found = self._context.metadata.find(query).items
            if not found and model is not None:
                find_model(self._context.metadata, model)
        return Listing(StoredModelVersion(record, self._context) for record in found)

    def list_promotions(self, model: str) -> Listing[Promotion]:
        """Every change of a stage of its versions, newest first: who, when and why.

        Raises:
            NotFoundError: No model is called so; names those that are close.
        """
        with self._listing():
            where = {"model": find_model(self._context.metadata, model).name}
            query = Query(Promotion, where, limit=_MOST)
            return Listing(self._context.metadata.find(query).items)

    def get_model_version(
        self, model: str, version: int | str | ModelStages | None = None
    ) -> StoredModelVersion:
        """One version of a model: its newest, or by number, version name, stage, alias or id.

        In a `%%step` cell, another version in that stage makes the step run again.

        Raises:
            NotFoundError: There is none; names those that are close.
        """
        try:
            with unheard(running_journal()):
                record = find_model_version(self._context.metadata, model, version)
        except NotFoundError:
            with never_proven(self._context, _MISSED):
                raise
        journal, asked = journal_over(self._context), standing(record, version)
        if journal is not None and asked:
            journal.note_model(record, asked)
        return StoredModelVersion(record, self._context)

    def _stated(self, said: StoredArtifact | str) -> StoredArtifact:
        """What is asked for by name counts as read, as it does wherever that is asked for."""
        if isinstance(said, StoredArtifact):
            return said
        if not isinstance(said, str):
            raise MetadataError(
                f"A model version groups what is stored, found a {type(said).__name__}. Give the "
                "name of an artifact, or what save_artifact returns for the value."
            )
        with unheard(running_journal()):
            found = find_stated(self._context.metadata, said)
        journal = journal_over(self._context)
        if journal is not None:
            journal.note_read(found, pinned=not found.name.startswith(said))
        return StoredArtifact(found, self._context)

    def _listing(self) -> contextlib.AbstractContextManager[None]:
        return never_proven(self._context, _LISTS)


def _client_of(project: str | None) -> Client:
    return Client(project=project)


def _tags(tag: str | None) -> tuple[str, ...]:
    return () if tag is None else (tag,)


def _typed(type_: str | None) -> dict[str, object]:
    return {} if type_ is None else {"type": str(type_).upper()}
