"""What a finished step leaves in the stores: content, then metadata, then the event."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from jupyter_mlpipe.analysis.code import code_names, meaning_in
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.variable_hints import HINTS, asks_for_hints
from jupyter_mlpipe.engine.aliasing import ONLY_READ, all_but, relinked
from jupyter_mlpipe.engine.appending import Beside, append
from jupyter_mlpipe.engine.attempt import Attempt, StepReport
from jupyter_mlpipe.engine.capture import Captured, capture_outputs
from jupyter_mlpipe.engine.changes import Changes
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.dependencies import SHARES
from jupyter_mlpipe.engine.details import with_module_texts
from jupyter_mlpipe.engine.displayed import keep_displayed
from jupyter_mlpipe.engine.executor import Outcome
from jupyter_mlpipe.engine.file_record import file_dependencies
from jupyter_mlpipe.engine.immovable import cannot_travel
from jupyter_mlpipe.engine.journal import Journal
from jupyter_mlpipe.engine.left_behind import left_behind
from jupyter_mlpipe.engine.lending import lenders
from jupyter_mlpipe.engine.logged import settle, with_journal
from jupyter_mlpipe.engine.lookup import Hit, Miss
from jupyter_mlpipe.engine.memories import asked_for
from jupyter_mlpipe.engine.naming import grouped_outputs, later_labels
from jupyter_mlpipe.engine.never import why_never
from jupyter_mlpipe.engine.open_figures import FIGURES
from jupyter_mlpipe.engine.randomness import looked_at
from jupyter_mlpipe.engine.reasons import NOTHING_CHANGED
from jupyter_mlpipe.engine.redaction import redact
from jupyter_mlpipe.engine.state_record import StateFacts, imported_packages, with_states
from jupyter_mlpipe.engine.watch import Sightings
from jupyter_mlpipe.model.run import (
    OPAQUE,
    Dependency,
    DependencyKind,
    Input,
    Output,
    Status,
    StepRun,
)


def record_success(
    attempt: Attempt, outcome: Outcome, seconds: float, seen: Sightings, context: RunContext
) -> StepReport:
    """Store what the step left and record it as succeeded."""
    variables, signature = attempt.scope.variables, attempt.signature
    code = _code_in(attempt)
    variables.adopt(signature.writes - code)
    after = variables.look()
    changes = variables.changes(attempt.before, after, signature)
    names = (changes.written | changes.mutated) - variables.plain(code)
    if lending := lenders(names, variables):
        variables.adopt(lending)
        after = variables.look()
    captured = capture_outputs(names, _relinked(attempt, changes), attempt, seen, context)
    logged = settle(captured, seen.journal, context)
    step_run = with_journal(_succeeded(attempt, captured, changes, seconds, context), seen.journal)
    dependencies = (*step_run.dependencies, *file_dependencies(attempt, seen))
    step_run = replace(
        step_run,
        dependencies=with_module_texts(dependencies, context),
        display=keep_displayed(outcome.outputs, context.blobs),
    )
    facts = _state_facts(attempt, seen)
    step_run = with_states(step_run, facts, attempt.scope.states, context.blobs)
    never = why_never(step_run, attempt, captured, seen)
    step_run = replace(step_run, uncacheable=never or _changes_beyond(attempt, captured, changes))
    drawn = attempt.drawn
    versions, makers = captured.new_versions(), _makers_noted(attempt, step_run)
    model = grouped_outputs(step_run, attempt.step.options)
    beside: tuple[Beside, ...] = (*versions, *logged.labels, *makers, *model)
    appended = append(step_run, beside, attempt.scope, context)
    attempt.scope.figures.ran(step_run, drawn)
    attempt.scope.callers.ran(step_run, variables.namespace)
    by_id = {version.id: version for version in appended.versions}
    for name, version in (captured.versions | captured.shared).items():
        variables.record(name, by_id.get(version.id, version), after[name])
    told = _told_of(step_run, captured, attempt, names)
    warnings = (*attempt.problems, *appended.warnings, *told, *logged.problems)
    return StepReport(
        step_run,
        tuple((output, by_id[output.version_id]) for output in step_run.outputs),
        warnings=tuple(dict.fromkeys(warnings)),
        diff=_diff(attempt),
        model=appended.model,
    )


def _makers_noted(attempt: Attempt, step_run: StepRun) -> tuple[StepRun, ...]:
    """Steps on whose traces in the process this one was seen to build, which run again then."""
    closure, namespace = attempt.surroundings.closure, attempt.scope.variables.namespace
    asked = asked_for(attempt.python, closure, namespace)
    asked |= {HINTS} if asks_for_hints([attempt.python], closure.codes) else frozenset()
    callers = attempt.scope.callers.noted(step_run, asked)
    return (*attempt.drawn.makers_noted(step_run), *callers)


def _succeeded(
    attempt: Attempt, captured: Captured, changes: Changes, seconds: float, context: RunContext
) -> StepRun:
    """What the variables tell of the step."""
    unbound = attempt.scope.variables.unbound(attempt.signature.deletes)
    return replace(
        _skeleton(attempt, Status.SUCCEEDED, seconds, context),
        outputs=_outputs(captured, changes),
        shared=captured.shared_records(),
        deleted=tuple(sorted(changes.deleted | unbound)),
        dependencies=(
            *attempt.dependencies,
            *attempt.met.dependencies,
            *_sharing_dependencies(attempt, captured, changes),
            *_kept_dependencies(attempt, changes),
        ),
        immovable=left_behind(attempt, captured, changes),
    )


def record_failure(
    attempt: Attempt, outcome: Outcome, seconds: float, context: RunContext
) -> StepReport:
    """Record that the user's code raised; nothing it left is stored."""
    error = f"{type(outcome.error).__name__}: {outcome.error}"
    step_run = replace(
        _skeleton(attempt, Status.FAILED, seconds, context),
        dependencies=(*attempt.dependencies, *attempt.met.dependencies),
        error=redact(outcome.traceback or error, os.environ),
    )
    step_run = with_journal(step_run, attempt.journal or Journal())
    append(step_run, (), attempt.scope, context)
    return StepReport(step_run, diff=_diff(attempt))


