"""Runs and artifacts as people and `--json` read them."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_mlpipe.model.artifact import ArtifactVersion, Preview
from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.model.run import OPAQUE, Immovable, Run, StepRun
from jupyter_mlpipe.model.views import (
    ArtifactDetails,
    InputView,
    OutputView,
    RunDetails,
    RunView,
    StepRunView,
)
from jupyter_mlpipe.tracking.joins import Joined, join
from jupyter_mlpipe.tracking.store import MetadataStore, Query
from jupyter_mlpipe.tracking.unkept import unkept_left, unkept_makers, unkept_reads

LATEST = "latest"
"""Stands for the run that was started last."""
_MOST_STEPS = 10_000
_MOST_VERSIONS = 200


def run_view(run: Run) -> RunView:
    """One line of the list of runs."""
    return RunView(
        id=run.id,
        pipeline=run.pipeline,
        kind=run.kind,
        status=run.status.value,
        started=run.started,
        ended=run.ended,
        notebook=run.notebook,
        parameters=run.parameters,
        tags=run.tags,
        metadata=run.metadata,
    )


def run_details(store: MetadataStore, run_id: str) -> RunDetails:
    """One run, or the `latest`, with its steps in the order in which they ran.

    Raises:
        NotFoundError: There is no such run.
    """
    run = _latest_run(store) if run_id == LATEST else store.get(Run, run_id)
    where = {"run_id": run.id, "element": ""}
    steps = store.find(Query(StepRun, where, newest_first=False, limit=_MOST_STEPS)).items
    joined, makers = join(store, steps), unkept_makers(steps)
    return RunDetails(
        run_view(run), tuple(step_run_view(step, joined, makers[step.id]) for step in steps)
    )


def step_run_view(
    run: StepRun, joined: Joined, makers: Mapping[str, StepRun] | None = None
) -> StepRunView:
    """One step of a run.

    Args:
        run: The step run.
        joined: Holds what it touched.
        makers: Who left what it read and could not be stored, by variable; see `unkept_makers`.
    """
    versions = joined.versions
    return StepRunView(
        step=run.step,
        status=run.status.value,
        reason=run.reason,
        inputs=(
            *(_input_view(item.variable, versions[item.version_id], joined) for item in run.inputs),
            *(_unkept_input_view(run, name, makers or {}) for name in unkept_reads(run)),
        ),
        outputs=(
            *(
                _output_view(item.variable, versions[item.version_id], mutated=item.mutated)
                for item in run.outputs
            ),
            *(_unkept_output_view(run, state) for state in unkept_left(run)),
        ),
        started=run.started,
        seconds=run.seconds,
        id=run.id,
        cell_id=run.cell_id,
        error=run.error,
        deleted=run.deleted,
        uncacheable=run.uncacheable,
        elements=run.elements,
        metadata=run.metadata,
    )


def artifact_details(
    store: MetadataStore, version_id: str, preview: Preview | None
) -> ArtifactDetails:
    """One artifact version with its sisters, its maker and its readers.

    Raises:
        NotFoundError: There is no such artifact version.
    """
    version = store.get(ArtifactVersion, version_id)
    sisters = store.find(Query(ArtifactVersion, {"name": version.name}, limit=_MOST_VERSIONS))
    readers = store.find(
        Query(StepRun, {"input": version.id, "element": ""}, limit=_MOST_STEPS)
    ).items
    return ArtifactDetails(
        version=version,
        versions=tuple(sorted(sisters.items, key=lambda sister: -sister.version)),
        producer=store.get(StepRun, version.step_run).step if version.step_run else None,
        consumers=tuple(dict.fromkeys(reader.step for reader in reversed(readers))),
        preview=preview,
        load_code=_load_code(version),
    )


def _latest_run(store: MetadataStore) -> Run:
    found = store.find(Query(Run, limit=1)).items
    if not found:
        raise NotFoundError("No run is recorded yet. Run a notebook that has a %%step cell first.")
    return found[0]


def _input_view(variable: str, version: ArtifactVersion, joined: Joined) -> InputView:
    return InputView(
        variable=variable,
        artifact=version.name,
        version=version.version,
        digest=version.digest,
        produced_by=joined.producer_step(version.id),
        version_name=version.version_name,
    )


def _output_view(variable: str, version: ArtifactVersion, *, mutated: bool) -> OutputView:
    return OutputView(
        variable=variable,
        artifact=version.name,
        version=version.version,
        digest=version.digest,
        mutated=mutated,
        version_name=version.version_name,
    )


def _unkept_input_view(run: StepRun, variable: str, makers: Mapping[str, StepRun]) -> InputView:
    maker = makers.get(variable)
    return InputView(
        variable=variable,
        artifact=_unkept_name(maker or run, variable, outside=maker is None),
        version=None,
        digest=OPAQUE,
        produced_by=maker.step if maker else None,
    )


def _unkept_output_view(run: StepRun, state: Immovable) -> OutputView:
    return OutputView(
        variable=state.name,
        artifact=_unkept_name(run, state.name),
        version=None,
        digest=OPAQUE,
        mutated=state.mutated,
    )


def _unkept_name(run: StepRun, variable: str, *, outside: bool = False) -> str:
    """As an artifact of it would be called."""
    return f"{run.pipeline}::{variable}" if outside else f"{run.pipeline}::{run.step}::{variable}"


def _load_code(version: ArtifactVersion) -> str:
    variable = version.variable if version.variable.isidentifier() else "value"
    which = version.version_name or version.version
    return (
        "from jupyter_mlpipe import load_artifact\n\n"
        f"{variable} = load_artifact({version.name!r}, version={which!r})"
    )
