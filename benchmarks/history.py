"""A long history, made up: the same every time, and of a shape that real ones have.

Runs of fifty steps, of which each reads three versions that the steps before it left and leaves
two. Each run starts from three of a hundred datasets. One run is a hundred layers of fifty steps,
of which each reads the layer before: the last step stands on ten thousand versions.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Table

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.project import DEFAULT_PROJECT
from jupyter_mlpipe.model.run import Dependency, DependencyKind, Input, Output, Run, Status, StepRun
from jupyter_mlpipe.tracking import rows, tables

STEPS = 50
LAYERS = 100
DATASETS = 100
PIPELINES = 20
_SOURCE = "model = fit(frame, rate)\nscore = evaluate(model, frame)\n" * 4
_DEPENDENCIES = tuple(
    Dependency(DependencyKind.INPUT, f"name{place}", f"{place:064x}") for place in range(6)
)

Batch = tuple[Table, list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Ids to ask about."""

    last: str
    """The last version of an ordinary run."""
    dataset: str
    """A dataset that many runs start from."""
    summit: str
    """The version that stands on ten thousand."""
    run: str
    name: str


class History:
    """Makes the rows of `runs` ordinary runs and of the deep one."""

    def __init__(self, runs: int, seed: int = 7) -> None:
        self._runs = runs
        self._random = random.Random(seed)
        self._made = 0
        self._numbers: dict[str, int] = {}
        self._times: dict[str, float] = {}
        self.landmarks: Landmarks | None = None

    def batches(self) -> Iterator[Batch]:
        """Rows by table; what a row refers to may come later."""
        datasets = [self._version(f"data::{place}", "df", None) for place in range(DATASETS)]
        yield _batch(tables.ARTIFACT_VERSIONS, map(rows.version_row, datasets))
        for number in range(self._runs):
            yield from self._ordinary(number, [version.id for version in datasets])
        last, run, name = self._last
        yield from self._deep([version.id for version in datasets])
        self.landmarks = Landmarks(last, datasets[0].id, self._last[0], run, name)
        counters = (
            {
                "project": DEFAULT_PROJECT,
                "name": name,
                "last_version": number,
                "newest": number,
                "newest_created": self._times[name],
            }
            for name, number in self._numbers.items()
        )
        yield _batch(tables.ARTIFACTS, counters)

    def _ordinary(self, number: int, datasets: list[str]) -> Iterator[Batch]:
        run = f"run{number:06}"
        pipeline = f"pipeline{number % PIPELINES}"
        left = self._random.sample(datasets, 3)
        steps, versions = [], []
        for place in range(STEPS):
            reads = [*left[-2:], self._random.choice(left)]
            step, new = self._step(run, pipeline, f"step{place}", reads)
            left += [version.id for version in new]
            steps.append(step)
            versions += new
        self._last = versions[-1].id, run, versions[-1].name
        yield from _rows(self._run(run, pipeline), steps, versions)

    def _deep(self, datasets: list[str]) -> Iterator[Batch]:
        run, layer = "deep", datasets
        steps, versions = [], []
        for _ in range(LAYERS):
            new_layer = []
            for place in range(STEPS):
                reads = [*layer[2 * place : 2 * place + 2], self._random.choice(layer)]
                step, new = self._step(run, "deep", f"layer{place}", reads)
                steps.append(step)
                versions += new
                new_layer += [version.id for version in new]
            layer = new_layer
        self._last = versions[-1].id, run, versions[-1].name
        yield from _rows(self._run(run, "deep"), steps, versions)

    def _run(self, run: str, pipeline: str) -> Run:
        return Run(run, pipeline, "notebook", Status.SUCCEEDED, float(self._made), notebook="a")

    def _step(
        self, run: str, pipeline: str, name: str, reads: list[str]
    ) -> tuple[StepRun, list[ArtifactVersion]]:
        self._made += 1
        id_ = f"step{self._random.getrandbits(96):024x}"
        new = [self._version(f"{pipeline}::{name}::{v}", v, id_) for v in ("model", "score")]
        step = StepRun(
            id_,
            run,
            pipeline,
            name,
            Status.SUCCEEDED,
            float(self._made),
            cell_hash=f"{self._random.getrandbits(128):032x}",
            source=_SOURCE,
            dependencies=_DEPENDENCIES,
            inputs=tuple(Input(f"in{place}", read) for place, read in enumerate(reads)),
            outputs=tuple(Output(version.variable, version.id) for version in new),
        )
        return step, new

    def _version(self, name: str, variable: str, step_run: str | None) -> ArtifactVersion:
        number = self._numbers[name] = self._numbers.get(name, 0) + 1
        self._times[name] = float(self._made)
        digest = f"{self._random.getrandbits(256):064x}"
        return ArtifactVersion(
            digest[:32],
            name,
            digest,
            digest,
            number,
            materializer="json",
            python_type="float",
            nbytes=number,
            summary={"rows": number},
            variable=variable,
            step_run=step_run,
            created=float(self._made),
        )


def _rows(run: Run, steps: list[StepRun], versions: list[ArtifactVersion]) -> Iterator[Batch]:
    yield _batch(tables.RUNS, [rows.run_row(run)])
    yield _batch(tables.STEP_RUNS, map(rows.step_run_row, steps))
    yield _batch(tables.ARTIFACT_VERSIONS, map(rows.version_row, versions))
    yield _batch(tables.STEP_INPUTS, (row for step in steps for row in rows.input_rows(step)))
    yield _batch(tables.STEP_OUTPUTS, (row for step in steps for row in rows.output_rows(step)))


def _batch(table: Table, found: Any) -> Batch:
    """Values in the order of the columns, JSON as text; what a row lacks is as at first."""
    columns = [(column.name, isinstance(column.type, JSON), column) for column in table.columns]
    return table, [
        tuple(
            json.dumps(row[name]) if is_json else row[name]
            for name, is_json, _ in columns
            if name in row
        )
        for row in found
    ]
