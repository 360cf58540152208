"""What the sidebar and `--json` show: records joined for reading. The wire format of REST."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from jupyter_mlpipe.model.artifact import ArtifactVersion, Preview
from jupyter_mlpipe.model.html import record_html, row_of, table_html
from jupyter_mlpipe.model.pipeline import Parameter, Schedule
from jupyter_mlpipe.model.schedules import ScheduleState


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A step or an artifact version in the lineage graph."""

    id: str
    """`step:<name>`, `artifact:<version id>`, or `unkept:<step>:<variable>` for what a step left
    and could not be stored."""
    kind: Literal["step", "artifact"]
    label: str
    """A step's name, or an artifact's variable name."""
    status: str = ""
    """Steps: `not_run`, `running`, `succeeded`, `cached`, `failed`, `stale`; artifacts: empty."""
    reason: str = ""
    """Steps: why it ran or not; artifacts: why no version of it could be stored."""
    cell_id: str | None = None
    seconds: float = 0.0
    artifact: str = ""
    """Artifacts: the full name, and below it what the node's card shows."""
    version: int = 0
    version_name: str | None = None
    type: str = ""
    python_type: str = ""
    nbytes: int = 0
    elements: int = 0
    """Steps: of a mapped one, how many elements it ran over."""
    outside: bool = False
    """Artifacts: made outside a step."""


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """Data that flowed: into a step, or out of one."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class LineageGraph:
    """The notebook's steps in order with the versions they last read and left."""

    pipeline: str
    notebook: str
    nodes: tuple[GraphNode, ...] = ()
    edges: tuple[GraphEdge, ...] = ()
    problems: tuple[str, ...] = ()
    """Why the notebook could not be read as a pipeline, as sentences for the user."""
    format: int = 1


@dataclass(frozen=True, slots=True)
class ArtifactDetails:
    """One artifact version with its sisters and its neighbours."""

    version: ArtifactVersion
    versions: tuple[ArtifactVersion, ...]
    """All versions of the same name, newest first."""
    producer: str | None
    """Name of the step that made it."""
    consumers: tuple[str, ...]
    preview: Preview | None
    load_code: str
    format: int = 1


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """One thing that was not as in the earlier run."""

    words: str
    diff: str = ""
    """Lines that begin with `-`, `+` or a space."""


@dataclass(frozen=True, slots=True)
class DependencyView:
    """One thing a step run depended on."""

    kind: str
    name: str
    detail: str = ""
    """A version, value or size, where one is known."""


@dataclass(frozen=True, slots=True)
class StepExplanation:
    """Why a step run was executed or skipped."""

    step: str
    step_run_id: str
    run_id: str
    status: str
    reason: str
    started: float
    compared_with: str | None
    """Id of the step run it was compared with; None for the first of all."""
    compared_started: float | None
    differences: tuple[DifferenceView, ...] = ()
    depends_on: tuple[DependencyView, ...] = ()
    uncacheable: str = ""
    """Why it will never be skipped; empty when it may be."""
    error: str = ""
    format: int = 1


@dataclass(frozen=True, slots=True)
class Change:
    """One thing in which two runs, or two artifact versions, differ."""

    what: str
    """Such as `parameter lr`, `step train: input df` or `numpy`."""
    old: str = ""
    """Empty where the first has nothing of the kind."""
    new: str = ""
    diff: str = ""
    """Of code: lines that begin with `-`, `+` or a space."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """In what two runs, or two artifact versions, differ."""

    first: str
    second: str
    changes: tuple[Change, ...]
    format: int = 1


@dataclass(frozen=True, slots=True)
class Target:
    """An orchestrator one can promote to."""

    name: str
    title: str
    available: bool
    note: str = ""
    """What is missing when it is not available, or what to know when it is."""
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledFile:
    """A file that promotion writes."""

    path: str
    """Relative to the chosen folder."""
    content: str


@dataclass(frozen=True, slots=True)
class PromoteRequest:
    """What the dialog asks for."""

    path: str
    """The notebook, relative to the server's root."""
    target: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    schedule: Schedule | None = None
    out: str = ""
    """Folder to write to, relative to the server's root; empty for a preview only."""


@dataclass(frozen=True, slots=True)
class PromotePlan:
    """What promotion would write or has written."""

    pipeline: str
    target: str
    files: tuple[CompiledFile, ...]
    parameters: tuple[Parameter, ...]
    next_fires: tuple[str, ...] = ()
    """ISO 8601, in the schedule's time zone."""
    warnings: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    """Paths written, relative to the server's root; empty for a preview."""
    command: str = ""
    """What to type to run it."""
    format: int = 1


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A schedule as `schedule list --json` prints it."""

    pipeline: str
    orchestrator: str
    cron: str
    timezone: str
    state: ScheduleState
    next_fires: tuple[str, ...]
    """ISO 8601, in the schedule's time zone; none where it has ended by itself."""
    notebook: str
    files: tuple[str, ...]
    user: str
    created: float
    id: str

    _repr_html_ = record_html


@dataclass(frozen=True, slots=True)
class InputView:
    """An input as `run show --json` prints it."""

    variable: str
    artifact: str
    version: int | None
    """None where the value could not be stored; the digest is then `opaque`."""
    digest: str
    produced_by: str | None
    version_name: str | None = None


@dataclass(frozen=True, slots=True)
class OutputView:
    """An output as `run show --json` prints it."""

    variable: str
    artifact: str
    version: int | None
    """None where the value could not be stored; the digest is then `opaque`."""
    digest: str
    mutated: bool
    version_name: str | None = None


@dataclass(frozen=True, slots=True)
class StepRunView:
    """A step run as `run show --json` prints it."""

    step: str
    status: str
    reason: str
    inputs: tuple[InputView, ...]
    outputs: tuple[OutputView, ...]
    started: float
    seconds: float
    id: str = ""
    cell_id: str | None = None
    error: str = ""
    elements: int = 0
    """Of a mapped step: how many it ran over."""
    deleted: tuple[str, ...] = ()
    uncacheable: str = ""
    """Why it will run again although nothing changed; empty when it will not."""
    metadata: Mapping[str, object] = field(default_factory=dict)
    """What the step logged of itself."""

    _repr_html_ = record_html


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as `run list --json` prints it."""

    id: str
    pipeline: str
    kind: str
    status: str
    started: float
    ended: float | None
    notebook: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)

    _repr_html_ = record_html


@dataclass(frozen=True, slots=True)
class RunDetails:
    """One run with its steps in order of execution."""

    run: RunView
    steps: tuple[StepRunView, ...]
    format: int = 1

    def _repr_html_(self) -> str:
        return f"{record_html(self.run)}{table_html([row_of(step) for step in self.steps])}"
