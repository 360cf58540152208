"""Verbs about what is on record: `status`, `runs`, `why`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from jupyter_mlpipe.engine.explain import explain_step, explanation_lines, step_names
from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.tracking.reading import run_details
from jupyter_mlpipe.tracking.runs import numbered_runs
from mlpipe_kernel.verbs.verb import Desk, refuse


def status(_: Sequence[str], desk: Desk) -> str:
    """The steps of this session and how they stand."""
    run = desk.session.run
    try:
        steps = run_details(desk.bench.context.metadata, run.id).steps
    except NotFoundError:
        return f"Pipeline {run.pipeline}: no step has run in this session yet."
    lines = [f"Pipeline {run.pipeline}, run {run.id[:12]}"]
    lines += [f"  {s.step}: {s.status}, {s.reason}" for s in steps]
    stale = desk.staleness.stale()
    lines += [f"  {s.step}: stale, {s.reason}" for s in stale]
    lines += ["`%mlpipe run-stale` runs what is stale."] if stale else []
    return "\n".join(lines)


def why(words: Sequence[str], desk: Desk) -> str:
    """Why the newest run of a step was a hit or a miss, in full."""
    if not words:
        raise refuse("why", "name a step: %mlpipe why STEP.")
    told = explain_step(words[0], desk.session.pipeline, desk.bench.context)
    return "\n".join(explanation_lines(told))


def runs(_: Sequence[str], desk: Desk) -> str:
    """The newest runs of this pipeline, with the numbers that `restore --run` takes."""
    found = numbered_runs(desk.bench.context.metadata, desk.session.pipeline)
    here = desk.session.run.id
    lines = [
        f"{item.number:>4}  {item.run.id[:12]}  {item.run.kind:<10} {item.run.status:<10} "
        f"{datetime.fromtimestamp(item.run.started).astimezone():%Y-%m-%d %H:%M}"
        f"{'  this session' if item.run.id == here else ''}"
        for item in found
    ]
    return "\n".join(lines) or "No runs yet."


def known_steps(desk: Desk) -> Iterable[str]:
    """Steps of this pipeline that are on record."""
    return step_names(desk.session.pipeline, desk.bench.context.metadata)
