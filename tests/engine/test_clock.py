"""A system clock that is set back or forward while work goes on."""

import os
import time
from itertools import cycle

import pytest

from jupyter_mlpipe.client import load_artifact, save_artifact
from jupyter_mlpipe.engine.garbage import collect
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import Status
from jupyter_mlpipe.tracking.store import Query
from tests.engine.sessions import Session

HOUR = 3600


@pytest.fixture
def clock(monkeypatch):
    """Hours by which the clock is off, which may be set."""
    off, true, true_ns = [0], time.time, time.time_ns
    monkeypatch.setattr(time, "time", lambda: true() + off[0] * HOUR)
    monkeypatch.setattr(time, "time_ns", lambda: true_ns() + off[0] * HOUR * 10**9)
    return lambda hours: off.__setitem__(0, hours)


@pytest.fixture
def session(tmp_path):
    session = Session(tmp_path)
    yield session
    session.context.metadata.close()


def test_versions_count_on_whatever_the_clock_does(tmp_path, monkeypatch, clock):
    (tmp_path / "mlpipe.toml").touch()
    monkeypatch.chdir(tmp_path)
    for number, hours in zip(range(1, 13), cycle([0, -1, 1, -24]), strict=False):
        clock(hours)
        assert save_artifact(number * 10, "value").version == number
        assert load_artifact("value") == number * 10
    assert [load_artifact("value", number) for number in (1, 2, 12)] == [10, 20, 120]


def test_a_step_is_proven_by_what_it_depends_on_whenever_it_ran(session, clock):
    for hours, x in ((0, 1), (-1, 2), (-2, 1), (1, 2), (-3, 3), (-1, 1)):
        clock(hours)
        session.plain(f"x = {x}")
        session.step("%%step double\ny = x * 2")
        assert session["y"] == x * 2
    ran = [run.status for run in session.records(step="double")]
    assert ran.count(Status.SUCCEEDED) == 3
    assert ran.count(Status.CACHED) == 3


def test_a_file_that_is_changed_after_the_clock_was_set_back_is_seen(session, tmp_path, clock):
    file = tmp_path / "data.txt"
    file.write_text("one")
    cell = f"%%step read\nimport pathlib\ntext = pathlib.Path({str(file)!r}).read_text()"
    session.step(cell)
    clock(-1)
    file.write_text("two")
    os.utime(file, (time.time(), time.time()))
    session.step(cell)
    assert session["text"] == "two"


@pytest.mark.parametrize("hours", [-1, 1])
def test_what_is_on_its_way_to_a_record_is_no_garbage_when_the_clock_jumps(session, hours):
    """Content is stored, then the clock jumps, then somebody collects, then it is recorded."""
    value = list(range(100_000))
    kept = session.context.values.keep(value)
    for path in (session.context.settings.home / "artifacts").rglob("*"):
        moment = time.time() - hours * HOUR
        os.utime(path, (moment, moment))
    collect(session.context.blobs, session.context.metadata)
    session.context.metadata.append([ArtifactVersion("v", "value", kept.digest, kept.manifest)])
    (version,) = session.context.metadata.find(Query(ArtifactVersion)).items
    assert session.context.values.load(version) == value
