"""The user's Python API: what is recorded, and the values behind it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from jupyter_mlpipe.config import Settings, load_settings
from jupyter_mlpipe.engine.context import RunContext, open_context
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.model.views import RunDetails, RunView
from jupyter_mlpipe.tracking.reading import run_details, run_view
from jupyter_mlpipe.tracking.resolve import find_version
from jupyter_mlpipe.tracking.store import Query

_MOST = 10_000


class StoredArtifact:
    """One artifact version; its value stays in the store until it is loaded."""

    def __init__(self, record: ArtifactVersion, context: RunContext) -> None:
        self._record = record
        self._context = context

    def __repr__(self) -> str:
        return f"<StoredArtifact {self.name!r} version {self.version}>"

    @property
    def id(self) -> str:
        """Unlike a number, it names this version in every project."""
        return self._record.id

    @property
    def name(self) -> str:
        """Shared by all versions of the artifact."""
        return self._record.name

    @property
    def version(self) -> int:
        """Counted from 1 for each name."""
        return self._record.version

    @property
    def version_name(self) -> str | None:
        """What the user called this version, if anything."""
        return self._record.version_name

    @property
    def digest(self) -> str:
        """Equal for equal values."""
        return self._record.digest

    @property
    def tags(self) -> tuple[str, ...]:
        """Given on the `%%step` line."""
        return self._record.tags

    @property
    def run_metadata(self) -> Mapping[str, object]:
        """What was found out about the value, and what the user added."""
        return {**self._record.summary, **self._record.metadata}

    @property
    def step(self) -> StepRun | None:
        """The step run that made it; None when it was made outside a step."""
        made_by = self._record.step_run
        return self._context.metadata.get(StepRun, made_by) if made_by else None

    def load(self) -> Any:
        """Bring the value back, as it was when it was stored.

        Raises:
            CorruptArtifactError: The stored bytes were changed since.
            ValueNotLoadableError: It needs a class or package that is missing here.
        """
        return self._context.values.load(self._record)


class Client:
    """Looks into one project: that of the working folder unless settings say otherwise.

    Close it, or use it in a `with` block, when many are made in one process.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._context = open_context(settings or load_settings(Path.cwd(), os.environ))

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
        self._context.metadata.close()

    def list_runs(self, limit: int = 100) -> tuple[RunView, ...]:
        """Newest first; kernel sessions are runs too."""
        found = self._context.metadata.find(Query(Run, limit=limit)).items
        return tuple(run_view(run) for run in found)

    def get_pipeline_run(self, run_id: str) -> RunDetails:
        """One run, or the `latest`, with its steps in order of execution.

        Raises:
            NotFoundError: There is no such run.
        """
        return run_details(self._context.metadata, run_id)

    def list_artifacts(self) -> tuple[StoredArtifact, ...]:
        """The newest version of every artifact."""
        return self._find(Query(ArtifactVersion, latest_only=True, limit=_MOST))

    def list_artifact_versions(self, name: str) -> tuple[StoredArtifact, ...]:
        """All versions of one artifact, newest first.

        Raises:
            NotFoundError: No artifact is called so; names those that are close.
        """
        found = self._find(Query(ArtifactVersion, {"name": name}, limit=_MOST))
        if not found:
            known = find_version(self._context.metadata, name).name
            raise NotFoundError(f"No artifact is called {name!r}. Close is {known!r}.")
        return found

    def get_artifact_version(
        self, name_id_or_prefix: str, version: int | str | None = None
    ) -> StoredArtifact:
        """One version: by artifact name (the newest, or by number or version name) or by id.

        Raises:
            NotFoundError: There is none, or several; names those that are close.
        """
        record = find_version(self._context.metadata, name_id_or_prefix, version)
        return StoredArtifact(record, self._context)

    def _find(self, query: Query[ArtifactVersion]) -> tuple[StoredArtifact, ...]:
        found = self._context.metadata.find(query).items
        return tuple(StoredArtifact(record, self._context) for record in found)


def load_artifact(name: str, version: int | str | None = None) -> Any:
    """The value of an artifact of this project: its newest version unless told otherwise.

    Raises:
        NotFoundError: No artifact is called so; names those that are close.
    """
    with Client() as client:
        return client.get_artifact_version(name, version).load()
