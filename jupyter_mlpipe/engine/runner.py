"""What happens before and after a step's own code: from lookup to record.

The kernel lets IPython execute the cell between `begin` and `close_step`; everywhere else
`steps.run_step` does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import FunctionType

from jupyter_mlpipe.analysis.canonical import canonical_hash
from jupyter_mlpipe.analysis.closure import Closure, close_over
from jupyter_mlpipe.analysis.conditions import condition_signature
from jupyter_mlpipe.analysis.magics import is_blind
from jupyter_mlpipe.analysis.signatures import step_signature
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.analysis.variable_hints import HINTS, asks_for_hints
from jupyter_mlpipe.engine import lookup
from jupyter_mlpipe.engine.aliasing import Aliases
from jupyter_mlpipe.engine.attempt import Attempt, StepReport
from jupyter_mlpipe.engine.capture import capture_outside
from jupyter_mlpipe.engine.conditions import condition_holds
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.dependencies import Surroundings
from jupyter_mlpipe.engine.executor import Outcome
from jupyter_mlpipe.engine.held import Held, without
from jupyter_mlpipe.engine.immovable import running_threads, threads_left
from jupyter_mlpipe.engine.lookup import Decision, Hit, Miss, Skip
from jupyter_mlpipe.engine.memories import remembered
from jupyter_mlpipe.engine.met import met_by
from jupyter_mlpipe.engine.naming import refuse_taken_versions, with_annotations
from jupyter_mlpipe.engine.never import always_runs
from jupyter_mlpipe.engine.randomness import load_generators
from jupyter_mlpipe.engine.recording import (
    journal_of,
    record_failure,
    record_hit,
    record_skip,
    record_success,
)
from jupyter_mlpipe.engine.references import give_values, references, resolved, take_values
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.engine.scripts import own_code
from jupyter_mlpipe.engine.state_record import state_contents
from jupyter_mlpipe.engine.states import set_variables
from jupyter_mlpipe.engine.watch import Sightings
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import NotebookError, StepOptionError, ValueNotLoadableError
from jupyter_mlpipe.model.events import StepStarted
from jupyter_mlpipe.model.run import Dependency, Immovable
from jupyter_mlpipe.model.step import StepSignature, StepSource


def open_step(step: StepSource, scope: Scope, context: RunContext) -> Attempt:
    """Find out what a step depends on and whether an earlier run of it still holds.

    Raises:
        NotebookError: The cell cannot be run as it is written.
    """
    started = time.time()
    python = python_source(step.source)
    cell_hash = _hash(step, python)
    wanted = condition_holds(step, scope)
    signature = step_signature(step) if wanted else condition_signature(step.options.condition)
    before = scope.variables.look()
    closure = _close_over(signature, before, scope)
    if wanted:
        step = with_annotations(step, python, signature, scope)
        _refuse(step, closure, context)
        _refuse_without_hints(step, closure, scope)
    surroundings, problems = _surroundings(step, closure, before, scope, context)
    attempt = Attempt(
        id=new_id(),
        step=step,
        python=python,
        cell_hash=cell_hash,
        signature=signature,
        surroundings=surroundings,
        dependencies=surroundings.dependencies(),
        decision=_decide(step, cell_hash, surroundings, context)
        if wanted
        else Skip(f"`{step.options.condition}` is false"),
        started=started,
        before=before,
        problems=problems,
    )
    if isinstance(attempt.decision, Miss):
        refuse_taken_versions(step, python, signature, scope, context)
    context.events.publish(StepStarted(scope.run.id, step.name, step.cell_id, started))
    return attempt


def begin(attempt: Attempt, context: RunContext) -> Attempt:
    """Make everything ready for the cell's own code; call right before it runs.

    A value that was not in memory yet may hold functions, which read more.

    Raises:
        CorruptArtifactError: An input's stored bytes were changed.
        ValueNotLoadableError: An input needs a class or package that is missing here.
    """
    variables = attempt.scope.variables
    while True:
        loaded, problems = _loaded(attempt)
        if not loaded and not variables.any_beside(attempt.before):
            break
        attempt = _look_again(attempt, context)
    attempt = replace(attempt, problems=tuple(dict.fromkeys((*attempt.problems, *problems))))
    load_generators(attempt.python)
    _mind_places(attempt)
    sharers = attempt.surroundings.sharers()
    found, versions = attempt.surroundings.references, attempt.surroundings.inputs
    values = give_values(found, versions, variables.namespace, context) if found else {}
    attempt.scope.figures.begin()
    attempt.scope.callers.begin(variables.namespace)
    given = attempt.step.options.env
    variables_before = {name: os.environ.get(name) for name in given}
    set_variables(given)
    attempt = replace(attempt, before=_let_go(attempt))
    return replace(
        attempt,
        states_before=attempt.scope.states.capture(),
        variables_before=variables_before,
        threads_before=running_threads(),
        memories_before=remembered(variables.namespace),
        code_before=own_code(variables.namespace) if attempt.surroundings.closure.dynamic else {},
        sharers=sharers,
        journal=journal_of(attempt, context),
        given=values,
    )


def _mind_places(attempt: Attempt) -> None:
    """Of what is not read as text, and of local modules, nobody knows whether it asks for them."""
    closure = attempt.surroundings.closure
    unknown = "id" if closure.modules or closure.dynamic is not None else ""
    attempt.scope.watch.mind_places(f"{attempt.python} {unknown}", closure.codes)


def _let_go(attempt: Attempt) -> Mapping[str, Held]:
    """A mapped step binds anew what it took away, so it is kept until then."""
    if attempt.step.options.fan_out is not None:
        return attempt.before
    names = attempt.signature.writes | attempt.signature.deletes
    attempt.scope.variables.let_go(names)
    return without(names, attempt.before)


def _loaded(attempt: Attempt) -> tuple[bool, tuple[str, ...]]:
    """Whether anything was loaded that the step reads or, where that cannot be seen, may read.

    Of the latter some may need what only the step itself defines.
    """
    variables, closure = attempt.scope.variables, attempt.surroundings.closure
    loaded = variables.load((*attempt.surroundings.inputs, *attempt.scope.foreseen))
    if closure.dynamic is None or is_blind(closure.dynamic):
        return bool(loaded), ()
    problems = []
    for name in sorted(variables.pending):
        try:
            loaded |= variables.load((name,))
        except ValueNotLoadableError as error:
            problems.append(f"`{name}` cannot be brought back: {error}")
    return bool(loaded), tuple(problems)


def _look_again(attempt: Attempt, context: RunContext) -> Attempt:
    scope, signature = attempt.scope, attempt.signature
    before = scope.variables.look()
    closure = _close_over(signature, before, scope)
    surroundings, problems = _surroundings(attempt.step, closure, before, scope, context)
    return replace(
        attempt,
        surroundings=surroundings,
        dependencies=surroundings.dependencies(),
        before=before,
        problems=tuple(dict.fromkeys((*attempt.problems, *problems))),
    )


def _close_over(signature: StepSignature, before: Mapping[str, Held], scope: Scope) -> Closure:
    variables = scope.variables
    data = before.keys() | variables.pending.keys()
    namespace = variables.namespace
    kept = {n for n in scope.handed if issubclass(type(namespace.get(n)), FunctionType | type)}
    if kept:
        signature = replace(signature, reads=signature.reads | kept)
    kinds = {name: version.python_type for name, version in variables.pending.items()}
    return close_over(signature, namespace, scope.modules, data, kinds)


def close_step(
    attempt: Attempt, outcome: Outcome, seconds: float, seen: Sightings, context: RunContext
) -> StepReport:
    """Store and record what came of the cell, then tell the listeners."""
    take_back(attempt)
    drawn = attempt.scope.figures.end()
    left = threads_left(attempt.threads_before, attempt.scope.variables.namespace)
    after = attempt.scope.states.capture()
    set_variables(attempt.variables_before)
    changed = _changed_modules(attempt)
    writes, before = attempt.signature.writes, attempt.before
    attempt = replace(
        attempt,
        states_after=after,
        threads_left=left,
        drawn=drawn,
        modules_changed=changed,
        met=met_by(seen.executed, attempt.surroundings, before, writes, context),
    )
    if outcome.error is None:
        report = record_success(attempt, outcome, seconds, seen.without_transient(), context)
    else:
        report = record_failure(attempt, outcome, seconds, context)
    context.events.publish(report.event())
    return report


def take_back(attempt: Attempt) -> None:
    """Bind the references again that gave way to their values while the cell ran."""
    if attempt.given:
        found, namespace = attempt.surroundings.references, attempt.scope.variables.namespace
        take_values(found, attempt.given, namespace)


def _changed_modules(attempt: Attempt) -> tuple[Immovable, ...]:
    states, before = attempt.scope.module_states, attempt.surroundings
    return states.changes(before.watched, before.module_look, attempt.step.name)


def apply_hit(attempt: Attempt, context: RunContext) -> StepReport:
    """Bind what the earlier run left, without loading it, and record the hit."""
    if not isinstance(attempt.decision, Hit):
        raise TypeError("only a hit can be applied")
    hit, variables = attempt.decision, attempt.scope.variables
    states = state_contents(hit.step_run.effects, context.blobs)
    report = record_hit(attempt, hit, context)
    variables.expect(hit.left)
    for name in hit.step_run.deleted:
        variables.drop(name)
    for name, content in states.items():
        attempt.scope.states.apply(name, content)
    context.events.publish(report.event())
    return report


def skip(attempt: Attempt, context: RunContext) -> StepReport:
    """Record that the step's condition is false; every variable stays as it is."""
    report = record_skip(attempt, context)
    context.events.publish(report.event())
    return report


