"""Several projects in one metadata store and one artifact store."""

import json
import os
import pickle

import numpy as np
import pytest

from jupyter_mlpipe.cli.main import main
from jupyter_mlpipe.client import Client, load_artifact, save_artifact
from jupyter_mlpipe.model.errors import NotFoundError


@pytest.fixture
def into(tmp_path, monkeypatch):
    """Makes a project the one that is worked in."""
    (tmp_path / "mlpipe.toml").touch()
    monkeypatch.chdir(tmp_path)
    return lambda name: monkeypatch.setenv("MLPIPE_PROJECT", name)


def test_each_has_artifacts_of_its_own(into):
    into("churn")
    save_artifact("of churn", "data", "v1.0")
    into("fraud")
    assert save_artifact("of fraud", "data", "v1.0").version == 1
    assert load_artifact("data") == "of fraud"
    into("churn")
    assert load_artifact("data") == "of churn"
    with Client() as client:
        assert [project.name for project in client.list_projects()] == ["churn", "fraud"]
        assert len(client.list_artifact_versions()) == 1


def test_another_one_is_looked_into_by_its_name(into):
    into("churn")
    save_artifact("of churn", "data")
    into("fraud")
    with pytest.raises(NotFoundError):
        load_artifact("data")
    with Client(project="churn") as client:
        version = client.get_artifact_version("data")
        assert version.load() == "of churn"
        assert "churn" in client.list_projects()._repr_html_()
    assert load_artifact(version.id) == "of churn"
    with pickle.loads(pickle.dumps(client)) as again:
        assert again.get_artifact_version("data").load() == "of churn"


def test_what_a_step_gets_from_another_one_makes_it_run_each_time(session, monkeypatch):
    monkeypatch.setenv("MLPIPE_PROJECT", "churn")
    save_artifact(1, "rate")
    monkeypatch.delenv("MLPIPE_PROJECT")
    session.plain("from jupyter_mlpipe import Client")
    cell = "%%step use\nrate = Client(project='churn').get_artifact_version('rate').load()"
    assert "asks another project" in session.step(cell).step_run.uncacheable
    monkeypatch.setenv("MLPIPE_PROJECT", "churn")
    save_artifact(2, "rate")
    monkeypatch.delenv("MLPIPE_PROJECT")
    session.step(cell)
    assert session["rate"] == 2


def test_garbage_of_one_is_what_no_other_names(into, tmp_path, capsys):
    into("churn")
    kept = np.arange(100_000.0)
    save_artifact(kept, "data")
    into("fraud")
    save_artifact(np.zeros(100_000), "data")
    save_artifact(np.ones(100_000), "data")
    for path in (tmp_path / ".mlpipe" / "artifacts").rglob("*"):
        os.utime(path, (1, 1))
    assert main(["artifact", "prune", "--yes", "--json"]) == 0
    assert [one["version"] for one in json.loads(capsys.readouterr().out)["removed"]] == [1]
    assert load_artifact("data")[0] == 1
    into("churn")
    assert (load_artifact("data") == kept).all()


def test_the_command_line_lists_them_and_marks_the_one_at_hand(into, capsys):
    assert main(["project", "list"]) == 0
    assert capsys.readouterr().out.split() == ["PROJECT", "CREATED"]
    for name in ("churn", "fraud"):
        into(name)
        save_artifact(1, "data")
    main(["project", "list"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["PROJECT", "churn", "fraud"]
    assert [line.endswith("here") for line in lines] == [False, False, True]
    main(["project", "list", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["active"], told["total"]) == ("fraud", 2)
