from dataclasses import replace

import pytest

from jupyter_mlpipe.cli.main import main
from jupyter_mlpipe.model.run import Input
from jupyter_mlpipe.testing.records import a_run, a_step
from jupyter_mlpipe.tracking.sql import SqlMetadataStore


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def recorded(project):
    """A run of `load`, which left a version, and `train`, which read it and left another."""
    load, data = a_step("load")
    train, model = a_step("train", reads=(data.id,), full=True)
    train = replace(train, started=load.started + 1, inputs=(Input("df", data.id),))
    store = SqlMetadataStore(f"sqlite:///{project / '.mlpipe' / 'metadata.db'}")
    store.append([a_run("first"), replace(a_run(), started=9.0), load, data, train, model])
    store.close()
    return project


@pytest.fixture
def mlpipe(capsys):
    def call(*arguments):
        status = main(arguments)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call
