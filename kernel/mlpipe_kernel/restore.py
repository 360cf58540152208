"""What an earlier session of the same notebook left, brought back when it is mentioned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jupyter_mlpipe.analysis.closure import close_over
from jupyter_mlpipe.analysis.magics import is_blind
from jupyter_mlpipe.analysis.modules import ModuleFiles
from jupyter_mlpipe.analysis.statements import Statement, StatementKind
from jupyter_mlpipe.engine.variables import Variables
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.step import StepSignature
from mlpipe_kernel.definitions import Definitions, run_statement
from mlpipe_kernel.earlier import EarlierState
from mlpipe_kernel.environment import EarlierEnvironment
from mlpipe_kernel.generators import Generators
from mlpipe_kernel.settings import EarlierSettings


@dataclass(frozen=True, slots=True)
class Brought:
    """What came back."""

    loaded: frozenset[str] = frozenset()
    """Variables."""
    ran: tuple[Statement, ...] = ()
    """Definitions."""
    problems: tuple[str, ...] = ()
    """One line for each name that could not be brought back."""


@dataclass(frozen=True, slots=True)
class EarlierProcess:
    """What waits that is no name of the notebook."""

    generators: Generators
    environment: EarlierEnvironment
    settings: EarlierSettings


class Restorer:
    """Holds what can come back, and brings it back name by name.

    Names that wait are not in the namespace, which stays the plain dict that user code runs on.
    """

    def __init__(
        self, shell: Any, variables: Variables, modules: ModuleFiles, process: EarlierProcess
    ) -> None:
        self._shell = shell
        self._variables = variables
        self._modules = modules
        self._generators = process.generators
        self._environment = process.environment
        self._settings = process.settings
        self._earlier = Definitions()
        self._unkept: dict[str, str] = {}
        """Variables of earlier sessions that cannot come back, to the steps that made them."""
        self._attempt = _Attempt(shell, variables, self._earlier)
        variables.define_with(self._define)

    @property
    def asleep(self) -> Definitions:
        """Definitions that were not mentioned yet."""
        return self._earlier

    @property
    def waiting(self) -> frozenset[str]:
        """Every name that can come back."""
        names = self._earlier.names() | self._variables.pending.keys()
        return frozenset(names - self._shell.user_ns.keys())

    @property
    def concerned(self) -> bool:
        """Whether it matters what a cell mentions."""
        names = self._earlier.names() or self._variables.pending or self._unkept
        return bool(names) or self._generators.wait or self._environment.waits

    def offer(self, state: EarlierState) -> None:
        """Let names that are not bound yet come back from `state` when they are mentioned."""
        bound = self._shell.user_ns.keys()
        self._earlier = state.definitions
        self._unkept = dict(state.unkept)
        self._attempt = self._fresh()
        self._variables.expect({n: v for n, v in state.versions.items() if n not in bound})
        self._generators.offer(state.effects)
        self._environment.offer(state.effects)
        self._settings.offer(state.effects)

    def rewind(self, state: EarlierState, names: frozenset[str] | None) -> frozenset[str]:
        """Let an earlier state take the place of what is bound now; returns the names of it.

        Args:
            state: Where to go back to.
            names: Only these, where given.
        """
        known = frozenset(state.versions) | state.definitions.names() | frozenset(state.parameters)
        wanted = known if names is None else known & names
        self._variables.look()  # what was changed in place since is to be replaced too
        statements = state.definitions.take(wanted & state.definitions.names())
        for name in wanted - state.versions.keys():
            self._variables.drop(name)
        self._earlier.take(wanted & self._earlier.names())
        self._earlier.add(statements)
        self._unkept |= {n: s for n, s in state.unkept.items() if names is None or n in names}
        self._variables.expect({n: v for n, v in state.versions.items() if n in wanted})
        if names is None:
            self._generators.offer(state.effects)
        return wanted

    def withdraw(self, names: frozenset[str]) -> None:
        """These names were just defined anew."""
        self._earlier.take(names & self._earlier.names())

    def prepare(self, cell: StepSignature, *, load: bool) -> Brought:
        """Make ready what a cell mentions, directly or through functions it calls.

        Args:
            cell: Its signature.
            load: Whether data is loaded too; a step that may be a hit needs only definitions.
        """
        attempt = self._attempt
        self._variables.wait_no_more()  # before the cell can delete what an earlier one bound
        self._generators.forget_used()
        self._environment.bring(cell.strings)
        while self.waiting - attempt.failed:
            data = self._variables.all_names()
            closure = close_over(cell, self._shell.user_ns, self._modules, data)
            unseen = closure.dynamic is not None and not is_blind(closure.dynamic)
            missing = closure.absent | (self.waiting if unseen else frozenset())
            before = attempt.progress
            attempt.run(missing - self._variables.pending.keys())
            if load:
                attempt.load(missing)
            if attempt.progress == before:
                break
        if load:
            self._tell_unkept(cell)
        return self._done()

    def _tell_unkept(self, cell: StepSignature) -> None:
        for name in self._unkept.keys() & self._shell.user_ns.keys():
            del self._unkept[name]
        if self._unkept:
            data = self._variables.all_names()
            closure = close_over(cell, self._shell.user_ns, self._modules, data)
            for name in sorted(closure.absent & self._unkept.keys()):
                self._attempt.tell(
                    name,
                    f"`{name}` was made by step {self._unkept[name]} and cannot be kept; run that "
                    "step again",
                )

    def bring(self, names: Iterable[str], most_bytes: int | None = None) -> Brought:
        """Bring back exactly these names, those that wait.

        Args:
            names: Of variables, functions, classes, imports or constants. With none, tells what
                came along when a step loaded what it reads.
            most_bytes: Larger values stay where they are.
        """
        pending = self._variables.pending
        wanted = frozenset(names) & self.waiting
        if most_bytes is not None:
            wanted = frozenset(n for n in wanted if _size(pending.get(n)) <= most_bytes)
        self._generators.forget_used()
        self._attempt.run(wanted)
        self._attempt.load(wanted)
        return self._done()

    def _define(self, name: str) -> bool:
        """What a value needs that is just being loaded, be it by a step that is to run."""
        if name in self._earlier.names():
            self._attempt.run((name,))
            return True
        return bool(self._variables.load((name,)))

    def _done(self) -> Brought:
        self._generators.continue_loaded()
        brought, self._attempt = self._attempt.brought(), self._fresh()
        if brought.loaded or brought.ran:
            self._settings.bring()
        return brought

    def _fresh(self) -> _Attempt:
        return _Attempt(self._shell, self._variables, self._earlier)


class _Attempt:
    """Brings names back one by one; one that cannot be brought back holds up no other."""

    def __init__(self, shell: Any, variables: Variables, earlier: Definitions) -> None:
        self._shell = shell
        self._variables = variables
        self._earlier = earlier
        self._loaded: set[str] = set()
        self._ran: list[Statement] = []
        self._problems: dict[str, str] = {}

    @property
    def failed(self) -> frozenset[str]:
        """Names that are not tried again."""
        return frozenset(self._problems)

    @property
    def progress(self) -> int:
        """Grows while there is something to do."""
        return len(self._loaded) + len(self._ran) + len(self._problems)

    def brought(self) -> Brought:
        return Brought(frozenset(self._loaded), tuple(self._ran), tuple(self._problems.values()))

    def load(self, names: Iterable[str]) -> None:
        """Values, each with whatever shares memory with it."""
        for name in sorted(set(names) & self._variables.pending.keys() - self.failed):
            version = self._variables.pending.get(name)
            if version is None:
                continue  # it came along with another that shares memory with it
            try:
                self._loaded |= self._variables.load((name,))
            except Exception as error:  # noqa: BLE001 - reading a value back may raise anything
                self._problems[name] = (
                    f"`{name}` {version.label} cannot be brought back: {_one_line(error)}"
                )

    def tell(self, name: str, problem: str) -> None:
        """This name cannot come back."""
        self._problems[name] = problem

    def run(self, names: Iterable[str]) -> None:
        """Run what defines the names, after what those definitions themselves need to run."""
        for statement in self._earlier.take(frozenset(names) & self._earlier.names()):
            self.run(statement.reads - self._shell.user_ns.keys())
            self.load(statement.at_once)
            try:
                run_statement(statement, self._shell)
                if statement.kind is StatementKind.CLASS:
                    self.load(statement.names)  # what it held beside its methods
                self._ran.append(statement)
            except Exception as error:  # noqa: BLE001 - an import may raise anything
                first = statement.source.partition("\n")[0]
                self._problems[first] = f"`{first}` failed: {_one_line(error)}"


def _size(version: ArtifactVersion | None) -> int:
    return version.nbytes if version else 0


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text or type(error).__name__
