"""Why the newest run of a step was executed or skipped, told from what is on record."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.moments import Recorded
from jupyter_mlpipe.engine.reasons import Difference, code_changed, differences
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.model.run import Dependency, DependencyKind, Status, StepRun
from jupyter_mlpipe.model.views import DependencyView, DifferenceView, StepExplanation
from jupyter_mlpipe.tracking.joins import by_ids
from jupyter_mlpipe.tracking.store import MetadataStore, Query

_CANDIDATES = 50
_UNTOLD = frozenset({DependencyKind.ABSENT, DependencyKind.OPTION})
_SHOWN_BY_DETAIL = frozenset(
    {DependencyKind.CONSTANT, DependencyKind.PARAMETER, DependencyKind.FILE}
)


def explain_step(step: str, pipeline: str | None, context: RunContext) -> StepExplanation:
    """Everything about the newest run of a step.

    Args:
        step: Its name.
        pipeline: Where to look for it; None for all pipelines.
        context: The stores.

    Raises:
        NotFoundError: It never ran; names steps that are close.
    """
    last = _newest(step, pipeline, context.metadata)
    earlier = _compared_with(last, context.metadata)
    traced = last
    if last.status is Status.CACHED and earlier is not None:
        traced = earlier
    return StepExplanation(
        step=last.step,
        step_run_id=last.id,
        run_id=last.run_id,
        status=last.status.value,
        reason=last.reason,
        started=last.started,
        compared_with=earlier.id if earlier else None,
        compared_started=earlier.started if earlier else None,
        differences=tuple(
            DifferenceView(d.words, d.diff) for d in _differences(earlier, last, context)
        ),
        depends_on=_depends_on(traced, context.metadata),
        uncacheable=last.uncacheable,
        error=last.error,
    )


def explanation_lines(told: StepExplanation) -> Iterator[str]:
    """The same for a person."""
    yield f"{told.step}: {told.status} at {_clock(told.started)}, {told.reason}"
    if told.compared_started is not None:
        since = "since" if told.status == Status.CACHED else "compared with the run of"
        yield f"  {since} {_clock(told.compared_started)}"
    for number, difference in enumerate(told.differences, start=1):
        yield f"  {number}. {difference.words}"
        yield from (f"       {line}" for line in difference.diff.splitlines())
    if told.depends_on:
        yield "  It depends on"
    for kind in dict.fromkeys(item.kind for item in told.depends_on):
        yield f"    {kind}: {', '.join(_short(d) for d in told.depends_on if d.kind == kind)}"
    if told.uncacheable:
        yield f"  It is never skipped: {told.uncacheable.removeprefix('always runs: ')}"
    if told.error:
        yield f"  {told.error.strip().splitlines()[-1]}"


def step_names(pipeline: str | None, metadata: MetadataStore) -> Sequence[str]:
    """Steps that ran lately, the newest first."""
    where = {"element": ""} if pipeline is None else {"pipeline": pipeline, "element": ""}
    found = metadata.find(Query(StepRun, where, limit=500, counted=False)).items
    return tuple(dict.fromkeys(run.step for run in found))


def _newest(step: str, pipeline: str | None, metadata: MetadataStore) -> StepRun:
    where = {"step": step} if pipeline is None else {"pipeline": pipeline, "step": step}
    found = metadata.find(Query(StepRun, where, limit=1, counted=False)).items
    if found:
        return found[0]
    known = step_names(pipeline, metadata)
    close = difflib.get_close_matches(step, known, n=3)
    hint = f" Close are {', '.join(close)}." if close else ""
    if known and not close:
        hint = f" Steps on record are {', '.join(known[:10])}."
    raise NotFoundError(f"The step {step!r} has not run yet.{hint}")


def _compared_with(last: StepRun, metadata: MetadataStore) -> StepRun | None:
    """What the lookup compared with: of the same code if there is one."""
    if last.cached_from is not None:
        return next(by_ids(metadata, StepRun, [last.cached_from]), None)
    where = {"pipeline": last.pipeline, "step": last.step, "status": Status.SUCCEEDED}
    found = metadata.find(Query(StepRun, where, limit=_CANDIDATES, counted=False)).items
    before = [run for run in found if run.started < last.started]
    same = [run for run in before if run.cell_hash == last.cell_hash]
    return next(iter((*same, *before)), None)


def _differences(
    earlier: StepRun | None, last: StepRun, context: RunContext
) -> tuple[Difference, ...]:
    if earlier is None or last.status is Status.CACHED:
        return ()
    edited = earlier.cell_hash != last.cell_hash
    known = {(d.kind, d.name): d for d in last.dependencies}
    found = differences(earlier, Recorded(last, known, context), context)
    first = (code_changed(earlier.source, last.source),) if edited else ()
    told = (*first, *found)
    # Who changed a variable outside of steps was known only when the step ran.
    if told and last.reason.startswith(told[0].words):
        return (replace(told[0], words=last.reason), *told[1:])
    return told


def _depends_on(run: StepRun, metadata: MetadataStore) -> tuple[DependencyView, ...]:
    ids = {item.variable: item.version_id for item in run.inputs}
    versions = {version.id: version for version in by_ids(metadata, ArtifactVersion, ids.values())}
    return tuple(
        DependencyView(d.kind.value, d.name, _detail(d, versions.get(ids.get(d.name, ""))))
        for d in run.dependencies
        if d.kind not in _UNTOLD
    )


def _detail(dependency: Dependency, version: ArtifactVersion | None) -> str:
    if dependency.kind is DependencyKind.INPUT and version is not None:
        return version.label
    if dependency.kind is DependencyKind.PACKAGE:
        return dependency.digest
    return dependency.detail if dependency.kind in _SHOWN_BY_DETAIL else ""


def _short(item: DependencyView) -> str:
    link = "=" if item.kind in ("parameter", "constant") else " "
    return f"{item.name}{link}{item.detail}" if item.detail else item.name


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M:%S}"
