"""What an earlier session of the same notebook left, ready to come back when it is mentioned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jupyter_mlpipe.analysis.closure import close_over
from jupyter_mlpipe.analysis.modules import ModuleFiles
from jupyter_mlpipe.analysis.statements import Statement
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.variables import Variables
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import Run, Status, StepRun
from jupyter_mlpipe.model.step import StepSignature
from jupyter_mlpipe.tracking.store import Query
from mlpipe_kernel.definitions import Definitions, run_statement

_HISTORY = 500
"""How many step runs are read back to find the last state of each variable."""


@dataclass(frozen=True, slots=True)
class EarlierState:
    """The variables and definitions that the last sessions of a notebook ended with."""

    versions: dict[str, ArtifactVersion]
    definitions: Definitions


def earlier_state(pipeline: str, context: RunContext) -> EarlierState:
    """The last version of each variable over all sessions, the newest first."""
    sessions = context.metadata.find(
        Query(Run, {"pipeline": pipeline, "kind": "notebook"}, limit=20)
    )
    where = {
        "run_id": tuple(run.id for run in sessions.items),
        "status": (Status.SUCCEEDED, Status.CACHED),
    }
    ids: dict[str, str] = {}
    gone: set[str] = set()
    for step_run in context.metadata.find(Query(StepRun, where, limit=_HISTORY)).items:
        for output in step_run.outputs:
            if output.variable not in gone:
                ids.setdefault(output.variable, output.version_id)
        gone |= set(step_run.deleted) - ids.keys()
    definitions = Definitions()
    for run in reversed(sessions.items):
        definitions.learn(run.definitions)
    versions = {name: context.metadata.get(ArtifactVersion, found) for name, found in ids.items()}
    return EarlierState(versions, definitions)


class Restorer:
    """Brings names back right before code mentions them."""

    def __init__(self, shell: Any, variables: Variables, modules: ModuleFiles) -> None:
        self._shell = shell
        self._variables = variables
        self._modules = modules
        self._earlier = Definitions()

    @property
    def asleep(self) -> Definitions:
        """Definitions that were not mentioned yet."""
        return self._earlier

    def offer(self, state: EarlierState) -> None:
        """Let names that are not bound yet come back from `state` when they are mentioned."""
        self._earlier = state.definitions
        bound = self._shell.user_ns.keys()
        self._variables.expect({n: v for n, v in state.versions.items() if n not in bound})

    def withdraw(self, names: frozenset[str]) -> None:
        """These names were just defined anew."""
        self._earlier.take(names & self._earlier.names())

    def prepare(
        self, cell: StepSignature, *, load: bool
    ) -> tuple[frozenset[str], tuple[Statement, ...]]:
        """Make ready what a cell mentions, directly or through functions it calls.

        Args:
            cell: Its signature.
            load: Whether data is loaded too; a step that may be a hit needs only definitions.

        Returns:
            The variables loaded and the definitions run.
        """
        loaded: set[str] = set()
        ran: list[Statement] = []
        while self._variables.pending or self._earlier.names():
            closure = close_over(cell, self._shell.user_ns, self._modules)
            missing = closure.absent
            if closure.dynamic:
                missing |= self._earlier.names() | self._variables.pending.keys()
            statements = self._run(missing)
            ran += statements
            fresh = self._variables.load(missing) if load else frozenset()
            loaded |= fresh
            if not statements and not fresh:
                break
        return frozenset(loaded), tuple(ran)

    def _run(self, names: frozenset[str]) -> list[Statement]:
        """Run what defines the names, after what those definitions themselves need to run."""
        ran: list[Statement] = []
        for statement in self._earlier.take(names & self._earlier.names()):
            ran += self._run(statement.reads - self._shell.user_ns.keys())
            self._variables.load(statement.reads)
            run_statement(statement, self._shell)
            ran.append(statement)
        return ran
