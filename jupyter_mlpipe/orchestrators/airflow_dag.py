"""The text of a DAG file; all that differs between pipelines is one literal in it."""

from __future__ import annotations

from typing import Final

PIPELINE_PLACE: Final = "PIPELINE_LITERAL"

DAG_FILE: Final = '''\
"""Runs each step in a process of its own; a later promotion replaces this file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from datetime import timedelta

import pendulum

try:
    from airflow.sdk import DAG, BaseOperator, Param

    BACKOFF_IS_A_FACTOR = True
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.models.baseoperator import BaseOperator
    from airflow.models.param import Param

    BACKOFF_IS_A_FACTOR = False
try:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException
except ImportError:
    from airflow.exceptions import AirflowException, AirflowFailException

REFUSED = 2  # exit code of a step that would be refused again

PIPELINE = PIPELINE_LITERAL


class RunSteps(BaseOperator):
    """One process, of one step or of several that need one.

    Its command is a list of arguments: no shell and no template reads it.
    """

    template_fields = ()

    def __init__(self, *, facts, **kwargs):
        super().__init__(**kwargs)
        self.facts = facts

    def execute(self, context):
        folder = PIPELINE["folder"]
        process = subprocess.Popen(
            [*PIPELINE["command"], *self._steps()],
            env=self._environment(context),
            cwd=folder if os.path.isdir(folder) else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        try:
            for line in process.stdout:
                self.log.info("%s", line.rstrip("\\n"))
            code = process.wait()
        finally:
            if process.poll() is None:  # a timeout, or Airflow stops the task
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()
        if code == REFUSED:
            raise AirflowFailException("the step was refused; the log says why")
        if code:
            raise AirflowException(f"the step ended with code {code}; the log says why")

    def _steps(self):
        return [word for step in self.facts["steps"] for word in ("--step", step)]

    def _environment(self, context):
        dag_run = context["dag_run"]
        names = [parameter["name"] for parameter in PIPELINE["parameters"]]
        values = {name: context["params"][name] for name in names}
        values.update(dag_run.conf or {})
        return {
            **os.environ,
            **self.facts["environment"],
            **PIPELINE["environment"],
            "MLPIPE_ENGINE_RUN_ID": f"{PIPELINE['dag_id']}/{dag_run.run_id}",
            "MLPIPE_PARAMS": json.dumps(values),
        }


def param(parameter):
    kind = {"type": parameter["type"]} if parameter["type"] else {}
    return Param(parameter["default"], **kind)


def backoff(factor):
    if not BACKOFF_IS_A_FACTOR:
        return factor > 1  # Airflow 2 can only double the delay
    return factor if factor > 1 else 0


def moment(text):
    return pendulum.parse(text, tz=PIPELINE["timezone"]) if text else None


with DAG(
    dag_id=PIPELINE["dag_id"],
    description=PIPELINE["name"],
    schedule=PIPELINE["schedule"],
    start_date=moment(PIPELINE["start"]),
    end_date=moment(PIPELINE["end"]),
    catchup=PIPELINE["catchup"],
    max_active_runs=PIPELINE["max_active_runs"],
    params={parameter["name"]: param(parameter) for parameter in PIPELINE["parameters"]},
    tags=["mlpipe"],
) as dag:
    tasks = {
        facts["id"]: RunSteps(
            task_id=facts["id"],
            task_display_name=facts["name"],
            facts=facts,
            retries=facts["retries"],
            retry_delay=timedelta(seconds=facts["retry_delay"]),
            retry_exponential_backoff=backoff(facts["backoff"]),
            execution_timeout=timedelta(seconds=facts["timeout"]) if facts["timeout"] else None,
        )
        for facts in PIPELINE["tasks"]
    }
    for facts in PIPELINE["tasks"]:
        for earlier in facts["depends_on"]:
            tasks[earlier] >> tasks[facts["id"]]
'''
