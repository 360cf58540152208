"""The cell at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_mlpipe.engine.attempt import Attempt, StepReport
from jupyter_mlpipe.engine.watch import Sightings
from mlpipe_kernel.mapping import MappedCell
from mlpipe_kernel.settling import LARGE, weight


@dataclass(slots=True)
class CurrentCell:
    """What is known of a cell between IPython's two events, and until it is kept."""

    source: str = ""
    cell_id: str | None = None
    mark: str = ""
    attempt: Attempt | None = None
    report: StepReport | None = None
    seen: Sightings | None = None
    mapped: MappedCell | None = None
    clock: float = 0.0
    seconds: float = 0.0
    outputs: tuple[Mapping[str, Any], ...] = ()
    line: str = ""
    """Names what stands under the cell already, and is to be replaced."""
    problem: str = ""

    @property
    def body(self) -> str:
        """Without the line that marks it."""
        return self.source.partition("\n")[2] if self.mark else self.source

    @property
    def title(self) -> str:
        """The step, or how the cell begins."""
        return self.attempt.step.name if self.attempt else self.source.partition("\n")[0][:60]

    def is_heavy(self, namespace: Mapping[str, Any]) -> bool:
        """Whether what a step's own text binds takes long to store."""
        if self.attempt is None:
            return False
        names = self.attempt.signature.writes
        return weight(namespace[n] for n in names if n in namespace) >= LARGE
