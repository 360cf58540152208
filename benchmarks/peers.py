"""Frames kept and listed by us, by ZenML and by MLflow, beside a raw write and read.

    python benchmarks/peers.py --zenml VENV --mlflow VENV

Each peer is looked for in a virtual environment of its own: `zenml[local]` 0.98 with pandas and
pyarrow, and `mlflow` 3. Everyone runs in a process of its own on a folder of its own, with an
SQLite file for the records. A first small frame warms each of them up; it is not counted. Loading
ends when all values were added up. ZenML gets the materializer that its pipelines use for frames;
MLflow, which keeps files, gets a Parquet file.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMMON = """
import json, os, sys, time
from pathlib import Path
import numpy as np, pandas as pd

def frame(rows, add=0.0):
    data = np.random.default_rng(0).random((rows, 50)) + add
    return pd.DataFrame(data, columns=[f"c{n}" for n in range(50)])

def timed(work, *args):
    begun = time.perf_counter()
    work(*args)
    return time.perf_counter() - begun

def disk(folder):
    return sum(f.stat().st_blocks * 512 for f in Path(folder).rglob("*") if f.is_file())

def measure(save, load, listed, folder, sizes, count):
    save(frame(100), "warm")
    load("warm")
    told = {}
    for label, rows in sizes:
        data = frame(rows)
        told[f"save {label}"] = timed(save, data, label)
        told[f"load {label}"] = timed(lambda: load(label).to_numpy().sum())
    data, before, spent = frame(sizes[0][1], 1.0), disk(folder), 0.0
    for n in range(10):
        data[f"c{n}"] = data[f"c{n}"] + 1.0
        spent += timed(save, data, "versions")
    told["ten versions"] = spent
    told["ten versions, bytes"] = disk(folder) - before
    small = frame(10)
    told["keep small versions"] = timed(lambda: [save(small + n, "small") for n in range(count)])
    told["list them"] = timed(listed, "small", count)
    print(json.dumps(told))

folder, sizes, count = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
os.chdir(folder)
"""
RAW = """
kept = {}
def save(data, name):
    path = kept[name] = Path(folder, f"{name}-{len(list(Path(folder).iterdir()))}")
    with path.open("wb") as file:
        file.write(np.ascontiguousarray(data.to_numpy().T))
        os.fsync(file.fileno())
def load(name):
    return pd.DataFrame(np.fromfile(kept[name]).reshape(50, -1).T)
measure(save, load, lambda name, count: os.listdir(folder), folder, sizes, count)
"""
OURS = """
from jupyter_mlpipe import Client, load_artifact, save_artifact
Path("pyproject.toml").touch()
def listed(name, count):
    assert len(Client().list_artifact_versions(name, limit=count)) == count
measure(save_artifact, load_artifact, listed, folder, sizes, count)
"""
ZENML = """
from zenml import load_artifact, save_artifact
from zenml.client import Client
from zenml.integrations.pandas.materializers.pandas_materializer import PandasMaterializer
def save(data, name):
    save_artifact(data, name, materializer=PandasMaterializer)
def listed(name, count):
    found = Client().list_artifact_versions(artifact=name, size=count)
    assert len(found.items) == count, len(found.items)
measure(save, load_artifact, listed, folder, sizes, count)
"""
MLFLOW = """
import tempfile, mlflow
mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
mlflow.create_experiment("bench", artifact_location=f"file://{folder}/artifacts")
mlflow.set_experiment("bench")
kept = {}
def save(data, name):
    with tempfile.TemporaryDirectory(dir=folder) as place, mlflow.start_run(run_name=name) as run:
        data.to_parquet(f"{place}/frame.parquet")
        mlflow.log_artifact(f"{place}/frame.parquet")
    kept[name] = run.info.run_id
def load(name):
    where = f"runs:/{kept[name]}/frame.parquet"
    return pd.read_parquet(mlflow.artifacts.download_artifacts(where))
def listed(name, count):
    asked = f"attributes.run_name = '{name}'"
    found = mlflow.search_runs(filter_string=asked, max_results=count, output_format="list")
    assert len(found) == count
measure(save, load, listed, folder, sizes, count)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zenml", type=Path, help="a virtual environment")
    parser.add_argument("--mlflow", type=Path, help="a virtual environment")
    parser.add_argument("--folder", type=Path, help="on the disk to measure")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, nargs=2, default=(250_000, 2_500_000))
    parser.add_argument("--versions", type=int, default=1000)
    said = parser.parse_args()
    who = {"raw": (sys.executable, RAW), "jupyter_mlpipe": (sys.executable, OURS)}
    if said.zenml:
        who["ZenML"] = (str(said.zenml / "bin" / "python"), ZENML)
    if said.mlflow:
        who["MLflow"] = (str(said.mlflow / "bin" / "python"), MLFLOW)
    best: dict[str, dict[str, float]] = {name: {} for name in who}
    for _ in range(said.rounds):
        for name, (python, script) in who.items():
            told = run(python, script, said)
            best[name] = {what: min(best[name].get(what, n), n) for what, n in told.items()}
    show(best)


def run(python: str, script: str, said: argparse.Namespace) -> Mapping[str, float]:
    sizes = [(f"{rows * 400 / 1e6:.0f} MB", rows) for rows in said.rows]
    with tempfile.TemporaryDirectory(dir=said.folder) as folder:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT) if python == sys.executable else "",
            "ZENML_CONFIG_PATH": f"{folder}/.zenconfig",
            "ZENML_ANALYTICS_OPT_IN": "false",
            "ZENML_LOGGING_VERBOSITY": "ERROR",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
        if script is ZENML:
            init = [f"{Path(python).parent}/zenml", "init"]
            subprocess.run(init, cwd=folder, env=environment, check=True, capture_output=True)
        command = [python, "-c", COMMON + script, folder, json.dumps(sizes), str(said.versions)]
        done = subprocess.run(
            command, check=False, env=environment, capture_output=True, text=True, cwd=folder
        )
        if done.returncode:
            raise SystemExit(done.stderr[-3000:])
        told: Mapping[str, float] = json.loads(done.stdout.splitlines()[-1])
        return told


def show(best: Mapping[str, Mapping[str, float]]) -> None:
    print(f"| | {' | '.join(best)} |\n|{'---|' * (len(best) + 1)}")
    for what in next(iter(best.values())):
        values = [told[what] for told in best.values()]
        texts = [f"{v / 1e6:.0f} MB" if what.endswith("bytes") else _seconds(v) for v in values]
        print(f"| {what} | {' | '.join(texts)} |")


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"


if __name__ == "__main__":
    main()
