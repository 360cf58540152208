"""Whose results no longer stand, told without running, loading or recording anything.

A step stands on what it would find if the notebook were run from top to bottom: on what the
steps above it left, not on what later ones made of that since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.moments import Live
from jupyter_mlpipe.engine.present import Present
from jupyter_mlpipe.engine.reasons import tell
from jupyter_mlpipe.engine.standing import Ledger, Standing
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import OPAQUE, Dependency, DependencyKind, Status

_EDITED = "edited"
_TOLD_BY_TEXT = frozenset({DependencyKind.OPTION})
_MOVES_ON = frozenset(
    {
        DependencyKind.RANDOM,
        DependencyKind.STATE,
        DependencyKind.ENVIRONMENT,
        DependencyKind.SHARING,
    }
)
"""Drawing again would give other numbers, and later steps may have changed a setting or made an
alias, which is no reason to: nothing above has changed."""
_LITERALS = frozenset({DependencyKind.CONSTANT, DependencyKind.PARAMETER})
_VARIABLES = frozenset({DependencyKind.INPUT, DependencyKind.ABSENT})


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """A step that ran, at its place in the notebook."""

    name: str
    position: int
    standing: Standing
    rewrites: frozenset[str] = frozenset()
    """What the cell, edited since, says it would bind."""

    @property
    def leaves(self) -> frozenset[str]:
        """Variables that are another's after it."""
        return self.rewrites | self.standing.outputs.keys()


@dataclass(frozen=True, slots=True)
class Expected:
    """What a step would find under a name."""

    digest: str | None
    """None where there would be nothing."""
    version: ArtifactVersion | None = None
    """Where the variable holds something else now: the version to bind before the step runs."""
    step: str | None = None
    """The step that made it."""


class Order:
    """The steps of a notebook from top to bottom, and what each finds when it starts."""

    def __init__(
        self,
        steps: Sequence[PlacedStep],
        ledger: Ledger,
        present: Present,
        touched: Mapping[str, int | None],
    ) -> None:
        """An order that holds until the next cell runs.

        Args:
            steps: Sorted by position.
            ledger: Tells which step made a version.
            present: What is there now.
            touched: Variables that untagged cells changed last, with the cell's position, or None
                where it is unknown.
        """
        self.steps = steps
        self._ledger = ledger
        self.present = present
        self._touched = touched
        self._places: Mapping[str | None, int] = {step.name: step.position for step in steps}

    def expected(self, name: str, step: PlacedStep) -> Expected:
        """What `step` would find under a name if all above it had just run."""
        held = self.present.version(name)
        maker = self._ledger.maker(held)
        above = nearest_above(name, step.position, self.steps)
        if maker not in self._places and self._shows(name, step, above):
            return Expected(self.present.value_digest(name), step=maker)
        recorded = step.standing.inputs.get(name)
        if above is not None and name in above.standing.outputs:
            if recorded and not recorded.step_run and _is_older(above.standing, step.standing):
                return self._bound(recorded, held)  # an untagged cell between them changed it
            return self._bound(above.standing.outputs[name], held)
        if (
            self._ledger.maker(recorded) is None
            and self._places.get(maker, step.position) >= step.position
        ):
            return self._bound(recorded, held)
        return Expected(self.present.value_digest(name), step=maker)

    def sees(self, name: str, step: PlacedStep) -> bool:
        """Whether `step` would find the present value, which nothing from it on down made."""
        maker = self._ledger.maker(self.present.version(name))
        if maker in self._places:
            return self._places[maker] < step.position
        return self._shows(name, step, nearest_above(name, step.position, self.steps))

    def last(self, name: str) -> ArtifactVersion | None:
        """What the steps leave under a name in the end, where a step holds it now."""
        held = self.present.version(name)
        end = self.steps[-1].position + 1 if self.steps else 0
        last = nearest_above(name, end, self.steps)
        if self._ledger.maker(held) is None or last is None:
            return None
        return self._bound(last.standing.outputs.get(name), held).version

    def _shows(self, name: str, step: PlacedStep, above: PlacedStep | None) -> bool:
        """Whether the present value, which no step of the notebook made, is what it would find."""
        if not self.present.has(name):
            below = (s for s in self.steps if s.position >= step.position)
            return not any(name in s.standing.trace.deleted for s in below)
        place = self._touched.get(name)
        if place is None:
            return True
        return place < step.position and (above is None or above.position < place)

    def _bound(self, wanted: ArtifactVersion | None, held: ArtifactVersion | None) -> Expected:
        if wanted is None:
            return Expected(None)
        place = (wanted.digest, wanted.manifest)
        # The same version may be held in another place, beside what shares its memory.
        other = held is None or (held.id != wanted.id and (held.digest, held.manifest) != place)
        maker = self._ledger.maker(wanted)
        return Expected(wanted.digest, wanted if other else None, maker)


