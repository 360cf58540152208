import json

import pytest

from jupyter_mlpipe.model.pipeline import Pipeline
from jupyter_mlpipe.model.wire import from_json

CELLS = ["lr: float = 0.1", "%%step load\ndf = [1, 2]", "%%step train\nmodel = sum(df) * lr"]


@pytest.fixture
def notebook(project):
    def write(*cells):
        content = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {
                    "cell_type": "code",
                    "source": cell,
                    "metadata": {"tags": ["parameters"]} if cell is cells[0] else {},
                    "outputs": [],
                }
                for cell in cells
            ],
        }
        (project / "study.ipynb").write_text(json.dumps(content))

    write(*CELLS)
    return write


def test_a_notebook_is_shown_as_a_pipeline_and_leaves_no_trace(mlpipe, notebook, project):
    before = set(project.iterdir())
    status, out, _ = mlpipe("pipeline", "show", "study.ipynb", "--json")
    pipeline = from_json(Pipeline, json.loads(out))
    assert (status, pipeline.name) == (0, "study")
    assert [step.name for step in pipeline.steps] == ["load", "train"]
    assert [parameter.name for parameter in pipeline.parameters] == ["lr"]
    assert set(project.iterdir()) == before


def test_people_see_steps_edges_and_parameters(mlpipe, notebook):
    _, out, _ = mlpipe("pipeline", "show", "study.ipynb")
    assert "parameter lr: float = 0.1" in out
    train = next(line for line in out.splitlines() if line.startswith("train"))
    assert train.split() == ["train", "load", "df", "model"]


def test_a_notebook_that_is_no_pipeline_names_the_cell(mlpipe, notebook):
    notebook("x: int = 1", "%%step a\ny = 1", "%%step a\nz = 2")
    status, _, err = mlpipe("pipeline", "show", "study.ipynb")
    assert status == 2
    assert err.startswith("mlpipe: cell 3 (%%step a): ")


def test_a_promotion_without_a_folder_writes_nothing(mlpipe, notebook, project):
    before = set(project.rglob("*"))
    status, out, _ = mlpipe("promote", "study.ipynb", "--to", "airflow", "--schedule", "0 6 * * *")
    assert status == 0
    assert "would write" in out
    assert "next runs" in out
    assert set(project.rglob("*")) == before


def test_a_promotion_writes_its_files_and_tells_how_to_run_them(mlpipe, notebook, project):
    arguments = (
        "promote",
        "study.ipynb",
        "--to",
        "local",
        "--out",
        "out",
        "-p",
        "lr=0.5",
        "--json",
    )
    plan = json.loads(mlpipe(*arguments)[1])
    assert plan["parameters"][0]["default"] == 0.5
    assert plan["written"]
    assert all((project / path).is_file() for path in plan["written"])
    assert "run it with: mlpipe run" in mlpipe(*arguments[:-1])[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "nowhere"], "nowhere"),
        (["--to", "local", "-p", "speed=1"], "speed"),
        (["--to", "local", "-p", "lr=fast"], "lr"),
        (["--to", "airflow", "--schedule", "whenever"], "whenever"),
        (["--to", "airflow", "--timezone", "UTC"], "--schedule"),
        ([], "--to"),
    ],
)
def test_what_cannot_be_promoted_is_one_line(mlpipe, notebook, arguments, message):
    status, _, err = mlpipe("promote", "study.ipynb", *arguments)
    assert status == 2
    assert message in err
    assert err.count("\n") == 1


def test_a_notebook_runs_and_its_run_is_told(mlpipe, notebook):
    status, out, _ = mlpipe("run", "study.ipynb", "-p", "lr=2", "--json")
    ran = json.loads(out)
    assert (status, ran["run"]["status"]) == (0, "succeeded")
    assert [step["step"] for step in ran["steps"]] == ["load", "train"]
    assert ran["run"]["parameters"] == {"lr": 2.0}
    shown = json.loads(mlpipe("run", "show", "--json")[1])
    assert shown["run"]["id"] == ran["run"]["id"]


def test_a_second_run_hits_unless_told_otherwise(mlpipe, notebook):
    mlpipe("run", "study.ipynb")
    statuses = [
        {
            step["status"]
            for step in json.loads(mlpipe("run", "study.ipynb", "--json", *no)[1])["steps"]
        }
        for no in ((), ("--no-cache",))
    ]
    assert statuses == [{"cached"}, {"succeeded"}]


def test_a_step_that_fails_is_told_with_status_one(mlpipe, notebook):
    notebook("x: int = 1", "%%step boom\ny = 1 / 0")
    status, out, _ = mlpipe("run", "study.ipynb")
    assert status == 1
    assert "boom: failed" in out


def test_a_worker_refuses_an_archive_that_is_not_there(mlpipe, project):
    arguments = ("--pipeline", "nowhere.tar.gz", "--sha256", "0" * 64, "--step", "load")
    assert mlpipe("run-step", *arguments)[0] != 0
    assert mlpipe("run-step")[2].startswith("mlpipe: the following arguments are required")
