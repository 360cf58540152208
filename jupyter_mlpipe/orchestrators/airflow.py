"""Apache Airflow: one DAG file that Airflow 3 and Airflow 2.11 both load."""

from __future__ import annotations

import json
import pprint
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.handover import shared_run_id
from jupyter_mlpipe.engine.parameters import parse_overrides
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import OrchestratorError
from jupyter_mlpipe.model.pipeline import Parameter, Pipeline
from jupyter_mlpipe.model.run import Status
from jupyter_mlpipe.model.views import CompiledFile
from jupyter_mlpipe.orchestrators.airflow_dag import DAG_FILE, PIPELINE_PLACE
from jupyter_mlpipe.orchestrators.base import Capabilities, Orchestrator, Submission
from jupyter_mlpipe.orchestrators.recorded import recorded_status, recorded_story
from jupyter_mlpipe.orchestrators.requirements import refuse_inexpressible
from jupyter_mlpipe.orchestrators.written import generated_mark
from jupyter_mlpipe.pipelines.names import slug
from jupyter_mlpipe.pipelines.prepare import FOLDER_LABEL
from jupyter_mlpipe.pipelines.tasks import Task, tasks_of

_PARALLEL_RUNS = 16
_SINCE = "2024-01-01"
"""A fixed start, for the same pipeline must give the same file on any day."""
_PARAM_TYPES = {"int": "integer", "float": "number", "str": "string", "bool": "boolean"}
_PATIENCE = 120.0
"""Seconds the `airflow` command may take; it imports for many of them."""


