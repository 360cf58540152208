"""What every orchestrator can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from jupyter_mlpipe.model.pipeline import Pipeline
from jupyter_mlpipe.model.run import Status
from jupyter_mlpipe.model.views import CompiledFile


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a target can express; what it cannot is refused or warned about, never dropped."""

    schedule: bool = False
    retries: bool = False
    timeout: bool = False
    resources: bool = False
    gpu: bool = False
    image: bool = False
    secrets: bool = False
    fan_out: bool = False
    """A mapped step can run, its elements one after the other in one task."""
    condition: bool = False


@dataclass(frozen=True, slots=True)
class Submission:
    """A pipeline that was handed to its engine."""

    run_id: str
    """Ours: the id under which the steps record themselves."""
    engine_run_id: str
    url: str = ""


class Orchestrator(ABC):
    """Turns a pipeline into an engine's files, and runs them there.

    Every implementation passes `jupyter_mlpipe.testing.orchestrators.OrchestratorContract`.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    unscheduling: ClassVar[str] = ""
    """What a user has still to do once the files of a schedule are deleted, as a sentence."""

    def availability(self) -> str:
        """What is missing to submit from here, as a sentence; empty when nothing is."""
        return ""

    @abstractmethod
    def compile(self, pipeline: Pipeline) -> tuple[CompiledFile, ...]:
        """The files that make the engine run the pipeline; the same pipeline gives the same bytes.

        Raises:
            OrchestratorError: The pipeline asks for something this target cannot express.
        """

    @abstractmethod
    def run_command(self, pipeline: Pipeline, folder: Path) -> str:
        """What a user types to run the files that were written to `folder`."""

    @abstractmethod
    def submit(self, pipeline: Pipeline, parameters: Mapping[str, object]) -> Submission:
        """Hand the pipeline to the engine and return once it has taken it."""

    @abstractmethod
    def status(self, submission: Submission) -> Status:
        """Where a submitted run stands."""

    @abstractmethod
    def logs(self, submission: Submission, step: str | None = None) -> str:
        """What the run, or one of its steps, has printed so far."""

    @abstractmethod
    def cancel(self, submission: Submission) -> None:
        """Stop a submitted run; one that has ended stays as it is."""
