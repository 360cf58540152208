"""Looks into one project."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType

from jupyter_mlpipe.client.artifacts import StoredArtifact
from jupyter_mlpipe.client.listing import Listing
from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.journal import (
    Journal,
    close_stores,
    open_stores,
    running_journal,
    unheard,
)
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.model.project import Project
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.model.views import RunDetails, RunView
from jupyter_mlpipe.tracking.reading import run_details, run_view
from jupyter_mlpipe.tracking.resolve import find_version
from jupyter_mlpipe.tracking.runs import find_run
from jupyter_mlpipe.tracking.store import Query

_MOST = 10_000
_ELSEWHERE = "asks another project, which may give something else the next time"
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
        journal = self._journal()
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

    @contextlib.contextmanager
    def _listing(self) -> Iterator[None]:
        """A step whose code does that can never be proven to be as it was."""
        journal = self._journal()
        if journal is not None:
            journal.never = journal.never or _LISTS
        with unheard(journal):
            yield

    def _journal(self) -> Journal | None:
        """Only a step's own stores are where its record can be compared with them later."""
        journal = running_journal()
        if journal is None or journal.context is None:
            return None
        if journal.context.settings == self._context.settings:
            return journal
        journal.never = journal.never or _ELSEWHERE
        return None


def _client_of(project: str | None) -> Client:
    return Client(project=project)


def _tags(tag: str | None) -> tuple[str, ...]:
    return () if tag is None else (tag,)


def _typed(type_: str | None) -> dict[str, object]:
    return {} if type_ is None else {"type": str(type_).upper()}
