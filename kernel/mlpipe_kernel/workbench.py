"""The stores and variables of a session, opened when a cell first needs them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_mlpipe.analysis.modules import ModuleFiles
from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.context import RunContext, open_context
from jupyter_mlpipe.engine.memories import Callers
from jupyter_mlpipe.engine.module_states import ModuleStates
from jupyter_mlpipe.engine.open_figures import OpenFigures
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.engine.states import ProcessStates
from jupyter_mlpipe.engine.variables import Variables
from jupyter_mlpipe.engine.watch import ProcessWatch
from jupyter_mlpipe.model.amounts import size_text
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import Run
from jupyter_mlpipe.model.step import StepSignature
from jupyter_mlpipe.storage.flushing import LaterFlush
from mlpipe_kernel.definitions import Definitions
from mlpipe_kernel.earlier import EarlierState, last_state
from mlpipe_kernel.environment import EarlierEnvironment
from mlpipe_kernel.generators import Generators
from mlpipe_kernel.restore import Brought, EarlierProcess, Restorer
from mlpipe_kernel.settings import EarlierSettings


@dataclass(frozen=True, slots=True)
class _Tools:
    context: RunContext
    variables: Variables
    restorer: Restorer
    watch: ProcessWatch
    states: ProcessStates


class Workbench:
    """Opens once, from whichever thread asks first; SQLAlchemy alone takes 0.4 s to import."""

    def __init__(
        self, shell: Any, settings: Settings, connect: Callable[[RunContext], None]
    ) -> None:
        self._shell = shell
        self._settings = settings
        self._connect = connect
        self._modules = ModuleFiles()
        self._module_states = ModuleStates()
        self._figures = OpenFigures()
        self._callers = Callers()
        self._tools: _Tools | None = None
        self._lock = threading.Lock()

    @property
    def opened(self) -> bool:
        """Whether the stores are open."""
        return self._tools is not None

    @property
    def context(self) -> RunContext:
        """The open stores.

        Raises:
            MlpipeError: They cannot be opened; the next call tries again.
        """
        return self._open().context

    def follow_imports(self) -> Callable[[], None]:
        """From now on learn what local modules are like when they are imported; the way back."""
        self._module_states.imports.start()
        return self._module_states.imports.stop

    def warm_up(self) -> None:
        """Open in the background what an earlier session left, if it left anything."""
        if self._left_anything():
            threading.Thread(target=self._warm, name="mlpipe-warm-up", daemon=True).start()

    @property
    def warming(self) -> bool:
        """Whether a thread is opening the stores at this moment."""
        return self._lock.locked()

    @property
    def asleep(self) -> Definitions:
        """Definitions of earlier sessions that come back when they are mentioned."""
        return self._open().restorer.asleep

    def scope(self, run: Run, definitions: Definitions) -> Scope:
        """What a step of this session sees."""
        tools = self._open()
        return Scope(
            run=run,
            variables=tools.variables,
            modules=self._modules,
            watch=tools.watch,
            states=tools.states,
            module_states=self._module_states,
            figures=self._figures,
            callers=self._callers,
            constants=definitions.constants,
            as_written=partial(definitions.hold, self._shell.user_ns),
            parameters=definitions.parameters,
            definitions=definitions.source,
            metadata=tools.context.metadata,
        )

    def stop_watching(self) -> None:
        """The step's own code has ended."""
        self._open().watch.stop()

    def note_modules(self) -> None:
        """Remember the content of local modules as it is while they are loaded."""
        self._modules.observe()
        self._module_states.meet()

    def offer_earlier(self, pipeline: str) -> None:
        """Let what earlier sessions of the pipeline left come back when it is mentioned."""
        if self.opened or self._left_anything():
            tools = self._open()
            tools.restorer.offer(last_state(pipeline, tools.context.metadata))

    @property
    def restores(self) -> bool:
        """Whether anything could be brought back."""
        return self._tools is not None and self._tools.restorer.concerned

    def prepare(self, cell: StepSignature, *, load: bool) -> Brought:
        """Bring back what a cell mentions; see `Restorer.prepare`.

        A cell that is no step also lets go at once of what it takes away.
        """
        if self._tools is None:
            return Brought()
        self._tools.watch.mind_places(" ".join(cell.reads | cell.held))
        if load:
            self._tools.variables.let_go(cell.writes | cell.deletes)
        if not self.restores:
            return Brought()
        return self._tools.restorer.prepare(cell, load=load)

    def bring(self, names: Iterable[str] | None, most_bytes: int | None = None) -> Brought:
        """Bring back names now, or all that wait; see `Restorer.bring`."""
        if self._tools is None:
            return Brought()
        restorer = self._tools.restorer
        return restorer.bring(restorer.waiting if names is None else names, most_bytes)

    def bind(self, version: ArtifactVersion) -> None:
        """Load one version into its variable, whatever it holds now."""
        variables = self._open().variables
        variables.look()
        variables.expect({version.variable: version})
        variables.load((version.variable,))

    def rewind(self, state: EarlierState, names: frozenset[str] | None) -> frozenset[str]:
        """Put an earlier state in the place of what is bound; see `Restorer.rewind`."""
        return self._open().restorer.rewind(state, names)

    @property
    def waiting(self) -> frozenset[str]:
        """Names that come back when they are mentioned."""
        return self._tools.restorer.waiting if self._tools else frozenset()

    @property
    def variables(self) -> Variables:
        """The session's variables and the versions they hold."""
        return self._open().variables

    def fetch(self, names: frozenset[str]) -> None:
        """Bring pending variables into memory."""
        self._open().variables.load(names)

    def fetch_all(self) -> None:
        """Bring all pending variables of this session into memory."""
        if self._tools is not None:
            self._tools.variables.load(frozenset(self._tools.variables.pending))

    def redefine(self, names: Iterable[str]) -> frozenset[str]:
        """Make room for definitions; see `Variables.withdraw`."""
        return self._open().variables.withdraw(names)

    def withdraw(self, names: frozenset[str]) -> None:
        """These names were defined anew and are not to be brought back."""
        if self._tools is not None:
            self._tools.restorer.withdraw(names)

    def describe(self, name: str) -> str:
        """`df v3`, for the line that tells what was brought back."""
        version = self._open().variables.version_of(name)
        return f"{name} {version.label}" if version else name

    def describe_waiting(self, name: str) -> str:
        """What is known of a value without loading it."""
        version = self._open().variables.pending.get(name)
        if version is None:
            return f"{name} comes back when a cell mentions it."
        facts = ", ".join(f"{key} {value}" for key, value in version.summary.items())
        return (
            f"{name}: {version.python_type}, {size_text(version.nbytes)}, {version.name} "
            f"{version.label}{f' ({facts})' if facts else ''}. It is loaded when a cell "
            "mentions it."
        )

    def _left_anything(self) -> bool:
        url = self._settings.metadata_store
        prefix = "sqlite:///"
        return not url.startswith(prefix) or Path(url.removeprefix(prefix)).exists()

    def _warm(self) -> None:
        with contextlib.suppress(Exception):  # the first step tries again and tells the user
            context = self._open().context
            last_state("", context.metadata)  # SQLAlchemy prepares each question once
            context.environment.snapshot()

    def _open(self) -> _Tools:
        with self._lock:
            if self._tools is None:
                context = open_context(self._settings, LaterFlush())
                self._module_states.buffers = context.buffers
                variables = Variables(self._shell.user_ns, context.values, context.buffers)
                watch = ProcessWatch(ignored=(self._settings.home,))
                states = ProcessStates(self._settings.root)
                earlier = EarlierProcess(
                    Generators(context.blobs),
                    EarlierEnvironment(states, context.blobs),
                    EarlierSettings(states, context.blobs),
                )
                restorer = Restorer(self._shell, variables, self._modules, earlier)
                self._tools = _Tools(context, variables, restorer, watch, states)
                self._connect(context)
            return self._tools
