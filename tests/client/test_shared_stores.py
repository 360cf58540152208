"""Stores elsewhere: shared by machines that share nothing else, and data that stays there."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import fsspec
import pytest

from jupyter_mlpipe.client import Client, load_artifact, register_artifact
from jupyter_mlpipe.model.errors import StorageError

MACHINE = Path(__file__).with_name("machine.py")
COUNT = 6


@pytest.fixture(params=["folder and SQLite", "S3 and PostgreSQL"])
def stores(request, tmp_path):
    """What settings say of them."""
    if request.param == "folder and SQLite":
        artifacts, metadata = str(tmp_path / "store"), f"sqlite:///{tmp_path / 'shared.db'}"
    else:
        artifacts = f"{request.getfixturevalue('s3')}/{tmp_path.name}"
        metadata = request.getfixturevalue("postgres").url(tmp_path.name)
    return {"MLPIPE_ARTIFACT_STORE": artifacts, "MLPIPE_METADATA_STORE": metadata}


def test_two_machines_count_one_name_without_gap_and_read_each_others_values(stores, tmp_path):
    (tmp_path / "done").mkdir()
    machines = []
    for name in ("one", "two"):
        home = tmp_path / name
        home.mkdir()
        (home / "mlpipe.toml").touch()
        environ = {**os.environ, **stores, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, MACHINE, name, str(COUNT), tmp_path / "done"]
        machines.append(
            subprocess.Popen(command, cwd=home, env=environ, stdout=subprocess.PIPE, text=True)
        )
    for machine in machines:
        versions = machine.communicate(timeout=240)[0].split()
        assert machine.returncode == 0
        assert sorted(map(int, versions)) == list(range(1, 2 * COUNT + 1))


TRAINED = """
from jupyter_mlpipe import Client, save_artifact
with Client() as client:
    for number in (1, 2):
        client.create_model_version("churn", {"weights": save_artifact([number], "weights")})
    client.get_model_version("churn", 1).set_stage("production")
"""


def test_a_model_is_made_on_one_machine_and_promoted_on_another(stores, tmp_path, monkeypatch):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mlpipe.toml").touch()
    environ = {**os.environ, **stores, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", TRAINED], cwd=tmp_path / "one", env=environ, check=True)
    for name, value in stores.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path / "two")
    with Client() as two:
        two.get_model_version("churn", 2).set_stage("production", force=True)
        assert two.get_model_version("churn", "production").load("weights") == [2]
        assert two.get_model_version("churn", 1).stage == "archived"
        assert [told.version for told in two.list_promotions("churn")] == [1, 2, 1]


@pytest.fixture
def prefix(s3, tmp_path, monkeypatch):
    """Files below a prefix in S3, and a project."""
    (tmp_path / "mlpipe.toml").touch()
    monkeypatch.chdir(tmp_path)
    url = f"{s3}/{tmp_path.name}"
    fs = fsspec.filesystem("s3")
    for number in range(3):
        fs.pipe_file(f"{url}/deep/part-{number}.bin", bytes([number]) * 1000)
    return url


def test_a_prefix_in_s3_is_registered_where_it_is(prefix, tmp_path):
    registered = register_artifact(prefix, "parts", tags=["raw"])
    assert load_artifact("parts") == prefix
    assert (registered.run_metadata["files"], registered.run_metadata["bytes"]) == (3, 3000)
    stored = [p for p in (tmp_path / ".mlpipe" / "artifacts").rglob("*") if p.is_file()]
    assert sum(path.stat().st_size for path in stored) < 5000
    with Client() as client:
        found = client.get_artifact_version("parts")
        with zipfile.ZipFile(found.download_files("parts.zip")) as archive:
            contents = {Path(n).name: archive.read(n) for n in archive.namelist()}
    assert contents == {f"part-{n}.bin": bytes([n]) * 1000 for n in range(3)}


def test_a_prefix_whose_objects_changed_is_another_value(prefix):
    first = register_artifact(prefix, "parts")
    assert register_artifact(prefix, "parts").digest == first.digest
    fsspec.filesystem("s3").pipe_file(f"{prefix}/deep/part-1.bin", b"x" * 1000)
    assert register_artifact(prefix, "parts").digest != first.digest
    fsspec.filesystem("s3").rm_file(f"{prefix}/deep/part-1.bin")
    assert register_artifact(prefix, "parts").run_metadata["files"] == 2


def test_a_change_by_another_machine_is_seen_though_the_prefix_was_listed_before(prefix, s3_port):
    first = register_artifact(prefix, "parts")
    fsspec.filesystem("s3").ls(f"{prefix}/deep")
    other = fsspec.filesystem("s3", skip_instance_cache=True)
    other.pipe_file(f"{prefix}/deep/part-1.bin", b"y" * 1000)
    assert register_artifact(prefix, "parts").digest != first.digest


def test_an_empty_prefix_cannot_be_registered(prefix):
    with pytest.raises(StorageError, match="nothing at s3://"):
        register_artifact(f"{prefix}/nowhere", "parts")
