"""An artifact version in the user's hands."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jupyter_mlpipe.client.previews import ShownPreview
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.journal import open_stores, running_journal, unheard
from jupyter_mlpipe.engine.references import VersionReference
from jupyter_mlpipe.model.artifact import ArtifactType, ArtifactVersion
from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.model.html import facts_html
from jupyter_mlpipe.model.labels import Labels, Subject, plain_metadata
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.tracking.previews import stored_preview


class StoredArtifact(VersionReference):
    """One artifact version; its value stays in the store until it is loaded.

    A `%%step` cell may read a variable that holds one: what it depends on is the version.
    """

    def __init__(self, record: ArtifactVersion, context: RunContext) -> None:
        self._record = record
        self._context = context

    def __repr__(self) -> str:
        return f"<StoredArtifact {self.name!r} version {self.version_name or self.version}>"

    def __reduce__(self) -> tuple[Callable[[str], StoredArtifact], tuple[str]]:
        return _find_again, (self.id,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredArtifact) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def _repr_html_(self) -> str:
        return facts_html(f"{self.name} {self._record.label}", self.facts())

    def facts(self) -> Mapping[str, object]:
        """What fits into one line of a table."""
        record = self._record
        return {
            "artifact": record.name,
            "version": record.version,
            "version_name": record.version_name,
            "type": record.type,
            "python_type": record.python_type,
            "bytes": record.nbytes,
            "tags": self.tags,
            "metadata": self.run_metadata,
            "created": record.created,
            "id": record.id,
        }

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
    def type(self) -> ArtifactType:
        """What it is for."""
        return self._record.type

    @property
    def tags(self) -> tuple[str, ...]:
        """Given on the `%%step` line, in an annotation, or later."""
        return self._record.tags

    @property
    def run_metadata(self) -> Mapping[str, object]:
        """What was found out about the value, and what the user added."""
        return {**self._record.summary, **self._record.metadata}

    @property
    def made_by(self) -> str | None:
        """The id of the step run that made it; None when it was made outside a step."""
        return self._record.step_run

    @property
    def step(self) -> StepRun | None:
        """The step run that made it; None when it was made outside a step."""
        with unheard(running_journal()):
            return self._context.metadata.get(StepRun, self.made_by) if self.made_by else None

    @property
    def run(self) -> Run | None:
        """The run in which it was made; None when it was made outside a step."""
        step = self.step
        with unheard(running_journal()):
            return self._context.metadata.get(Run, step.run_id) if step else None

    def resolve(self, variable: str, run: Run, context: RunContext) -> ArtifactVersion:
        """See `VersionReference`."""
        return self._record

    def load(self) -> Any:
        """Bring the value back, as it was when it was stored.

        Raises:
            CorruptArtifactError: The stored bytes were changed since.
            ValueNotLoadableError: It needs a class or package that is missing here.
        """
        with unheard(running_journal()):
            return self._context.values.load(self._record)

    def download_files(self, path: str | Path, *, overwrite_if_exists: bool = False) -> Path:
        """Pack the stored files, as they are, into a new zip archive.

        Raises:
            StorageError: `path` does not end in .zip, or is there already.
        """
        target = Path(path)
        if target.suffix.lower() != ".zip":
            raise StorageError(f"{target} does not end in .zip; files are downloaded as one.")
        if target.exists() and not overwrite_if_exists:
            raise StorageError(f"{target} is there already; give overwrite_if_exists=True.")
        with unheard(running_journal()), self._context.values.files(self._record) as files:
            pack(files, target)
        return target

    def visualize(self) -> ShownPreview:
        """What a person sees of the value; made when it was stored, so nothing is loaded."""
        with unheard(running_journal()):
            preview = stored_preview(self._context.artifacts, self._record)
        return ShownPreview(f"{self.name} {self._record.label}", preview)

    def tag(self, *tags: str) -> None:
        """Add tags to this version."""
        self._label(Labels(Subject.VERSION, self.id, tags))

    def untag(self, *tags: str) -> None:
        """Take tags away from this version."""
        self._label(Labels(Subject.VERSION, self.id, dropped=tags))

    def log_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Add metadata to this version; a key that is there gets the new value.

        Raises:
            MetadataError: A value is no metadata.
        """
        self._label(Labels(Subject.VERSION, self.id, metadata=plain_metadata(metadata)))

    def _label(self, labels: Labels) -> None:
        with unheard(running_journal()):
            self._context.metadata.append((labels,))
            self._record = self._context.metadata.get(ArtifactVersion, self.id)


def pack(files: Mapping[str, Path], target: Path) -> None:
    """Write a zip archive of files under their names; one that breaks off is taken away."""
    part = target.with_name(f".{target.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
            for name, file in files.items():
                archive.write(file, name)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _find_again(id_: str) -> StoredArtifact:
    """What a pickled one comes back as: the version of that id in the project at hand."""
    context = open_stores()
    return StoredArtifact(context.metadata.get(ArtifactVersion, id_), context)
