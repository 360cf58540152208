"""What a step finds around it when it starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jupyter_mlpipe.analysis.modules import ModuleFiles
from jupyter_mlpipe.engine.memories import Callers
from jupyter_mlpipe.engine.module_states import ModuleStates
from jupyter_mlpipe.engine.open_figures import OpenFigures
from jupyter_mlpipe.engine.states import ProcessStates
from jupyter_mlpipe.engine.variables import Variables
from jupyter_mlpipe.engine.watch import ProcessWatch
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import Run
from jupyter_mlpipe.tracking.store import MetadataStore


@dataclass(frozen=True, slots=True)
class Touch:
    """A line of an untagged cell that bound a variable or changed it in place."""

    line: str
    """As the user knows it, such as `In [4] df.dropna(inplace=True)`."""
    time: float
    """Seconds since the epoch."""


def _always(_: str) -> bool:
    return True


def _by_nobody(_: str) -> Touch | None:
    return None


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a variable that a step is mapped over."""

    name: str
    """What the cell calls it."""
    digest: str
    over: str
    version: ArtifactVersion | None
    """Of the variable that holds it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The run a step belongs to and the variables it sees."""

    run: Run
    variables: Variables
    modules: ModuleFiles
    watch: ProcessWatch
    states: ProcessStates
    module_states: ModuleStates = field(default_factory=ModuleStates)
    figures: OpenFigures = field(default_factory=OpenFigures)
    callers: Callers = field(default_factory=Callers)
    constants: frozenset[str] = frozenset()
    """Names whose value an untagged cell sets by a literal or an import."""
    as_written: Callable[[str], bool] = _always
    """Whether a constant holds what its cell says still; else it is data like any other."""
    parameters: frozenset[str] = frozenset()
    task: tuple[str, ...] = ()
    """The other steps that must run in this very process, for they share what cannot travel."""
    definitions: str = ""
    """Source of the definitions around the step, kept with the step run as a snapshot."""
    touched: Callable[[str], Touch | None] = _by_nobody
    """The last line of an untagged cell of this process that touched a variable."""
    handed: frozenset[str] = frozenset()
    """Functions of the notebook that untagged cells told a library to call, see `handed_over`."""
    foreseen: frozenset[str] = frozenset()
    """Variables that the step read when the notebook ran it, be it that no text leads there."""
    cache: bool = True
    """False: `%pipeline` says `--no-cache`."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Modules that steps of this run changed in other processes, each with the step."""
    outside: Mapping[str, str] = field(default_factory=dict)
    """Dependencies on modules by name: what cells without a step had done to them when the
    notebook ran the step last, in words. Such cells do not run in a pipeline."""
    metadata: MetadataStore | None = None
    """Where artifacts are looked up that code asked for by name."""
    element: Element | None = None
    """Of a mapped step: the one element that this run is for."""
