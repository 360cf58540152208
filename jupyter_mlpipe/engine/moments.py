"""What an earlier step run can be compared with: the present, or a later run of the same step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.dependencies import Surroundings
from jupyter_mlpipe.engine.details import file_text, literal_text, module_text
from jupyter_mlpipe.engine.reasons import stored_text
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import Dependency, DependencyKind, StepRun

_LITERALS = (DependencyKind.CONSTANT, DependencyKind.PARAMETER)


@dataclass(frozen=True, slots=True)
class Live:
    """The present, around a step that is about to run; see `reasons.Moment`."""

    surroundings: Surroundings
    source: str

    @property
    def definitions(self) -> str:
        """Of all cells that have run."""
        return self.surroundings.scope.definitions

    def digest(self, dependency: Dependency) -> str | None:
        """Taken now."""
        return self.surroundings.digest_now(dependency)

    def detail(self, dependency: Dependency) -> str:
        """Taken now."""
        kind, name = dependency.kind, dependency.name
        if kind in _LITERALS:
            return literal_text(self.surroundings.scope.variables.namespace.get(name))
        if kind is DependencyKind.FILE:
            return file_text(name)
        if kind is DependencyKind.MODULE:
            return module_text(name, self.digest(dependency) or "")
        if kind is DependencyKind.STATE:
            known = (state.detail for state in self.surroundings.modules if state.name == name)
            return next(known, "")
        return ""

    def version(self, variable: str) -> ArtifactVersion | None:
        """As the step would read it."""
        return self.surroundings.inputs.get(variable)

    def touched(self, variable: str, since: float) -> str:
        """By a cell of this process."""
        touch = self.surroundings.scope.touched(variable)
        return touch.line if touch is not None and touch.time > since else ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A later run of the step; see `reasons.Moment`."""

    run: StepRun
    dependencies: Mapping[tuple[DependencyKind, str], Dependency]
    context: RunContext

    @property
    def source(self) -> str:
        """As it was run."""
        return self.run.source

    @property
    def definitions(self) -> str:
        """As they were around it."""
        return self.run.definitions

    def digest(self, dependency: Dependency) -> str | None:
        """What the later run did not use counts as unchanged: nothing is known of it."""
        found = self.dependencies.get((dependency.kind, dependency.name))
        return found.digest if found else dependency.digest

    def detail(self, dependency: Dependency) -> str:
        """As it was recorded."""
        found = self.dependencies.get((dependency.kind, dependency.name))
        text = found.detail if found else ""
        return stored_text(text, self.context) if dependency.kind is DependencyKind.MODULE else text

    def version(self, variable: str) -> ArtifactVersion | None:
        """What the later run read."""
        ids = {item.variable: item.version_id for item in self.run.inputs}
        if variable not in ids:
            return None
        return self.context.metadata.get(ArtifactVersion, ids[variable])

    def touched(self, variable: str, since: float) -> str:
        """Cells outside of steps are not on record."""
        return ""