def journal_of(attempt: Attempt, context: RunContext) -> Journal:
    """An empty one for a step that is about to run."""
    return Journal(
        context,
        lambda: (attempt.scope.run, _skeleton(attempt, Status.RUNNING, 0.0, context)),
    )


def record_hit(attempt: Attempt, hit: Hit, context: RunContext) -> StepReport:
    """Record that an earlier execution still holds."""
    earlier = hit.step_run
    step_run = replace(
        _skeleton(attempt, Status.CACHED, time.time() - attempt.started, context),
        outputs=earlier.outputs,
        shared=earlier.shared,
        deleted=earlier.deleted,
        display=earlier.display,
        effects=earlier.effects,
        elements=earlier.elements,
        cached_from=earlier.id,
        tags=earlier.tags,
        metadata=earlier.metadata,
    )
    append(step_run, later_labels(attempt.step, hit.left), attempt.scope, context)
    attempt.scope.figures.hit(earlier)
    namespace = attempt.scope.variables.namespace
    attempt.scope.callers.hit(earlier, attempt.surroundings.closure, namespace)
    return StepReport(
        step_run,
        tuple((output, hit.left[output.variable]) for output in earlier.outputs),
        saved_seconds=earlier.seconds,
        warnings=attempt.problems,
    )


def record_skip(attempt: Attempt, context: RunContext) -> StepReport:
    """Record that the step was not to run, and on what that was decided."""
    seconds = time.time() - attempt.started
    step_run = replace(
        _skeleton(attempt, Status.SKIPPED, seconds, context), dependencies=attempt.dependencies
    )
    append(step_run, (), attempt.scope, context)
    return StepReport(step_run, warnings=attempt.problems)


def _skeleton(attempt: Attempt, status: Status, seconds: float, context: RunContext) -> StepRun:
    step, decision = attempt.step, attempt.decision
    element = attempt.scope.element
    inputs = {**attempt.met.inputs, **attempt.surroundings.inputs}
    if element is not None:
        inputs[element.over] = element.version
    return StepRun(
        id=attempt.id,
        run_id=attempt.scope.run.id,
        pipeline=attempt.scope.run.pipeline,
        step=step.name,
        status=status,
        started=attempt.started,
        seconds=seconds,
        reason=NOTHING_CHANGED if isinstance(decision, Hit) else decision.reason,
        cell_hash=attempt.cell_hash,
        cell_id=step.cell_id,
        source=step.source,
        definitions=attempt.scope.definitions,
        inputs=tuple(
            Input(name, version.id) for name, version in sorted(inputs.items()) if version
        ),
        environment=context.environment.snapshot().digest,
        element=element.digest if element else "",
        elements=attempt.elements,
    )


def _diff(attempt: Attempt) -> str:
    return attempt.decision.diff if isinstance(attempt.decision, Miss) else ""


def _outputs(captured: Captured, changes: Changes) -> tuple[Output, ...]:
    return tuple(
        Output(name, version.id, mutated=name in changes.mutated)
        for name, version in sorted(captured.versions.items())
    )


def _sharing_dependencies(
    attempt: Attempt, captured: Captured, changes: Changes
) -> tuple[Dependency, ...]:
    """A step that changed nothing in place and left nothing shared only cares for what it read.

    Else a variable counts although the step never mentions it, except where it is bound anew.
    """
    surroundings = attempt.surroundings
    read = surroundings.inputs.keys() | surroundings.literals
    if captured.shared or changes.mutated:
        sharing = surroundings.sharing(all_but((changes.written | changes.deleted) - read))
        touched = _touched(attempt, captured, changes)
        sharers = (found for found in attempt.sharers if found.name in touched)
        return (sharing, *sharers, *_joined(attempt, captured, changes))
    return (surroundings.sharing(ONLY_READ),) if len(read) > 1 else ()