class AirflowOrchestrator(Orchestrator):
    """Steps become tasks, each a process of its own on an Airflow worker.

    Args:
        settings: Where the steps find artifacts and metadata.
        python: The interpreter that runs them; it must have `jupyter_mlpipe` installed, and need
            not be Airflow's own.
    """

    name: ClassVar[str] = "airflow"
    title: ClassVar[str] = "Apache Airflow"
    unscheduling: ClassVar[str] = (
        "Airflow lets go of the DAG when it next reads its folder; its past runs stay there."
    )
    capabilities: ClassVar[Capabilities] = Capabilities(
        schedule=True, retries=True, timeout=True, fan_out=True, condition=True
    )

    def __init__(self, settings: Settings, python: str = sys.executable) -> None:
        self._settings = settings
        self._python = python

    def availability(self) -> str:
        """Compiling needs no Airflow; submitting does."""
        program = shlex.split(self._settings.airflow_command)[0]
        if shutil.which(program):
            return ""
        return (
            f"The command {program!r} is not found here, so files can be written but not "
            "submitted. Set airflow_command to where Airflow is installed."
        )

    def compile(self, pipeline: Pipeline) -> tuple[CompiledFile, ...]:
        """The DAG file."""
        refuse_inexpressible(pipeline, self.title, self.capabilities)
        if pipeline.schedule is not None and pipeline.schedule.concurrency == "replace":
            raise OrchestratorError(
                f"{self.title} cannot replace a run that is still going; "
                "choose the concurrency forbid or allow."
            )
        body = DAG_FILE.replace(PIPELINE_PLACE, _literal(self._facts(pipeline)), 1)
        content = f"{generated_mark(pipeline.name)}\n{body}"
        return (CompiledFile(f"{_dag_id(pipeline)}.py", content),)

    def run_command(self, pipeline: Pipeline, folder: Path) -> str:
        """Runs the file by itself, without a scheduler; the same words for Airflow 2 and 3."""
        place = f"AIRFLOW__CORE__DAGS_FOLDER={shlex.quote(str(folder.absolute()))}"
        return f"{place} {self._settings.airflow_command} dags test {_dag_id(pipeline)}"

    def submit(self, pipeline: Pipeline, parameters: Mapping[str, object]) -> Submission:
        """Trigger a run; the DAG file must lie in Airflow's folder of DAGs already."""
        values = parse_overrides(parameters, pipeline.parameters)
        dag_id, engine_run = _dag_id(pipeline), f"mlpipe__{new_id()}"
        conf = ("--conf", json.dumps(values))
        self._airflow("dags", "trigger", dag_id, "--run-id", engine_run, *conf)
        full = f"{dag_id}/{engine_run}"
        return Submission(run_id=shared_run_id(self.name, full), engine_run_id=full)

    def status(self, submission: Submission) -> Status:
        """As the steps recorded it; Airflow is not asked."""
        return recorded_status(submission, self._settings)

    def logs(self, submission: Submission, step: str | None = None) -> str:
        """What the steps recorded; their full output is in Airflow's own logs."""
        return recorded_story(submission, self._settings, step)

    def cancel(self, submission: Submission) -> None:
        """Airflow's command line cannot stop a run.

        Raises:
            OrchestratorError: Always.
        """
        raise OrchestratorError(
            f"Airflow's command line cannot stop the run {submission.engine_run_id}. Mark it as "
            "failed in Airflow's web interface."
        )

    def _airflow(self, *arguments: str) -> None:
        command = [*shlex.split(self._settings.airflow_command), *arguments]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_PATIENCE, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise OrchestratorError(f"{command[0]} cannot be called: {error}") from error
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise OrchestratorError(
                f"Airflow refused ({' '.join(said)}). Is the DAG file in its folder of DAGs, and "
                "has Airflow seen it?"
            )

    def _facts(self, pipeline: Pipeline) -> Mapping[str, Any]:
        schedule = pipeline.schedule
        single = schedule is None or schedule.concurrency == "forbid"
        return {
            "dag_id": _dag_id(pipeline),
            "name": pipeline.name,
            "version": pipeline.version,
            "schedule": schedule.cron if schedule else None,
            "timezone": schedule.timezone if schedule else "UTC",
            "start": (schedule.start if schedule else None) or _SINCE,
            "end": schedule.end if schedule else None,
            "catchup": schedule.catchup if schedule else False,
            "max_active_runs": 1 if single else _PARALLEL_RUNS,
            "parameters": [_parameter(parameter) for parameter in pipeline.parameters],
            "folder": pipeline.labels.get(FOLDER_LABEL, ""),
            "environment": self._environment(pipeline),
            "command": [self._python, *_shared_command(pipeline)],
            "tasks": [_task(task) for task in tasks_of(pipeline)],
        }

    def _environment(self, pipeline: Pipeline) -> Mapping[str, str]:
        said = {
            "MLPIPE_ENGINE": self.name,
            "MLPIPE_ARTIFACT_STORE": pipeline.artifact_store,
            "MLPIPE_METADATA_STORE": pipeline.metadata_store,
            "MLPIPE_PROJECT": self._settings.project,
            "MLPIPE_TRUST": "all",  # workers are any user; whoever promotes trusts the stores
        }
        return {name: value for name, value in said.items() if value}


def _shared_command(pipeline: Pipeline) -> tuple[str, ...]:
    """What all tasks run but for the steps, which come last."""
    if not pipeline.steps:
        return ()
    command = pipeline.steps[0].command
    return command[1 : command.index("--step")]


def _task(task: Task) -> Mapping[str, Any]:
    return {
        "id": task.id,
        "name": task.name,
        "steps": [step.id for step in task.steps],
        "depends_on": list(task.depends_on),
        "environment": dict(sorted(task.env.items())),
        "retries": task.retries.max,
        "retry_delay": task.retries.delay,
        "backoff": task.retries.backoff,
        "timeout": task.timeout,
    }


def _literal(facts: Mapping[str, Any]) -> str:
    """Plain data as Python source, in which nothing of the user's is anything but data."""
    try:
        json.dumps(facts, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise OrchestratorError(
            f"A parameter or option holds a value that a DAG file cannot state ({error})."
        ) from error
    text = pprint.pformat(facts, width=96, sort_dicts=False)
    # All that is not ASCII stands in string literals, where an escape means the same.
    return text.encode("ascii", "backslashreplace").decode("ascii")


def _parameter(parameter: Parameter) -> Mapping[str, Any]:
    return {
        "name": parameter.name,
        "default": parameter.default,
        "type": _PARAM_TYPES.get(parameter.type),
    }


def _dag_id(pipeline: Pipeline) -> str:
    return slug(pipeline.name, "pipeline")
