"""A pipeline in the form that no orchestrator owns; every target compiles from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

IR_VERSION = 2


@dataclass(frozen=True, slots=True)
class Resources:
    """What a step asks of the machine; None leaves it to the target."""

    cpu: float | None = None
    """Cores."""
    memory: int | None = None
    """Bytes."""
    gpu: int | None = None
    disk: int | None = None
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a failed step is tried again."""

    max: int = 0
    delay: float = 0.0
    """Seconds before the first retry."""
    backoff: float = 1.0
    """Factor on the delay for each further retry."""


@dataclass(frozen=True, slots=True)
class FanOut:
    """A step runs once for each element of a variable."""

    over: str
    """The variable that holds the elements."""
    element: str
    """What the cell calls the one it runs for."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a pipeline runs by itself."""

    cron: str
    timezone: str = "UTC"
    catchup: bool = False
    concurrency: str = "forbid"
    """`forbid`, `allow` or `replace` a run that is still going."""
    start: str | None = None
    """ISO 8601."""
    end: str | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A typed literal that can be set anew for each run."""

    name: str
    type: str
    """`int`, `float`, `str`, `bool`, or `json` for lists and dicts."""
    default: object


@dataclass(frozen=True, slots=True)
class PipelineInput:
    """A variable that a step reads."""

    variable: str
    sources: tuple[str, ...]
    """Ids of the steps that may leave a version of it, in the notebook's order; the last one
    that did is the one read."""


@dataclass(frozen=True, slots=True)
class PipelineStep:
    """One step, with everything a target must know to run it."""

    id: str
    """Safe as a file, task and label name: lowercase letters, digits and dashes."""
    name: str
    """As the user wrote it."""
    cell_id: str | None
    source_hash: str
    command: tuple[str, ...] = ()
    """What runs its task."""
    task: str = ""
    """Id of the first of the steps that run in one process with it; empty where it runs alone."""
    depends_on: tuple[str, ...] = ()
    inputs: tuple[PipelineInput, ...] = ()
    outputs: tuple[str, ...] = ()
    """Variables the step is expected to leave; what it really leaves is recorded when it runs."""
    shared: tuple[str, ...] = ()
    """Variables it is expected to leave as they are, but bound together with an output."""
    parameters: tuple[str, ...] = ()
    image: str | None = None
    resources: Resources = field(default_factory=Resources)
    retries: Retries = field(default_factory=Retries)
    timeout: float | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    cache: bool = True
    expires_after: float | None = None
    """Seconds after which an earlier run of the step no longer counts as a hit."""
    condition: str | None = None
    fan_out: FanOut | None = None
    target_overrides: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CodeArchive:
    """The content-addressed archive that a remote step unpacks."""

    uri: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A notebook as a pipeline. Equal notebooks give equal versions."""

    name: str
    version: str
    """Digest of what the notebook says: cells, definitions, options and parameters. What is on
    record of earlier runs narrows the edges below without changing it."""
    steps: tuple[PipelineStep, ...]
    parameters: tuple[Parameter, ...] = ()
    notebook: str = ""
    schedule: Schedule | None = None
    code: CodeArchive | None = None
    python: str = ""
    """Minor version the notebook was promoted from, such as `3.11`."""
    artifact_store: str = ""
    metadata_store: str = ""
    cache: bool = True
    """False: no step is ever a cache hit."""
    labels: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    """Of its runs."""
    warnings: tuple[str, ...] = ()
    """What the user should know before running it, such as edges that were only guessed."""
    ir_version: int = IR_VERSION
