"""Why a step run can never be proven to hold later."""

from __future__ import annotations

from jupyter_mlpipe.analysis.variable_hints import HINTS, asks_for_hints
from jupyter_mlpipe.engine.attempt import Attempt
from jupyter_mlpipe.engine.capture import Captured
from jupyter_mlpipe.engine.immovable import immovable_variables
from jupyter_mlpipe.engine.memories import asked_for, handed_out
from jupyter_mlpipe.engine.open_figures import FIGURES
from jupyter_mlpipe.engine.unsteadiness import why_unsteady
from jupyter_mlpipe.engine.watch import Sightings
from jupyter_mlpipe.materializers.sharing import leads_to
from jupyter_mlpipe.model.run import OPAQUE, StepRun

_UNSEEDED = "draws from the system's entropy (numpy.random, which was given no seed)"

_TOO_MANY = "opens more files past Python than Linux tells of"


def why_never(step_run: StepRun, attempt: Attempt, captured: Captured, seen: Sightings) -> str:
    """Empty when it can, as far as the state of the process and the step's own code go."""
    opaque = [d.name for d in step_run.dependencies if d.digest == OPAQUE]
    unmoved = ", ".join(f"`{s.name}`" for s in step_run.immovable if s.kind != FIGURES)
    held = _held_by_unkept(step_run, attempt)
    closure, namespace = attempt.surroundings.closure, attempt.scope.variables.namespace
    unsteady = why_unsteady(attempt.python, closure, namespace, traced=seen.executed.heard)
    hints = HINTS if asks_for_hints([attempt.python], closure.codes) else ""
    checks = (
        (always_runs(closure.dynamic or ""), "{}"),
        (", ".join(f"`{name}`" for name in opaque), "always runs: {} cannot be compared"),
        (", ".join(sorted(captured.problems)), "always runs: `{}` cannot be kept"),
        (unmoved, "always runs: what it does to {} cannot be kept"),
        (held, "always runs: it changes {}, which something that cannot be kept holds on to"),
        (_reached_unkept(attempt), "always runs: it reaches {}, which cannot be compared"),
        (", ".join(sorted(seen.hosts)), "always runs: it talks to {}"),
        (always_runs(attempt.met.never), "{}"),
        (
            ", ".join(f"`{n}`" for n in sorted(asked_for(attempt.python, closure, namespace))),
            "always runs: it asks how often {} was called",
        ),
        (hints, "always runs: it asks for the hints of the notebook's variables ({})"),
        (attempt.drawn.why_never(), "always runs: it {}"),
        (seen.journal.never, "always runs: it {}"),
        ("a shell command" if seen.commands else "", "always runs: it runs {}"),
        (_TOO_MANY if seen.lost else "", "always runs: it {}"),
        (", ".join(sorted(seen.rewritten)), "always runs: it changes the file {} in place"),
        (
            ", ".join(sorted(seen.outgrown)),
            "always runs: it changes what it lists of the folder {}",
        ),
        (unsteady or "", "always runs: it {}"),
        (_UNSEEDED if seen.entropy.drawn else "", "always runs: it {}"),
    )
    return next((words.format(found) for found, words in checks if found), "")


def always_runs(reason: str) -> str:
    """In a sentence; a reason that names no function is said of the step itself."""
    if not reason:
        return ""
    return f"always runs: {reason}" if reason.startswith("`") else f"always runs: it {reason}"


def _held_by_unkept(step_run: StepRun, attempt: Attempt) -> str:
    """A hit would bind a copy, of which a generator over the value would not know.

    Nor would a function that remembers the value.
    """
    changed = {output.variable for output in step_run.outputs if output.mutated}
    if not changed:
        return ""
    unkept, namespace = attempt.scope.variables.unkept(), attempt.scope.variables.namespace
    found = immovable_variables(unkept, namespace)
    held = changed.intersection(name for state in found for name in state.shares)
    there = changed & namespace.keys()
    if handed_out(namespace, map(namespace.get, there)):
        held |= {name for name in there if handed_out(namespace, [namespace[name]])}
    return ", ".join(f"`{name}`" for name in sorted(held))


def _reached_unkept(attempt: Attempt) -> str:
    """What it may have changed unseen, through another variable that it reads."""
    variables = attempt.scope.variables
    namespace, read = variables.namespace, attempt.surroundings.inputs.keys()
    unkept = {n: namespace[n] for n in variables.unkept() - read if n in namespace}
    groups = attempt.surroundings.aliases.groups if unkept else ()
    beside = {n for group in groups if group & unkept.keys() for n in group & read}
    values = (namespace[name] for name in beside & namespace.keys())
    found = frozenset().union(*(leads_to(value, unkept) for value in values))
    return ", ".join(f"`{name}`" for name in sorted(found))
