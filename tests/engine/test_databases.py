"""Steps that ask databases of SQLite, some of which have a log of what was written last."""

import sqlite3
from contextlib import closing

import pytest

from jupyter_mlpipe.engine.databases import database_path
from jupyter_mlpipe.model.run import Status

ASK = """
import sqlite3
opened = sqlite3.connect({told!r}, uri=True)
found = opened.execute("select n from t").fetchone()
opened.close()
del opened
"""


@pytest.fixture
def logged(tmp_path):
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("pragma journal_mode = wal")
        opened.execute("create table t as select 1 n")
    return path


@pytest.mark.parametrize("mode", ["ro", "rw"])
def test_a_step_that_asks_a_database_with_a_log_is_a_hit(session, logged, mode):
    ask = "%%step ask" + ASK.format(told=f"file:{logged}?mode={mode}")
    assert session.step(ask).step_run.status is Status.SUCCEEDED
    assert session.step(ask).step_run.status is Status.CACHED


def test_it_runs_where_the_log_holds_what_the_file_does_not(session, logged):
    ask = "%%step ask" + ASK.format(told=f"file:{logged}")
    session.step(ask)
    with closing(sqlite3.connect(logged)) as other:
        for number in (2, 3):
            with other:
                other.execute("update t set n = ?", [number])
            assert session.step(ask).step_run.status is Status.SUCCEEDED
            assert session["found"] == (number,)
    assert session.step(ask).step_run.status is Status.SUCCEEDED
    assert session.step(ask).step_run.status is Status.CACHED
    assert session["found"] == (3,)


def test_it_runs_where_a_crash_left_a_log(session, logged):
    ask = "%%step ask" + ASK.format(told=f"file:{logged}")
    session.step(ask)
    kept = logged.read_bytes()
    with closing(sqlite3.connect(logged)) as other, other:
        other.execute("update t set n = 2")
        other.commit()
        log = logged.with_name("shop.db-wal").read_bytes()
    logged.write_bytes(kept)
    logged.with_name("shop.db-wal").write_bytes(log)
    assert session.step(ask).step_run.status is Status.SUCCEEDED
    assert session["found"] == (2,)


@pytest.mark.parametrize("told", ["/a b.db", "file:/a%20b.db?mode=ro", "file://localhost/a b.db#x"])
def test_the_path_of_a_database_is_in_what_is_told_of_it(told):
    assert database_path(told) == "/a b.db"
