"""Runs and step runs: what was executed, on what, with what result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from jupyter_mlpipe.model.html import record_html


class Status(StrEnum):
    """Where a run or step run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    CACHED = "cached"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """It was not tried, or stopped: by the user, or because a step before it did not finish."""
    SKIPPED = "skipped"
    """Its condition was false."""


class DependencyKind(StrEnum):
    """What sort of thing a step used."""

    INPUT = "input"
    """A variable holding data: the digest of its value."""
    CONSTANT = "constant"
    """A literal set in an untagged cell: the digest of its value."""
    PARAMETER = "parameter"
    """A parameter of the pipeline: the digest of its value."""
    DEFINITION = "definition"
    """A function or class of the notebook: the canonical hash of its code."""
    IMPORT = "import"
    """A name bound to something imported: its qualified name."""
    MODULE = "module"
    """A local module, by dotted name: the digest of its file as it was loaded."""
    PACKAGE = "package"
    """An installed distribution: its version."""
    FILE = "file"
    """A file that was opened: the digest of its content."""
    WRITTEN = "written"
    """A file or folder that the step wrote, made or removed: the digest of what it left there."""
    INQUIRY = "inquiry"
    """Something asked about a path without opening it, such as `existence of /data/raw.csv`: the
    answer."""
    RANDOM = "random"
    """A global random generator: the digest of its state before the step."""
    OPTION = "option"
    """What the `%%step` line says about the outputs: the digest of it."""
    ENVIRONMENT = "environment"
    """An environment variable that was read, or `*` for all of them: the digest of its value."""
    STATE = "state"
    """Settings of the process that are no variables, such as `matplotlib.rcParams`: the digest of
    what differs from the defaults."""
    ELEMENT = "element"
    """The element that a step run is for, by what the cell calls it: the digest of its value."""
    ARTIFACT = "artifact"
    """An artifact that the code asked for by name, as in `newest version of iris`: the digest of
    its value."""
    MODEL = "model"
    """A version of a model that the code asked for by what may be given to another one, as in
    `production version of churn`: its id."""
    ABSENT = "absent"
    """A name that was mentioned but bound to nothing."""
    SHARING = "sharing"
    """Which variables shared memory with each other when the step started; the name says which
    of them count."""


OPAQUE = "opaque"
"""Digest of what cannot be compared; equal to nothing, itself included."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """One thing a step run really used. A hit is given only when every digest is still the same."""

    kind: DependencyKind
    name: str
    digest: str
    detail: str = ""
    """What helps to tell a difference in words, never compared: a literal's text, a file's size
    and time, the blob that holds a module's text. Of an input that is not read, and of a definition
    to which no text leads, why it counts still. Empty where nothing is known."""


@dataclass(frozen=True, slots=True)
class Input:
    """A variable a step read, and the version it held."""

    variable: str
    """For an artifact that the code asked for by name: the call, as in `load_artifact('iris')`;
    for one that a model version groups: `churn@2: weights`."""
    version_id: str

    @property
    def is_variable(self) -> bool:
        """Whether it was bound to a name when the step began."""
        return self.variable.isidentifier()


@dataclass(frozen=True, slots=True)
class Output:
    """A variable a step left behind, and the version that was stored of it."""

    variable: str
    version_id: str
    mutated: bool = False
    """The step changed, in place, a value that was there before it."""


@dataclass(frozen=True, slots=True)
class Immovable:
    """State that a step left in its process and that no other process can be given."""

    name: str
    """The variable, function or class, module, environment variable or thread."""
    kind: str
    """`variable`, `definition`, `module`, `environment` or `thread`."""
    what: str
    """In the user's words, such as `a generator`."""
    shares: tuple[str, ...] = ()
    """Variables whose values it holds on to: a change to them changes it."""
    mutated: bool = False
    """Variables: the step changed, in place, a value that was there before it."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A variable left as it was, but stored again beside one that shares its memory.

    It still holds its old version, which is now to be found in another place.
    """

    variable: str
    version_id: str
    manifest: str
    """Digest of the manifest that holds the value under the variable's name."""


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a pipeline; an interactive kernel session is a run too."""

    id: str
    pipeline: str
    kind: str
    """`notebook` for a kernel session, else the orchestrator's name."""
    status: Status
    started: float
    ended: float | None = None
    notebook: str = ""
    engine_run_id: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)
    user: str = ""
    definitions: str = ""
    """Notebook sessions: the imports, functions, classes and constants of untagged cells that
    were run, latest of each name; run again when the session is restored."""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    """Recorded when the run is first; later only `Labels` change it, and the tags."""

    _repr_html_ = record_html


@dataclass(frozen=True, slots=True)
class StepRun:
    """One execution of a step, or one cache hit on an earlier execution."""

    id: str
    run_id: str
    pipeline: str
    step: str
    status: Status
    started: float
    seconds: float = 0.0
    reason: str = ""
    """Why it ran or was cached, in the user's words."""
    cell_hash: str = ""
    cell_id: str | None = None
    source: str = ""
    definitions: str = ""
    """Code of the notebook's functions and classes that the step used, beside its own cell."""
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    shared: tuple[Shared, ...] = ()
    """Variables that share memory with an output; bound together with it on a hit."""
    deleted: tuple[str, ...] = ()
    """Variables the step deleted; deleted again on a hit."""
    dependencies: tuple[Dependency, ...] = ()
    uncacheable: str = ""
    """Why this step run may never be given as a hit (`reads random numbers`); empty when it may."""
    cached_from: str | None = None
    display: str | None = None
    """Digest of the blob that holds the displayed outputs, replayed on a hit."""
    effects: Mapping[str, str] = field(default_factory=dict)
    """State of the process to set again on a hit and in later processes of the run: name of a
    random generator or of a group of settings, to the blob of its state after the step."""
    immovable: tuple[Immovable, ...] = ()
    """What later steps of the run can only use in the same process."""
    environment: str | None = None
    error: str = ""
    element: str = ""
    """The digest of the element this run is for; empty for the run of a whole step."""
    elements: int = 0
    """How many elements a whole step ran over; 0 for a step that is not mapped."""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    """What the step logged of itself."""

    _repr_html_ = record_html