def nearest_above(name: str, position: int, steps: Sequence[PlacedStep]) -> PlacedStep | None:
    """The last step above a place that leaves something under a name."""
    above = (s for s in reversed(steps) if s.position < position and name in s.leaves)
    return next(above, None)


def difference(step: PlacedStep, order: Order, context: RunContext) -> str | None:
    """The first thing on which a step's newest result stands no more, in the user's words.

    What cannot be compared, and why a result may never be given as a hit, is passed over: such a
    step is stale when what it can be compared by differs.
    """
    if step.standing.run.status is Status.FAILED:
        return "it failed when it last ran"
    for dependency in step.standing.trace.dependencies:
        if dependency.digest == OPAQUE or dependency.kind in _TOLD_BY_TEXT | _MOVES_ON:
            continue
        if dependency.kind in _VARIABLES:
            reason = _variable_differs(dependency, step, order)
        elif dependency.kind in _LITERALS and not order.sees(dependency.name, step):
            reason = None
        else:
            reason = _fact_differs(dependency, step, order.present, context)
        if reason is not None:
            return reason
    return None


def spread(steps: Sequence[PlacedStep], own: Mapping[str, str]) -> Mapping[str, str]:
    """Reasons of all stale steps, in the notebook's order: their own, or those they wait for."""
    sources = _sources(steps)
    found = dict(own)
    waiting = True
    while waiting:
        waiting = False
        for name in sources.keys() - found.keys():
            cause = next((source for source in sources[name] if source in found), None)
            if cause is not None:
                found[name] = f"step {cause}, on which it depends, is stale"
                waiting = True
    return {step.name: found[step.name] for step in steps if step.name in found}


def _sources(steps: Sequence[PlacedStep]) -> Mapping[str, tuple[str, ...]]:
    """For each step those whose results it reads, the first in the notebook first."""
    makers = {
        version.step_run: step.name
        for step in steps
        for version in step.standing.outputs.values()
        if version.step_run
    }
    places = {step.name: step.position for step in steps}
    found: dict[str, set[str]] = {step.name: set() for step in steps}
    for step in steps:
        for name, version in step.standing.inputs.items():
            above = nearest_above(name, step.position, steps)
            source = above.name if above else makers.get(version.step_run or "")
            found[step.name] |= {source} - {step.name} if source else set()
    return {name: tuple(sorted(few, key=lambda n: places[n])) for name, few in found.items()}


def _variable_differs(dependency: Dependency, step: PlacedStep, order: Order) -> str | None:
    name = dependency.name
    expected = order.expected(name, step)
    if dependency.kind is DependencyKind.ABSENT:
        return None if expected.digest is None else f"`{name}` is defined now"
    if expected.digest == dependency.digest:
        return None
    if expected.digest is None:
        return f"`{name}` is no longer defined"
    where = f"by step {expected.step}" if expected.step else "outside a step"
    return f"`{name}` changed {where}"


def _fact_differs(
    dependency: Dependency, step: PlacedStep, present: Present, context: RunContext
) -> str | None:
    trace = step.standing.trace
    digest = present.digest(dependency, trace)
    if digest == dependency.digest:
        return None
    if digest is None and dependency.kind is DependencyKind.DEFINITION:
        digest = _EDITED  # it may wait, in another form, to be brought back
    now = Live(present.surroundings, trace.source)
    return tell(trace, dependency, digest, now, context).words


def _is_older(one: Standing, other: Standing) -> bool:
    return one.trace.started < other.run.started
