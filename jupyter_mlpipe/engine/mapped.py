"""A step that runs once for each element of a variable.

Each element is a step run of its own: it is looked up, run and recorded by itself, and starts from
the variables as they were before the cell. What the elements leave under a name becomes a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jupyter_mlpipe.engine.attempt import Attempt, StepReport
from jupyter_mlpipe.engine.bus import EventBus
from jupyter_mlpipe.engine.changes import Changes
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.displayed import DisplayedOutput, load_displayed
from jupyter_mlpipe.engine.elements import elements_of, interference, refuse_accumulation
from jupyter_mlpipe.engine.executor import Outcome
from jupyter_mlpipe.engine.lookup import Hit, Miss
from jupyter_mlpipe.engine.naming import name_of, of_one_element
from jupyter_mlpipe.engine.recording import (
    redefined,
)
from jupyter_mlpipe.engine.runner import apply_hit, begin, close_step, open_step, take_back
from jupyter_mlpipe.engine.scope import Element
from jupyter_mlpipe.engine.state_record import recalled
from jupyter_mlpipe.engine.watch import Sightings
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.model.errors import MlpipeError, NotebookError
from jupyter_mlpipe.model.run import OPAQUE


class MappedStep:
    """The elements of one step, one after the other.

    After `turn` gave an attempt, whoever drives it calls `reuse` for a hit, and for a miss runs
    the cell and calls `finish`. `close` comes last, however it ended.

    Args:
        attempt: Of the whole step, a miss, after `begin`.
        context: Of this process.

    Raises:
        NotebookError: The variable cannot be mapped over, or the elements would not be
            independent of each other; nothing was run.
    """

    def __init__(self, attempt: Attempt, context: RunContext) -> None:
        fan_out = attempt.step.options.fan_out
        if fan_out is None:
            raise TypeError("the step is not mapped")
        self._whole = attempt
        self._fan_out = fan_out
        self._context = context
        self._silent = replace(context, events=EventBus())
        self._variables = attempt.scope.variables
        self._pending = dict(self._variables.pending)
        self._source = self._variables.version_of(fan_out.over)
        self._own = self._left_by_earlier_runs()
        refuse_accumulation(attempt, self._own)
        self.elements = elements_of(self._variables.namespace, fan_out, attempt.step)
        self._digests = [content_digest(element) or OPAQUE for element in self.elements]
        self._left: list[dict[str, Any]] = []
        self._current = attempt
        self._ran = 0
        self._collected = False
        self._seen = Sightings()
        self._outputs: list[DisplayedOutput] = []
        self._problems: dict[str, None] = {}

    @property
    def done(self) -> int:
        """How many elements are finished."""
        return len(self._left)

    def turn(self) -> Attempt | None:
        """Make the next element ready, its name bound; None when all are done.

        The variables then hold the lists.
        """
        self._put_back()
        if self.done == len(self.elements):
            self._collect()
            return None
        for name in self._own:
            self._variables.drop(name)
        self._variables.drop(self._fan_out.element)
        self._variables.namespace[self._fan_out.element] = self.elements[self.done]
        attempt = self._open(self.done)
        self._current = (
            attempt if self._is_usable(attempt) else begin(_missed(attempt), self._context)
        )
        return self._current

    def reuse(self) -> tuple[DisplayedOutput, ...]:
        """Take over what an earlier run of the element left; what it displayed."""
        hit = self._current.decision
        if not isinstance(hit, Hit):
            raise TypeError("only a hit can be reused")
        outputs = load_displayed(hit.step_run.display, self._context.blobs)
        apply_hit(self._current, self._silent)
        self._keep({name: self._variables.namespace[name] for name in hit.left}, outputs)
        self._seen.add(recalled(hit.step_run))
        return outputs

    def finish(self, outcome: Outcome, seconds: float, seen: Sightings) -> None:
        """Record an element whose code has ended.

        Raises:
            NotebookError: It changed what other elements see; nothing of it is kept.
        """
        attempt, variables = self._current, self._variables
        take_back(attempt)
        if outcome.error is not None:
            close_step(attempt, outcome, seconds, seen, self._silent)
            return
        changes = variables.changes(attempt.before, variables.look(), attempt.signature)
        problem = interference(attempt, changes)
        if problem:
            raise NotebookError(
                self._whole.step.label, f"for {self._place(self.done)} it {problem}."
            )
        self._ran += 1
        names = self._record(outcome, seconds, seen, changes)
        self._seen.add(seen)
        self._keep({name: variables.namespace[name] for name in names}, outcome.outputs)

    def close(self, outcome: Outcome, seconds: float) -> StepReport:
        """Record the whole step, as succeeded only if `turn` has come to its end."""
        whole = replace(
            self._whole,
            decision=self._summary(),
            problems=(*self._whole.problems, *self._problems),
            elements=len(self.elements),
        )
        if self._collected:
            plain = replace(whole.step.options, materializers={})  # they are for the elements
            whole = replace(whole, step=replace(whole.step, options=plain))
            shown = Outcome(outputs=tuple(self._outputs))
            return close_step(whole, shown, seconds, self._seen, self._context)
        self._put_back()
        self._put_state_back()
        told = f"{self._place(self.done)}:\n{outcome.traceback}"
        return close_step(
            whole, replace(outcome, traceback=told), seconds, self._seen, self._context
        )

    def _open(self, index: int) -> Attempt:
        step, digest = self._whole.step, self._digests[index]
        key = digest[:12] if digest != OPAQUE else str(index)
        one = replace(step, name=f"{step.name}[{key}]", options=of_one_element(step.options))
        element = Element(self._fan_out.element, digest, self._fan_out.over, self._source)
        return open_step(one, replace(self._whole.scope, element=element), self._silent)

    def _is_usable(self, attempt: Attempt) -> bool:
        """Whether an element is a hit whose values can really be brought back."""
        if not isinstance(attempt.decision, Hit):
            return False
        self._variables.expect(attempt.decision.left)
        try:
            self._variables.load(attempt.decision.left)
        except MlpipeError:
            for name in attempt.decision.left:
                self._variables.drop(name)
            return False
        return True

    def _record(
        self, outcome: Outcome, seconds: float, seen: Sightings, changes: Changes
    ) -> frozenset[str]:
        """Keep one element; the names it left."""
        names = changes.written - redefined(self._current)
        groups = self._variables.groups(names)
        shared = sorted(frozenset().union(*groups) - names) if groups else []
        if shared:
            self._problems[
                f"what it makes shares memory with `{shared[0]}`, so its elements run every time"
            ] = None
            return names
        try:
            report = close_step(self._current, outcome, seconds, seen, self._silent)
        except (MlpipeError, OSError) as error:
            self._problems[f"elements are not kept: {error}"] = None
            return names
        self._problems.update(dict.fromkeys(report.warnings))
        return names

    def _keep(self, values: dict[str, Any], outputs: tuple[Mapping[str, Any], ...]) -> None:
        self._left.append(values)
        self._outputs.extend(outputs)

    def _collect(self) -> None:
        """Bind each name that an element left to the list of what all of them left."""
        names = dict.fromkeys(name for values in self._left for name in values)
        if not self.elements:
            names = dict.fromkeys(self._whole.signature.writes - redefined(self._whole))
        for name in names:
            lacking = sum(name not in values for values in self._left)
            if lacking:
                self._problems[
                    f"`{name}` was not set for {lacking} of {len(self._left)} elements; their "
                    "entry is None"
                ] = None
            self._variables.drop(name)
            self._variables.namespace[name] = [values.get(name) for values in self._left]
        self._collected = True

    def _put_back(self) -> None:
        """Bind every variable as it was before the cell, versions included."""
        variables, before = self._variables, self._whole.before
        for name in variables.names() - before.keys() - self._pending.keys():
            variables.drop(name)
        for name, held in before.items():
            if name not in variables.namespace or variables.namespace[name] is not held.value:
                variables.drop(name)
                variables.namespace[name] = held.value
                if held.version is not None:
                    variables.record(name, held.version, held)
        for name, version in self._pending.items():
            current = variables.version_of(name)
            if name not in before and (current is None or current.id != version.id):
                variables.expect({name: version})

    def _put_state_back(self) -> None:
        """So that the next run finds the elements before this one unchanged, and goes on."""
        states, before = self._whole.scope.states, self._whole.states_before
        if before is not None:
            states.apply_all(states.effects(states.capture(), before).contents)

    def _left_by_earlier_runs(self) -> frozenset[str]:
        step, pipeline = self._whole.step, self._whole.scope.run.pipeline
        found = {n: self._variables.version_of(n) for n in self._whole.signature.writes}
        return frozenset(
            name
            for name, version in found.items()
            if version is not None and version.name == name_of(name, step, pipeline)
        )

    def _summary(self) -> Miss:
        """Why the whole step was not a hit, and how many of its elements were."""
        missed = self._whole.decision
        if not isinstance(missed, Miss):
            raise TypeError("only a miss has elements that may have to run")
        total, cached = len(self.elements), self.done - self._ran
        if not self._collected:
            kept = f"the {self.done} before it are kept" if self.done else "none is kept"
            return replace(
                missed, reason=f"{missed.reason}; {self._place(self.done)} did not finish, {kept}"
            )
        counts = f"{self._ran} of {total} elements ran, {cached} cached"
        return replace(missed, reason=f"{missed.reason}; {counts}")

    def _place(self, index: int) -> str:
        return f"element {index + 1} of {len(self.elements)} of `{self._fan_out.over}`"


def _missed(attempt: Attempt) -> Attempt:
    if isinstance(attempt.decision, Hit):
        return replace(attempt, decision=Miss("what was stored of it cannot be loaded"))
    return attempt