def _relinked(attempt: Attempt, changes: Changes) -> frozenset[str]:
    """What holds the same as before, but shares it with others."""
    surroundings, variables = attempt.surroundings, attempt.scope.variables
    after = variables.sharing(surroundings.inputs.keys() | surroundings.literals)
    if not after and not surroundings.aliases.groups:
        return frozenset()
    known = attempt.before.keys() - changes.written - changes.deleted
    return relinked(surroundings.aliases.groups, after, known & variables.names())


def _touched(attempt: Attempt, captured: Captured, changes: Changes) -> frozenset[str]:
    """What was there before, and was changed in place or stored again beside an alias."""
    left = captured.versions.keys() | captured.shared.keys() | changes.mutated
    return frozenset((left - changes.written) & attempt.before.keys())


def _joined(attempt: Attempt, captured: Captured, changes: Changes) -> Iterator[Dependency]:
    """What was left as it was, but now shares memory with what the step made or changed."""
    for name in sorted(_untold(attempt, captured, changes) & captured.shared.keys()):
        digest = captured.shared[name].digest
        yield Dependency(DependencyKind.INPUT, name, digest, SHARES)


def _untold(attempt: Attempt, captured: Captured, changes: Changes) -> frozenset[str]:
    """What was touched although the step neither reads it nor reads what shared its memory."""
    surroundings = attempt.surroundings
    known = surroundings.inputs.keys() | surroundings.literals
    known |= {found.name for found in attempt.sharers}
    return _touched(attempt, captured, changes) - known


def _changes_beyond(attempt: Attempt, captured: Captured, changes: Changes) -> str:
    """What the step changed although neither its code nor shared memory leads there."""
    names = _untold(attempt, captured, changes) - captured.shared.keys()
    found = ", ".join(f"`{name}`" for name in sorted(names))
    return f"always runs: it changes {found}, to which its code does not lead" if found else ""


def redefined(attempt: Attempt) -> frozenset[str]:
    """Names that the cell only imports or defines, which it does again on a hit."""
    return attempt.scope.variables.plain(_code_in(attempt))


def _code_in(attempt: Attempt) -> frozenset[str]:
    return code_names(parse(attempt.python), meaning_in(attempt.scope.variables.namespace))


def _kept_dependencies(attempt: Attempt, changes: Changes) -> tuple[Dependency, ...]:
    """Where the cell binds a name on some ways only, and nothing shows that it did.

    Then what the name held before decides what it holds after.
    """
    signature, before = attempt.signature, attempt.before
    unclear = (signature.writes - signature.certain) & before.keys()
    return tuple(
        Dependency(
            DependencyKind.INPUT,
            name,
            attempt.surroundings.digest_value(name) or OPAQUE,
            "is left as it was",
        )
        for name in sorted(unclear - changes.written - attempt.surroundings.inputs.keys())
    )


def _told_of(
    step_run: StepRun, captured: Captured, attempt: Attempt, names: frozenset[str]
) -> Iterator[str]:
    """Lines for what could not be stored, and for what was asked of the step in vain."""
    yield from captured.problems.values()
    for state in step_run.immovable:
        if state.name not in captured.problems and state.kind != FIGURES:
            yield cannot_travel(state.name, state.what)
    yield from attempt.drawn.problems(step_run)
    for name in sorted(attempt.step.options.named_outputs - names):
        yield f"`{name}` is spoken of as an output, but the cell left no such output"
    model = attempt.step.options.model
    if model is not None and not step_run.outputs:
        yield f"it left nothing that is stored, so the model {model!r} has no new version"


def _state_facts(attempt: Attempt, seen: Sightings) -> StateFacts:
    closure, states = attempt.surroundings.closure, attempt.scope.states
    after = attempt.states_after or states.capture()
    versions = attempt.surroundings.inputs.values()
    held = {version.python_type.partition(".")[0] for version in versions if version}
    imported = imported_packages(attempt.python)
    roots = {name.partition(".")[0] for name in closure.imports.values()} | imported
    foreign = imported - sys.stdlib_module_names
    return StateFacts(
        python=attempt.python,
        before=attempt.states_before or after,
        after=after,
        seen=seen,
        packages=frozenset(closure.packages) | held | foreign | (roots & {"logging"}),
        paths=bool(roots & _ASK_FOR_FOLDER),
        looked_at=looked_at(attempt.python, closure.codes),
    )


_ASK_FOR_FOLDER = frozenset({"os", "pathlib", "glob", "shutil", "tempfile", "subprocess"})