def _hash(step: StepSource, python: str) -> str:
    try:
        return canonical_hash(python)
    except SyntaxError as error:
        raise NotebookError(step.label, f"it is not valid Python ({error}).") from error


def _refuse_changed_elsewhere(step: StepSource, closure: Closure, scope: Scope) -> None:
    for name in sorted(closure.modules.keys() & scope.elsewhere.keys()):
        raise NotebookError(
            step.label,
            f"it needs what step {scope.elsewhere[name]} did to module `{name}`, which another "
            "process does not have. That is on record now: run or promote the notebook again, "
            "and these steps run as one task.",
        )


def _refuse_done_outside(step: StepSource, modules: Iterable[Dependency], scope: Scope) -> None:
    for found in modules:
        if found.name in scope.outside and not found.digest:
            raise NotebookError(
                step.label,
                f"the notebook ran it after this: {scope.outside[found.name]}. Cells without "
                "%%step do not run in a pipeline, so that is missing here. Put %%step NAME in "
                "front of that cell; if the cell is no more, run the notebook again.",
            )


def _refuse_without_hints(step: StepSource, closure: Closure, scope: Scope) -> None:
    skipped = scope.callers.without_hints()
    if skipped and asks_for_hints([python_source(step.source)], closure.codes):
        raise NotebookError(
            step.label,
            f"it asks for {HINTS}, in which the hints of step {skipped[0]} are missing: that step "
            "did not have to run again. Put --no-cache on its %%step line, and run it.",
        )


