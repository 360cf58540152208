"""A real Apache Airflow, in a virtual environment of its own, runs what was promoted."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import jupyter_mlpipe
from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.model.pipeline import Schedule
from jupyter_mlpipe.orchestrators.local import run_notebook
from jupyter_mlpipe.orchestrators.promotion import PromoteOptions, promote
from jupyter_mlpipe.tracking.opening import changing
from jupyter_mlpipe.tracking.reading import run_details

REPOSITORY = Path(jupyter_mlpipe.__file__).parents[1]
AIRFLOW = "apache-airflow==3.3.*"
CELLS = (
    '%pipeline "it\'s {{ run_id }} 🎉" --param C:float=0.5',
    """\
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
""",
    "def scaled(frame):\n    return (frame - frame.mean()) / frame.std()",
    "%%step load\ndata = load_breast_cancer(as_frame=True)\ndf = data.data\ny = data.target",
    "%%step 'clean {{ it }} \"up\"'\ndf['ratio'] = df['mean area'] / df['mean radius']",
    """\
%%step train --retries 1 --timeout 300
model = LogisticRegression(C=C, max_iter=500).fit(scaled(df), y)
""",
    "%%step score\nscore = float(model.score(scaled(df), y))\nscore",
)


@pytest.fixture(scope="session")
def airflow(tmp_path_factory):
    """Path of the `airflow` command; installed once, and kept for the next time."""
    folder = Path(os.environ.get("MLPIPE_TEST_AIRFLOW") or REPOSITORY / ".venv-airflow")
    command = folder / "bin" / "airflow"
    if not command.exists():
        beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        uv = shutil.which("uv", path=beside)
        assert uv, "uv is needed to install Airflow: pip install uv"
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        subprocess.run([uv, "venv", "-q", "--clear", "--python", version, folder], check=True)
        install = [uv, "pip", "install", "-q", "--python", folder / "bin" / "python", AIRFLOW]
        subprocess.run(install, check=True)
    return command


@pytest.fixture
def test_dag(airflow, tmp_path):
    """Runs a DAG file with `airflow dags test`; all of Airflow's state is in the test's folder."""
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "MLPIPE"))},
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
    }

    def call(*arguments):
        done = subprocess.run(
            [airflow, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]

    call("db", "migrate")
    return lambda file, **conf: call("dags", "test", file.stem, "--conf", json.dumps(conf))


def write_notebook(folder):
    cells = [
        {
            "cell_type": "code", "id": f"c{i}", "source": source, "metadata": {},
            "outputs": [], "execution_count": None,
        }
        for i, source in enumerate(CELLS)
    ]  # fmt: skip
    path = folder / "study.ipynb"
    path.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    )
    return path


def promoted(path, settings, tmp_path):
    options = PromoteOptions(
        "airflow", Schedule("0 6 * * *", "Europe/Berlin"), {}, tmp_path / "dags"
    )
    return Path(promote(path, settings, options).written[0])


def latest(settings):
    with changing(settings) as metadata:
        return run_details(metadata, "latest")


def statuses(details):
    return [step.status for step in details.steps]


def digests(details):
    return {(o.artifact, o.digest) for step in details.steps for o in step.outputs}


def test_airflow_and_this_machine_share_cache_and_results(test_dag, tmp_path):
    path = write_notebook(tmp_path)
    here = Settings(tmp_path, tmp_path / ".mlpipe")
    local = run_notebook(path, {}, here, lambda view: None)
    assert statuses(local) == ["succeeded"] * 4

    file = promoted(path, here, tmp_path)
    test_dag(file)
    cached = latest(here)
    assert (cached.run.kind, cached.run.status) == ("airflow", "succeeded")
    assert statuses(cached) == ["cached"] * 4
    assert digests(cached) == digests(local)

    test_dag(file, C=0.1)
    changed = latest(here)
    assert changed.run.parameters == {"C": 0.1}
    assert statuses(changed) == ["cached", "cached", "succeeded", "succeeded"]

    elsewhere = Settings(tmp_path, tmp_path / "elsewhere")
    test_dag(promoted(path, elsewhere, tmp_path))
    anew = latest(elsewhere)
    assert statuses(anew) == ["succeeded"] * 4
    assert digests(anew) == digests(local)
