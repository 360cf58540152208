"""How each step stands: its newest run, and what that read and left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import Status, StepRun
from jupyter_mlpipe.tracking.joins import Joined, by_ids, join
from jupyter_mlpipe.tracking.store import MetadataStore, Query

_LEFT_SOMETHING = (Status.SUCCEEDED, Status.CACHED)
_ENDED = (*_LEFT_SOMETHING, Status.FAILED, Status.SKIPPED)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a step that ran."""

    run: StepRun
    """The newest that came to an end."""
    trace: StepRun
    """The execution behind it, or the decision to skip it, which lists what it stood on."""
    inputs: Mapping[str, ArtifactVersion]
    outputs: Mapping[str, ArtifactVersion]
    """Of a run that failed or was skipped: what the last one before it left."""


class Ledger:
    """Standings of a pipeline's steps, each read once and again after it ran."""

    def __init__(self, pipeline: str, metadata: MetadataStore) -> None:
        self.pipeline = pipeline
        self._metadata = metadata
        self._standings: dict[str, Standing | None] = {}
        self._makers: dict[str, str] = {}

    def forget(self, step: str) -> None:
        """The step ran."""
        self._standings.pop(step, None)

    def standings(self, steps: Iterable[str]) -> Mapping[str, Standing]:
        """By name; without steps that never ran."""
        wanted = tuple(steps)
        unknown = [name for name in wanted if name not in self._standings]
        if unknown:
            self._read(unknown)
        found = {name: self._standings[name] for name in wanted}
        return {name: standing for name, standing in found.items() if standing is not None}

    def maker(self, version: ArtifactVersion | None) -> str | None:
        """The step that made a version; None for what was made outside a step."""
        if version is None or version.step_run is None:
            return None
        if version.step_run not in self._makers:
            for run in by_ids(self._metadata, StepRun, [version.step_run]):
                self._makers[run.id] = run.step
        return self._makers.get(version.step_run)

    def _read(self, names: Iterable[str]) -> None:
        ended = {name: self._newest(name, _ENDED) for name in names}
        runs = {name: run for name, run in ended.items() if run is not None}
        left = {name: self._last_left(run) for name, run in runs.items()}
        traces = self._traces(left.values())
        joined = join(self._metadata, (*runs.values(), *left.values(), *traces.values()))
        self._makers |= {made.id: made.step for made in joined.producers.values()}
        self._standings |= dict.fromkeys(ended)
        for name, run in runs.items():
            trace = traces.get(left[name].cached_from or "", left[name])
            trace = run if run.status is Status.SKIPPED else trace
            self._standings[name] = _standing(run, left[name], trace, joined)

    def _newest(self, step: str, statuses: tuple[Status, ...]) -> StepRun | None:
        where = {"pipeline": self.pipeline, "step": step, "status": statuses}
        query = Query(StepRun, where, limit=1, counted=False)
        return next(iter(self._metadata.find(query).items), None)

    def _last_left(self, run: StepRun) -> StepRun:
        if run.status in _LEFT_SOMETHING:
            return run
        return self._newest(run.step, _LEFT_SOMETHING) or run

    def _traces(self, runs: Iterable[StepRun]) -> Mapping[str, StepRun]:
        ids = {run.cached_from for run in runs if run.cached_from}
        return {run.id: run for run in by_ids(self._metadata, StepRun, ids)}


def _standing(run: StepRun, left: StepRun, trace: StepRun, joined: Joined) -> Standing:
    versions = joined.versions
    return Standing(
        run,
        trace,
        inputs={item.variable: versions[item.version_id] for item in run.inputs},
        outputs={item.variable: versions[item.version_id] for item in left.outputs},
    )
