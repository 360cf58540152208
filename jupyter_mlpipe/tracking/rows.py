"""Records to rows of the tables, and back."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_mlpipe.model import wire
from jupyter_mlpipe.model.artifact import Artifact, ArtifactType, ArtifactVersion
from jupyter_mlpipe.model.environment import EnvironmentSnapshot, GitState
from jupyter_mlpipe.model.models import Model, ModelStages, ModelVersion, Promotion
from jupyter_mlpipe.model.pipeline import Schedule
from jupyter_mlpipe.model.project import Project
from jupyter_mlpipe.model.run import (
    Dependency,
    DependencyKind,
    Immovable,
    Input,
    Output,
    Run,
    Shared,
    Status,
    StepRun,
)
from jupyter_mlpipe.model.schedules import PipelineSchedule


def read_project(row: Mapping[str, Any]) -> Project:
    """The project of one row."""
    return Project(**row)


def run_row(run: Run) -> dict[str, Any]:
    """One row of `runs`."""
    return {
        "id": run.id,
        "pipeline": run.pipeline,
        "kind": run.kind,
        "status": run.status.value,
        "started": run.started,
        "ended": run.ended,
        "notebook": run.notebook,
        "engine_run_id": run.engine_run_id,
        "parameters": wire.to_json(run.parameters),
        "user": run.user,
        "definitions": run.definitions,
        **_label_columns(run),
    }


def read_run(row: Mapping[str, Any]) -> Run:
    """The run of one row."""
    return Run(**{**row, "status": Status(row["status"]), "tags": tuple(row["tags"])})


def _label_columns(
    record: Run | StepRun | ArtifactVersion | Model | ModelVersion,
) -> dict[str, Any]:
    return {"tags": list(record.tags), "metadata": wire.to_json(record.metadata)}


def step_run_row(run: StepRun) -> dict[str, Any]:
    """One row of `step_runs`; inputs and outputs have tables of their own."""
    return {
        "id": run.id,
        "run_id": run.run_id,
        "pipeline": run.pipeline,
        "step": run.step,
        "status": run.status.value,
        "started": run.started,
        "seconds": run.seconds,
        "reason": run.reason,
        "cell_hash": run.cell_hash,
        "cell_id": run.cell_id,
        "source": run.source,
        "definitions": run.definitions,
        "shared": [[s.variable, s.version_id, s.manifest] for s in run.shared],
        "deleted": list(run.deleted),
        "dependencies": [_dependency_row(d) for d in run.dependencies],
        "uncacheable": run.uncacheable,
        "cached_from": run.cached_from,
        "display": run.display,
        "effects": dict(run.effects),
        "immovable": [[i.name, i.kind, i.what, list(i.shares), i.mutated] for i in run.immovable],
        "environment": run.environment,
        "error": run.error,
        "element": run.element,
        "elements": run.elements,
        **_label_columns(run),
    }


def _dependency_row(dependency: Dependency) -> list[str]:
    """The detail is left out where there is none, as in rows of the first release."""
    texts = [dependency.kind.value, dependency.name, dependency.digest]
    return [*texts, dependency.detail] if dependency.detail else texts


def input_rows(run: StepRun) -> list[dict[str, Any]]:
    """The rows of `step_inputs`, numbered in their order."""
    return [
        {
            "step_run": run.id,
            "position": position,
            "variable": item.variable,
            "version_id": item.version_id,
        }
        for position, item in enumerate(run.inputs)
    ]


def output_rows(run: StepRun) -> list[dict[str, Any]]:
    """The rows of `step_outputs`, numbered in their order."""
    return [
        {
            "step_run": run.id,
            "position": position,
            "variable": item.variable,
            "version_id": item.version_id,
            "mutated": item.mutated,
        }
        for position, item in enumerate(run.outputs)
    ]


def read_step_run(
    row: Mapping[str, Any], inputs: Sequence[Input], outputs: Sequence[Output]
) -> StepRun:
    """The step run of one row, with what its other tables hold."""
    return StepRun(
        **{
            **row,
            "status": Status(row["status"]),
            "shared": tuple(Shared(*item) for item in row["shared"]),
            "deleted": tuple(row["deleted"]),
            "tags": tuple(row["tags"]),
            "dependencies": tuple(
                Dependency(DependencyKind(kind), *texts) for kind, *texts in row["dependencies"]
            ),
            "immovable": tuple(
                Immovable(name, kind, what, tuple(shares), *mutated)
                for name, kind, what, shares, *mutated in row["immovable"]
            ),
            "inputs": tuple(inputs),
            "outputs": tuple(outputs),
        }
    )


def version_row(version: ArtifactVersion) -> dict[str, Any]:
    """One row of `artifact_versions`."""
    return {
        "id": version.id,
        "name": version.name,
        "version": version.version,
        "version_name": version.version_name,
        "digest": version.digest,
        "manifest": version.manifest,
        "member": version.member,
        "type": version.type.value,
        "materializer": version.materializer,
        "python_type": version.python_type,
        "nbytes": version.nbytes,
        "summary": wire.to_json(version.summary),
        **_label_columns(version),
        "variable": version.variable,
        "step_run": version.step_run,
        "created": version.created,
    }


def read_version(row: Mapping[str, Any]) -> ArtifactVersion:
    """The artifact version of one row."""
    return ArtifactVersion(**{**row, "type": ArtifactType(row["type"]), "tags": tuple(row["tags"])})


def read_artifact(row: Mapping[str, Any]) -> Artifact:
    """The artifact of one row."""
    return Artifact(**{**row, "tags": tuple(row["tags"])})


def model_row(model: Model) -> dict[str, Any]:
    """One row of `models`."""
    return {
        "name": model.name,
        "last_version": model.last_version,
        "created": model.created,
        "description": model.description,
        **_label_columns(model),
    }


def read_model(row: Mapping[str, Any]) -> Model:
    """The model of one row."""
    return Model(**{**row, "tags": tuple(row["tags"])})


def model_version_row(version: ModelVersion) -> dict[str, Any]:
    """One row of `model_versions`; what it groups and is called has tables of its own."""
    return {
        "id": version.id,
        "model": version.model,
        "version": version.version,
        "version_name": version.version_name,
        "stage": version.stage.value,
        "run_id": version.run_id,
        "description": version.description,
        **_label_columns(version),
        "created": version.created,
    }


def grouped_rows(version: ModelVersion) -> list[dict[str, Any]]:
    """The rows of `model_version_artifacts`, numbered in their order."""
    return [
        {"model_version": version.id, "position": position, "role": role, "version_id": id_}
        for position, (role, id_) in enumerate(version.artifacts.items())
    ]


def read_model_version(
    row: Mapping[str, Any], artifacts: Mapping[str, str], aliases: Sequence[str]
) -> ModelVersion:
    """The model version of one row, with what its other tables hold."""
    facts = {**row, "stage": ModelStages(row["stage"]), "tags": tuple(row["tags"])}
    return ModelVersion(**facts, artifacts=artifacts, aliases=tuple(aliases))


def promotion_row(promotion: Promotion) -> dict[str, Any]:
    """One row of `promotions`."""
    known: dict[str, Any] = wire.to_json(promotion)
    return known


def read_promotion(row: Mapping[str, Any]) -> Promotion:
    """The promotion of one row."""
    stages = {name: ModelStages(row[name]) for name in ("from_stage", "to_stage")}
    return Promotion(**{**row, **stages})


def schedule_row(schedule: PipelineSchedule) -> dict[str, Any]:
    """One row of `schedules`."""
    row: dict[str, Any] = wire.to_json(schedule)
    return row


def read_schedule(row: Mapping[str, Any]) -> PipelineSchedule:
    """The schedule of one row."""
    said = {"schedule": Schedule(**row["schedule"]), "files": tuple(row["files"])}
    return PipelineSchedule(**{**row, **said})


def environment_row(snapshot: EnvironmentSnapshot) -> dict[str, Any]:
    """One row of `environments`, stamped with the present time."""
    return {**wire.to_json(snapshot), "created": time.time()}


def read_environment(row: Mapping[str, Any]) -> EnvironmentSnapshot:
    """The environment snapshot of one row."""
    known: Mapping[str, Any] = {key: row[key] for key in row if key != "created"}
    git = row["git"]
    return EnvironmentSnapshot(
        **{
            **known,
            "gpus": tuple(row["gpus"]),
            "git": GitState(**git) if git else None,
        }
    )
