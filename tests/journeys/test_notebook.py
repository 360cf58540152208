"""The quickstart through nbclient, with the real kernel."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).parents[2]
STEPS = ("load", "clean", "split", "train", "evaluate", "report")


@pytest.fixture
def quickstart(tmp_path):
    (tmp_path / "pyproject.toml").write_text("")
    shutil.copy(ROOT / "notebooks" / "quickstart.ipynb", tmp_path)
    return tmp_path / "quickstart.ipynb"


def execute(path, edit=lambda source: source):
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        cell.source = edit(cell.source)
    env = {**os.environ, "IPYTHONDIR": str(path.parent / ".ipython")}
    env.pop("JPY_SESSION_NAME", None)
    client = NotebookClient(
        notebook, kernel_name="mlpipe", resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute(env=env)
    return shown(path.parent)


def shown(folder, *words):
    words = words or ("run", "show", "latest")
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_mlpipe", *words, "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def statuses(run):
    return {step["step"]: step["status"] for step in run["steps"]}


def digests(run):
    return {
        (step["step"], o["variable"]): o["digest"] for step in run["steps"] for o in step["outputs"]
    }


def test_running_again_hits_every_step_in_a_fresh_kernel(quickstart):
    first = execute(quickstart)
    assert statuses(first) == dict.fromkeys(STEPS, "succeeded")
    again = execute(quickstart)
    assert statuses(again) == dict.fromkeys(STEPS, "cached")
    assert digests(first) == digests(again)


def test_editing_a_helper_runs_just_the_steps_that_use_it(quickstart):
    execute(quickstart)
    run = execute(quickstart, lambda source: source.replace(".std()", ".std(ddof=0)"))
    ran = {step["step"]: step["reason"] for step in run["steps"] if step["status"] != "cached"}
    assert "`standardise` was edited" in ran["train"]
    assert "evaluate" in ran
    assert not {"load", "clean", "split"} & ran.keys()


def test_two_cells_with_one_name_are_refused_before_either_runs(quickstart):
    notebook = nbformat.read(quickstart, 4)
    notebook.cells[-1].source = "%%step load\nprint('second')"
    nbformat.write(notebook, quickstart)
    with pytest.raises(CellExecutionError, match="several cells that are the step 'load'"):
        execute(quickstart)


def test_lineage_names_the_change_in_place(quickstart):
    run = execute(quickstart)
    clean = next(step for step in run["steps"] if step["step"] == "clean")
    assert [(i["variable"], i["produced_by"]) for i in clean["inputs"]] == [("tumours", "load")]
    assert [(o["variable"], o["mutated"]) for o in clean["outputs"]] == [("tumours", True)]


def test_the_command_line_hits_what_the_notebook_computed(quickstart):
    notebook = execute(quickstart)
    command = [sys.executable, "-m", "jupyter_mlpipe", "run", str(quickstart)]
    subprocess.run(command, cwd=quickstart.parent, check=True, capture_output=True)
    headless = shown(quickstart.parent)
    assert statuses(headless) == dict.fromkeys(STEPS, "cached")
    assert digests(headless) == digests(notebook)


def test_the_command_line_computes_the_same_content_by_itself(quickstart, tmp_path):
    command = [sys.executable, "-m", "jupyter_mlpipe", "run", str(quickstart)]
    subprocess.run(command, cwd=quickstart.parent, check=True, capture_output=True)
    headless = shown(quickstart.parent)
    assert statuses(headless) == dict.fromkeys(STEPS, "succeeded")
    notebook = execute(quickstart)
    assert statuses(notebook) == dict.fromkeys(STEPS, "cached")
    shutil.rmtree(quickstart.parent / ".mlpipe")
    alone = execute(quickstart)
    assert digests(alone) == digests(headless)


def test_another_parameter_runs_the_steps_that_read_it(quickstart):
    execute(quickstart)
    command = [sys.executable, "-m", "jupyter_mlpipe", "run", str(quickstart), "-p", "C=0.1"]
    subprocess.run(command, cwd=quickstart.parent, check=True, capture_output=True)
    run = shown(quickstart.parent)
    ran = [step["step"] for step in run["steps"] if step["status"] != "cached"]
    assert ran[0] == "train"
    assert run["run"]["parameters"]["C"] == 0.1
