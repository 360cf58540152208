"""In what two runs, or two versions of artifacts, differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jupyter_mlpipe.analysis.codediff import short_diff
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.environment import EnvironmentSnapshot
from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.model.views import Change, Comparison
from jupyter_mlpipe.tracking.joins import Joined, join
from jupyter_mlpipe.tracking.store import MetadataStore, Query

_MOST_STEPS = 10_000


def compare_runs(store: MetadataStore, first: Run, second: Run) -> Comparison:
    """Parameters, then step by step code, inputs and outputs, then packages."""
    one, two = _steps(store, first), _steps(store, second)
    joined = join(store, (*one.values(), *two.values()))
    changes = [*_values("parameter ", first.parameters, second.parameters)]
    for name in dict.fromkeys((*one, *two)):
        if name in one and name in two:
            changes += _step(name, one[name], two[name], joined)
        else:
            ran = [("ran" if name in steps else "") for steps in (one, two)]
            changes.append(Change(f"step {name}", *ran))
    changes += _values("", _packages(store, one), _packages(store, two))
    return Comparison(first.id, second.id, tuple(changes))


def compare_versions(
    store: MetadataStore, first: ArtifactVersion, second: ArtifactVersion
) -> Comparison:
    """What is known of the values, and who made them; no value is loaded."""
    changes = _values("", _facts(store, first), _facts(store, second))
    return Comparison(_label(first), _label(second), tuple(changes))


def comparison_lines(found: Comparison) -> Iterator[str]:
    """The same for a person."""
    yield f"{found.first} → {found.second}"
    if not found.changes:
        yield "  no difference"
    for change in found.changes:
        if change.diff:
            yield f"  {change.what}"
            yield from (f"    {line}" for line in change.diff.splitlines())
        else:
            yield f"  {change.what}: {change.old or 'nothing'} → {change.new or 'nothing'}"


def _steps(store: MetadataStore, run: Run) -> Mapping[str, StepRun]:
    """The last run of each step."""
    where = {"run_id": run.id}
    found = store.find(Query(StepRun, where, newest_first=False, limit=_MOST_STEPS)).items
    return {step_run.step: step_run for step_run in found}


def _step(name: str, one: StepRun, two: StepRun, joined: Joined) -> Iterator[Change]:
    prefix = f"step {name}: "
    if one.cell_hash != two.cell_hash:
        yield Change(f"{prefix}code", diff=short_diff(one.source, two.source))
    if one.status != two.status:
        yield Change(f"{prefix}status", one.status.value, two.status.value)
    for kind, old, new in (
        ("input", one.inputs, two.inputs),
        ("output", one.outputs, two.outputs),
    ):
        before, after = ({i.variable: joined.versions[i.version_id] for i in x} for x in (old, new))
        for variable in dict.fromkeys((*before, *after)):
            then, now = before.get(variable), after.get(variable)
            if then is None or now is None or then.digest != now.digest:
                yield Change(f"{prefix}{kind} {variable}", _brief(then), _brief(now))


def _packages(store: MetadataStore, steps: Mapping[str, StepRun]) -> Mapping[str, object]:
    """Python and the distributions around the last step of a run."""
    digests = [step_run.environment for step_run in steps.values() if step_run.environment]
    if not digests:
        return {}
    try:
        snapshot = store.get(EnvironmentSnapshot, digests[-1])
    except NotFoundError:
        return {}
    return {"Python": snapshot.python, **snapshot.packages}


def _values(prefix: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Change]:
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            then, now = (str(values.get(name, "")) for values in (old, new))
            yield Change(f"{prefix}{name}", then, now)


def _facts(store: MetadataStore, version: ArtifactVersion) -> Mapping[str, object]:
    made_by = store.get(StepRun, version.step_run).step if version.step_run else "outside a step"
    return {
        "content": version.digest[:12],
        "type": version.python_type,
        "bytes": version.nbytes,
        **version.summary,
        **version.metadata,
        "tags": ", ".join(version.tags),
        "made by": made_by,
    }


def _brief(version: ArtifactVersion | None) -> str:
    return version.label if version else ""


def _label(version: ArtifactVersion) -> str:
    return f"{version.name}@{version.version_name or version.version}"
