"""From what a person calls a run to one run, and the numbers that lists give them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.model.run import Run
from jupyter_mlpipe.tracking.store import MetadataStore, Query

LATEST = "latest"
"""Stands for the run that was started last; `latest~1` for the one before it."""
_SHORTEST_PREFIX = 6
_SEEN = 10_000


@dataclass(frozen=True, slots=True)
class NumberedRun:
    """A run with its place among those of its pipeline, counted from 1 for the oldest."""

    number: int
    run: Run


def numbered_runs(
    store: MetadataStore, pipeline: str | None, limit: int = 20
) -> tuple[NumberedRun, ...]:
    """The newest runs, the newest first. New runs never change the number of one."""
    page = store.find(Query(Run, _of(pipeline), limit=limit))
    return tuple(NumberedRun(page.total - i, run) for i, run in enumerate(page.items))


def number_of(store: MetadataStore, run: Run) -> int:
    """The place of a run among those of its pipeline."""
    numbered = numbered_runs(store, run.pipeline, _SEEN)
    return next(item.number for item in numbered if item.run.id == run.id)


def find_run(
    store: MetadataStore, called: str, pipeline: str | None = None, but: str | None = None
) -> Run:
    """The run called so: by number, `latest`, `latest~1`, id or the beginning of an id.

    Args:
        store: Where to look.
        called: What the person said.
        pipeline: Whose runs are meant; None for all.
        but: Id of a run that `latest` does not mean, such as the present session.

    Raises:
        NotFoundError: There is none, or several.
    """
    back = re.fullmatch(rf"{LATEST}(?:~(\d{{1,6}}))?", called)
    if back is not None:
        return _newest(store, pipeline, int(back.group(1) or 0), but)
    if re.fullmatch(r"\d{1,5}", called):
        return _numbered(store, pipeline, int(called))
    recent = store.find(Query(Run, _of(pipeline), limit=_SEEN, counted=False)).items
    exact = [run for run in recent if run.id == called]
    begun = [run for run in recent if run.id.startswith(called.lower())]
    found = exact or (begun if len(called) >= _SHORTEST_PREFIX else [])
    if len(found) == 1:
        return found[0]
    problem = "Several runs begin" if found else "No run begins"
    raise NotFoundError(f"{problem} with {called!r}. {_known(store, pipeline)}")


def _newest(store: MetadataStore, pipeline: str | None, back: int, but: str | None) -> Run:
    query = Query(Run, _of(pipeline), limit=back + 2, counted=False)
    found = [run for run in store.find(query).items if run.id != but]
    if back < len(found):
        return found[back]
    if not found:
        raise NotFoundError(
            "No earlier run is recorded. Run a notebook that has a %%step cell first."
        )
    raise NotFoundError(f"There are no {back + 1} earlier runs. {_known(store, pipeline)}")


def _numbered(store: MetadataStore, pipeline: str | None, number: int) -> Run:
    query = Query(Run, _of(pipeline), newest_first=False, limit=1, offset=max(number - 1, 0))
    found = store.find(query).items
    if number < 1 or not found:
        raise NotFoundError(f"There is no run {number}. {_known(store, pipeline)}")
    return found[0]


def _known(store: MetadataStore, pipeline: str | None) -> str:
    newest = numbered_runs(store, pipeline, 5)
    listed = ", ".join(f"{item.number} ({item.run.id[:12]})" for item in newest)
    return f"The newest are {listed}." if listed else "No run is recorded yet."


def _of(pipeline: str | None) -> dict[str, object]:
    return {} if pipeline is None else {"pipeline": pipeline}
