"""What a step finds around it when it starts."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_mlpipe.analysis.modules import ModuleFiles
from jupyter_mlpipe.engine.variables import Variables
from jupyter_mlpipe.engine.watch import ProcessWatch
from jupyter_mlpipe.model.run import Run


@dataclass(frozen=True, slots=True)
class Scope:
    """The run a step belongs to and the variables it sees."""

    run: Run
    variables: Variables
    modules: ModuleFiles
    watch: ProcessWatch
    constants: frozenset[str] = frozenset()
    """Names whose value an untagged cell sets by a literal or an import."""
    parameters: frozenset[str] = frozenset()
    definitions: str = ""
    """Source of the definitions around the step, kept with the step run as a snapshot."""
