"""A step on its way from the lookup to the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_mlpipe.engine.dependencies import Surroundings
from jupyter_mlpipe.engine.held import Held
from jupyter_mlpipe.engine.journal import Journal
from jupyter_mlpipe.engine.lookup import Decision
from jupyter_mlpipe.engine.memories import Memory
from jupyter_mlpipe.engine.open_figures import Drawn
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.engine.states import Snapshot
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.events import OutputNote, StepFinished
from jupyter_mlpipe.model.models import ModelVersion
from jupyter_mlpipe.model.run import Dependency, Immovable, Output, StepRun
from jupyter_mlpipe.model.step import StepSignature, StepSource


@dataclass(frozen=True, slots=True)
class Met:
    """What is to be recorded beside what was known before the step ran."""

    dependencies: tuple[Dependency, ...] = ()
    inputs: Mapping[str, ArtifactVersion] = field(default_factory=dict)
    """Data that functions read to which the text does not lead."""
    never: str = ""
    """Why the run can never be proven to hold later, as in `it uses exec`; empty where it can."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A step that was looked up and, on a miss, is about to run or running."""

    id: str
    """Of the step run that is recorded at the end."""
    step: StepSource
    python: str
    cell_hash: str
    signature: StepSignature
    surroundings: Surroundings
    dependencies: tuple[Dependency, ...]
    decision: Decision
    started: float
    before: Mapping[str, Held]
    states_before: Snapshot | None = None
    """None until it is about to run."""
    states_after: Snapshot | None = None
    variables_before: Mapping[str, str | None] = field(default_factory=dict)
    """Environment variables that the `%%step` line sets, as they were; None for those not set."""
    threads_before: frozenset[int] = frozenset()
    """Those of the process that ran before the cell did."""
    threads_left: tuple[Immovable, ...] = ()
    """Those that the cell started, and that ran still when it had ended."""
    modules_changed: tuple[Immovable, ...] = ()
    memories_before: Mapping[str, Memory] = field(default_factory=dict)
    """See `memories.remembered`."""
    code_before: Mapping[str, Any] = field(default_factory=dict)
    """Functions and classes of the notebook, where what the step does cannot be seen."""
    sharers: tuple[Dependency, ...] = ()
    """See `Surroundings.sharers`; as they were before the step."""
    met: Met = field(default_factory=Met)
    """What it was seen to use beyond what was known before."""
    drawn: Drawn = field(default_factory=Drawn)
    """How it met the figures that pyplot keeps open; known once it has run."""
    journal: Journal | None = None
    """None until it is about to run."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Values that stand in for references while the cell runs, by variable."""
    problems: tuple[str, ...] = ()
    elements: int = 0
    """Of a mapped step: how many it runs over."""

    @property
    def scope(self) -> Scope:
        """The run and variables around the step."""
        return self.surroundings.scope


@dataclass(frozen=True, slots=True)
class StepReport:
    """A finished step as it is shown: the record, its outputs, and what deserves a line."""

    step_run: StepRun
    outputs: tuple[tuple[Output, ArtifactVersion], ...] = ()
    saved_seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    diff: str = ""
    """What changed since the earlier run, in a few lines; see `reasons.Difference`."""
    model: ModelVersion | None = None
    """The version of a model that the outputs became."""

    def event(self) -> StepFinished:
        """What listeners are told."""
        run = self.step_run
        return StepFinished(
            run_id=run.run_id,
            step_run_id=run.id,
            step=run.step,
            cell_id=run.cell_id,
            status=run.status,
            reason=run.reason,
            seconds=run.seconds,
            saved_seconds=self.saved_seconds,
            outputs=tuple(
                OutputNote(o.variable, v.name, v.version, v.nbytes, o.mutated, v.version_name)
                for o, v in self.outputs
            ),
            warnings=self.warnings,
        )
