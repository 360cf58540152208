import ast
import math
import shlex
from dataclasses import replace

import pytest

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.model.errors import OrchestratorError
from jupyter_mlpipe.model.pipeline import Parameter, Retries, Schedule
from jupyter_mlpipe.model.run import Status
from jupyter_mlpipe.orchestrators.airflow import AirflowOrchestrator
from jupyter_mlpipe.testing.orchestrators import (
    HOSTILE_NAMES,
    OrchestratorContract,
    example_pipeline,
)


def facts(content):
    """The one literal of a DAG file."""
    for node in ast.parse(content).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "PIPELINE":
            return ast.literal_eval(node.value)
    raise AssertionError("no PIPELINE")


@pytest.fixture
def airflow(settings):
    return AirflowOrchestrator(settings, python="/env/bin/python")


def compiled(airflow, pipeline):
    return facts(airflow.compile(pipeline)[0].content)


class TestAirflowOrchestrator(OrchestratorContract):
    @pytest.fixture(autouse=True)
    def _settings(self, settings):
        self.settings = settings

    def orchestrator(self):
        return AirflowOrchestrator(self.settings)

    def check_file(self, path, content):
        assert content.isascii()
        assert len(facts(content)["tasks"]) == 2


def test_files_of_different_pipelines_differ_in_the_literal_only(airflow):
    texts = [airflow.compile(example_pipeline(n))[0].content for n in ("a", "{{ b }}\n'''")]
    code = [text.rpartition("\n\n\nclass RunSteps")[2] for text in texts]
    assert code[0] == code[1] != ""


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_come_back_exactly_as_they_were_written(airflow, name):
    found = compiled(airflow, example_pipeline(name))
    assert found["name"] == found["tasks"][0]["name"] == name
    assert found["tasks"][1]["environment"] == {"NOTE": name}
    assert found["parameters"][0]["default"] == name


def test_steps_run_in_the_chosen_interpreter_after_those_they_wait_for(airflow):
    found = compiled(airflow, example_pipeline())
    assert found["command"][:4] == ["/env/bin/python", "-m", "jupyter_mlpipe", "run-step"]
    assert found["tasks"][0]["steps"] == ["load"]
    assert found["tasks"][1]["depends_on"] == ["load"]


def test_workers_are_told_where_everything_is_and_that_it_is_trusted(airflow, settings):
    told = compiled(airflow, example_pipeline())["environment"]
    assert (told["MLPIPE_PROJECT"], told["MLPIPE_TRUST"]) == (settings.project, "all")


def test_schedule_retries_and_timeout_are_carried_over(airflow):
    pipeline = example_pipeline()
    step = replace(pipeline.steps[0], retries=Retries(3, 5.0, 2.0), timeout=60.0)
    schedule = Schedule("0 6 * * *", "Europe/Berlin", start="2026-01-01", concurrency="allow")
    found = compiled(airflow, replace(pipeline, steps=(step,), schedule=schedule))
    assert (found["schedule"], found["timezone"], found["start"]) == (
        *("0 6 * * *", "Europe/Berlin"),
        "2026-01-01",
    )
    assert found["max_active_runs"] > 1
    step = found["tasks"][0]
    assert (step["retries"], step["retry_delay"], step["backoff"], step["timeout"]) == (3, 5, 2, 60)


def test_replacing_a_run_is_refused(airflow):
    pipeline = replace(example_pipeline(), schedule=Schedule("* * * * *", concurrency="replace"))
    with pytest.raises(OrchestratorError, match="cannot replace"):
        airflow.compile(pipeline)


def test_a_number_that_json_cannot_hold_is_refused(airflow):
    pipeline = replace(example_pipeline(), parameters=(Parameter("C", "float", math.inf),))
    with pytest.raises(OrchestratorError, match="cannot state"):
        airflow.compile(pipeline)


def test_the_command_survives_a_folder_with_spaces(airflow, tmp_path):
    words = shlex.split(airflow.run_command(example_pipeline(), tmp_path / "my dags"))
    assert words[0] == f"AIRFLOW__CORE__DAGS_FOLDER={tmp_path}/my dags"
    assert words[1:] == ["airflow", "dags", "test", "study"]


def fake_airflow(tmp_path, body):
    script = tmp_path / "fake airflow"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    return AirflowOrchestrator(
        Settings(tmp_path, tmp_path / ".mlpipe", airflow_command=shlex.quote(str(script)))
    )


def test_submitting_triggers_the_dag_with_its_parameters(tmp_path):
    airflow = fake_airflow(tmp_path, f'for word in "$@"; do echo "$word" >> {tmp_path}/words; done')
    submission = airflow.submit(example_pipeline(), {"note": "it's"})
    words = (tmp_path / "words").read_text().splitlines()
    assert words[:3] == ["dags", "trigger", "study"]
    assert words[-2:] == ["--conf", '{"note": "it\'s"}']
    assert submission.engine_run_id == f"study/{words[4]}"
    assert airflow.status(submission) is Status.QUEUED


def test_what_airflow_says_is_passed_on(tmp_path):
    airflow = fake_airflow(tmp_path, "echo Dag id study not found >&2; exit 1")
    with pytest.raises(OrchestratorError, match="Dag id study not found"):
        airflow.submit(example_pipeline(), {})


def test_a_missing_airflow_is_said_beforehand(tmp_path):
    settings = Settings(tmp_path, tmp_path / ".mlpipe", airflow_command="no-such-airflow")
    assert "no-such-airflow" in AirflowOrchestrator(settings).availability()