def _surroundings(
    step: StepSource,
    closure: Closure,
    before: Mapping[str, Held],
    scope: Scope,
    context: RunContext,
) -> tuple[Surroundings, tuple[str, ...]]:
    _refuse_changed_elsewhere(step, closure, scope)
    variables = scope.variables
    element = {scope.element.name} if scope.element else set()
    constants = frozenset(filter(scope.as_written, closure.reads & scope.constants))
    literals = constants | (closure.reads & scope.parameters)
    literals -= variables.pending.keys() | element
    # What a step bound anew is its output, and no literal any longer.
    literals -= {n for n in literals if (v := variables.version_of(n)) and v.step_run}
    reached = (closure.reads | closure.absent) - literals - element
    data = {n for n in reached if n in variables.pending or n in before}
    inputs = {name: variables.version_of(name) for name in sorted(data)}
    found = references(inputs, variables)
    inputs |= resolved(found, step, scope.run, context)
    outside = [n for n, version in inputs.items() if version is None]
    captured = capture_outside(outside, before, scope, context)
    inputs |= captured.versions
    told = " ".join((step.source, *scope.outside.values()))  # what is there again is not missing
    watched = scope.module_states.watched(closure, told, variables.namespace)
    look = scope.module_states.look(watched)
    modules = scope.module_states.dependencies(watched, look)
    if not data & variables.pending.keys():  # values lead to libraries; once loaded, it is asked
        _refuse_done_outside(step, modules, scope)
    there = Surroundings(
        closure=closure,
        inputs=inputs,
        literals=frozenset(literals),
        scope=scope,
        options=step.options,
        aliases=Aliases(lambda: variables.sharing(inputs.keys() | literals)),
        watched=watched,
        module_look=look,
        modules=modules,
        references=found,
    )
    return there, tuple(captured.problems.values())


def _decide(
    step: StepSource, cell_hash: str, surroundings: Surroundings, context: RunContext
) -> Decision:
    if not step.options.cache:
        return Miss("caching is switched off for this step (--no-cache, or mlpipe.yaml)")
    if not surroundings.scope.cache:
        return Miss(
            "caching is switched off for this pipeline (%pipeline --no-cache, or mlpipe.yaml)"
        )
    if surroundings.scope.task:
        others = ", ".join(surroundings.scope.task)
        return Miss(f"always runs: it shares with {others} what cannot be stored")
    if not context.settings.cache:
        return Miss("caching is switched off in the settings")
    given = sorted(n for n, found in surroundings.references.items() if found.by_value)
    if given:
        return Miss(f"always runs: `{given[0]}` is given by value")
    if surroundings.closure.dynamic:
        return Miss(always_runs(surroundings.closure.dynamic))
    return lookup.find(step, cell_hash, surroundings, context)


def _refuse(step: StepSource, closure: Closure, context: RunContext) -> None:
    """What must not wait until the cell has computed for an hour."""
    unread = sorted(set(step.options.inputs) - closure.reads - closure.absent)
    if unread:
        raise StepOptionError(
            step.label, f"--in names {', '.join(unread)}, which the cell does not read."
        )
    for name in step.options.materializers.values():
        context.materializers.named(name)
