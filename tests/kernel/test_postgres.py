"""A kernel whose metadata is kept by a PostgreSQL server, as a team shares one."""

import pytest

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import StepRun
from jupyter_mlpipe.tracking.sql import SqlMetadataStore
from jupyter_mlpipe.tracking.store import Query
from tests.conftest import LiveKernel


@pytest.fixture
def shared(postgres, tmp_path, monkeypatch):
    url = postgres.url(tmp_path.name)
    monkeypatch.setenv("MLPIPE_METADATA_STORE", url)
    store = SqlMetadataStore(url)
    yield store
    store.close()


@pytest.fixture
def kernel(shared, tmp_path):
    kernel = LiveKernel(tmp_path)
    yield kernel
    kernel.stop()


def test_steps_are_recorded_cached_and_restored(kernel, shared):
    first = "%%step load\nx = [1, 2]"
    assert kernel.run(first).line.startswith("✓")
    assert kernel.run("%%step total\ny = sum(x)").line.startswith("✓")
    assert kernel.run(first).line.startswith("↺")
    kernel.restart()
    assert "3" in kernel.run("print(y)").text
    (version,) = shared.find(Query(ArtifactVersion, {"variable": "y"})).items
    (edge,) = shared.lineage(version.id)
    assert shared.get(ArtifactVersion, edge.source).variable == "x"
    assert not (kernel.folder / ".mlpipe" / "metadata.db").exists()


def test_cells_run_while_the_server_is_away_and_are_recorded_when_it_is_back(
    kernel, shared, postgres
):
    kernel.run("%%step load\nx = [1, 2]")
    with postgres.stopped():
        lost = kernel.run("%%step total\ny = sum(x)\nprint('done', y)")
        assert "done 3" in lost.text
        assert "its result stands" in lost.line
        assert "cannot be reached" in lost.line
        assert not lost.error
    assert kernel.run("%%step twice\nz = y * 2").line.startswith("✓")
    assert kernel.run("%%step total\ny = sum(x)").line.startswith("✓")
    steps = [run.step for run in shared.find(Query(StepRun, newest_first=False)).items]
    assert steps == ["load", "twice", "total"]
