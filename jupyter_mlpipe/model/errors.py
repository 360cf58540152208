"""Everything that can go wrong, as one tree.

MlpipeError
 ├─ ConfigError              a setting or environment variable is unusable
 ├─ NotebookError            a cell cannot be used as it is written; names the cell
 │   ├─ StepOptionError      the `%%step` line is not understood
 │   ├─ DuplicateStepError   two cells carry the same step name
 │   ├─ CycleError           steps wait for each other
 │   └─ OutsideDataError     a promoted step reads data made outside any step
 ├─ StorageError             the artifact store refused or lost something
 │   └─ CorruptArtifactError stored bytes are not the bytes that were written
 ├─ ValueNotStorableError    no materializer can keep a value
 ├─ ValueNotLoadableError    a stored value cannot be brought back here
 │   └─ UntrustedError       it is somebody else's, and loading it may run code
 ├─ MetadataError            the metadata store is unusable, foreign or damaged
 │   ├─ UnreachableError     it is kept by a server, which does not answer
 │   ├─ VersionTakenError    another version has the name already
 │   ├─ StageTakenError      another version of the model has the stage
 │   └─ NotFoundError        nothing is recorded under that name or id
 ├─ PipelineError            a pipeline, its parameters or its archive is invalid
 └─ OrchestratorError        a target cannot express or run the pipeline
"""

from __future__ import annotations


class MlpipeError(Exception):
    """Base of all errors raised on purpose; the message is meant for the user as it stands."""

    def _render_traceback_(self) -> list[str]:
        """IPython shows these lines in place of a traceback."""
        return [f"{type(self).__name__}: {self}"]


class ConfigError(MlpipeError):
    """A setting has a value that cannot be used."""


class NotebookError(MlpipeError):
    """A cell cannot be used as it is written.

    Args:
        cell: What the user recognises the cell by, such as `cell 4 (%%step train)`.
        problem: What was found there, and what to do about it.
    """

    def __init__(self, cell: str, problem: str) -> None:
        super().__init__(f"{cell}: {problem}")
        self.cell = cell
        self.problem = problem


class StepOptionError(NotebookError):
    """The `%%step` line holds an unknown option or an unusable value."""


class DuplicateStepError(NotebookError):
    """Two cells of one notebook carry the same step name."""


class CycleError(NotebookError):
    """Steps wait for each other, so none of them can go first."""


class OutsideDataError(NotebookError):
    """A step that is to run elsewhere reads data that no step makes."""


class StorageError(MlpipeError):
    """The artifact store refused a read or a write."""


class CorruptArtifactError(StorageError):
    """Stored bytes differ from what was written; the value is not handed out."""

    def __init__(self, digest: str, location: str) -> None:
        super().__init__(
            f"The stored content {digest[:12]} at {location} was changed or cut short since it "
            "was written. Run the step again with --no-cache to store it anew."
        )
        self.digest = digest
        self.location = location


class ValueNotStorableError(MlpipeError):
    """No materializer can keep a value; it stays in memory only."""


class ValueNotLoadableError(MlpipeError):
    """A stored value needs something that is missing here, such as a class or a package.

    Args:
        message: For the user.
        definition: Name of the notebook's function or class that must be defined first, if any.
    """

    def __init__(self, message: str, definition: str = "") -> None:
        super().__init__(message)
        self.definition = definition


class UntrustedError(ValueNotLoadableError):
    """Somebody else stored a value that is a pickle, and nobody said that they are trusted."""


class MetadataError(MlpipeError):
    """The metadata store cannot be opened, read or written."""


class UnreachableError(MetadataError):
    """The server that keeps the metadata store does not answer; it may do so later."""


class VersionTakenError(MetadataError):
    """Another version of the artifact or model has the version name already."""


class StageTakenError(MetadataError):
    """Another version of the model has the stage, and was not to be archived."""


class NotFoundError(MetadataError):
    """Nothing is recorded under the given name, version or id."""


class PipelineError(MlpipeError):
    """A pipeline, its parameters or its code archive is invalid."""


class OrchestratorError(MlpipeError):
    """A target cannot express the pipeline, or failed to run it."""
