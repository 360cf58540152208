"""What a step opens, lists, reaches and runs."""

import copy
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_mlpipe.engine.watch import ProcessWatch
from jupyter_mlpipe.storage.scratch import ScratchFolders
from tests.engine.sessions import Session


@pytest.fixture
def watch():
    made = ProcessWatch()
    yield made
    made.stop()


def test_files_read_and_written_are_told_apart(watch, tmp_path):
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("x")
    with watch.watching() as seen:
        target.write_text(source.read_text())
    assert (seen.read, seen.written) == ({str(source)}, {str(target)})


def test_a_file_that_is_appended_to_counts_as_read_and_written(watch, tmp_path):
    log = tmp_path / "log.txt"
    with watch.watching() as seen, log.open("a") as file:
        file.write("x")
    assert seen.read == seen.written == {str(log)}


def test_code_and_system_files_are_no_inputs(watch):
    with watch.watching() as seen:
        for path in ("/proc/self/status", os.__file__):
            with open(path) as file:
                file.read(1)
    assert not seen.read


def test_code_that_the_user_s_own_code_opens_counts_and_what_is_imported_does_not(
    watch, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "read_by_cell.py").write_text("a = 1")
    (tmp_path / "imported_by_cell.py").write_text("a = 1")
    text = "(at / 'made.py').write_text((at / 'read_by_cell.py').read_text())\n"
    code = compile(f"{text}import imported_by_cell", "<cell>", "exec")
    with watch.watching() as seen:
        exec(code, {"__name__": "__main__", "at": tmp_path})
    assert seen.read == {str(tmp_path / "read_by_cell.py")}
    assert seen.written == {str(tmp_path / "made.py")}


def test_what_is_ours_is_no_input(tmp_path):
    watch = ProcessWatch(ignored=(tmp_path,))
    with watch.watching() as seen:
        (tmp_path / "metadata.db").write_text("x")
    assert not seen.written


def test_a_listed_folder_is_seen_and_one_searched_for_modules_is_not(watch, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    with watch.watching() as seen:
        os.listdir(tmp_path.parent)
        with pytest.raises(ImportError):
            __import__("no_such_module_anywhere")
    assert seen.listed == {str(tmp_path.parent)}


def test_a_folder_that_is_changed_after_it_was_listed_is_another_the_next_time(watch, tmp_path):
    (tmp_path / "before").mkdir()
    with watch.watching() as seen:
        (tmp_path / "before" / f"{len(os.listdir(tmp_path / 'before'))}.txt").write_text("x")
        (tmp_path / "after").mkdir()
        (tmp_path / "after" / "0.txt").write_text("x")
        list((tmp_path / "after").iterdir())
        (tmp_path / "by_pattern").mkdir()
        list((tmp_path / "by_pattern").glob("*.csv"))
        (tmp_path / "by_pattern" / "report.txt").write_text("x")
    assert seen.outgrown == {str(tmp_path / "before")}


def test_other_hosts_are_seen_and_this_machine_is_not(watch):
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with watch.watching() as seen:
            client.connect(server.getsockname())
            sys.audit("socket.connect", client, ("data.example", 443))
    assert seen.hosts == {"data.example"}


def test_a_command_counts_when_the_notebook_runs_it_not_when_a_library_does(watch):
    code = compile("subprocess.run(command, check=True)", "<cell>", "exec")
    with watch.watching() as seen:
        subprocess.run([sys.executable, "-c", ""], check=True)
        command = [sys.executable, "-c", "pass"]
        exec(code, {"__name__": "__main__", "subprocess": subprocess, "command": command})
    assert seen.commands == {sys.executable}


def test_nothing_is_collected_outside_the_block(watch, tmp_path):
    with watch.watching() as seen:
        pass
    late = tmp_path / "late.txt"
    late.write_text("x")
    assert str(late) not in seen.written


def test_a_file_that_is_cleared_and_read_back_is_not_changed_in_place(watch, tmp_path):
    with watch.watching() as seen:
        (tmp_path / "a.txt").write_text("x")
        (tmp_path / "a.txt").read_text()
    assert seen.written == {str(tmp_path / "a.txt")}
    assert not seen.rewritten


def test_a_file_that_is_made_where_none_was_still_depends_on_that(watch, tmp_path):
    with watch.watching() as seen, closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.execute("create table t (n)")
    assert seen.rewritten == {str(tmp_path / "a.db")}


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("create table t as select 1 n")
    return path


@pytest.mark.parametrize("told", ["{}", "file:{}?mode=rw", "file://localhost{}"])
def test_a_database_that_is_only_asked_is_read(watch, database, told):
    told = told.format(database)
    uri = told.startswith("file:")
    with watch.watching() as seen, closing(sqlite3.connect(told, uri=uri)) as opened:
        assert opened.execute("select n from t").fetchall() == [(1,)]
    assert (seen.read, seen.written) == ({str(database)}, set())


@pytest.fixture
def logged(database):
    """A database whose changes go to a log first."""
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("pragma journal_mode = wal")
    return database


@pytest.mark.parametrize("mode", ["ro", "rw"])
@pytest.mark.parametrize("age", [0, 3600])
def test_a_database_with_a_log_that_is_only_asked_is_read(watch, logged, mode, age):
    os.utime(logged, (time.time() - age,) * 2)
    for _ in range(2):  # who may only read leaves an empty log
        told = f"file:{logged}?mode={mode}"
        with watch.watching() as seen, closing(sqlite3.connect(told, uri=True)) as opened:
            assert opened.execute("select n from t").fetchall() == [(1,)]
        assert (seen.read, seen.written) == ({str(logged)}, set())


def test_a_database_is_written_even_where_the_change_lies_in_its_log_only(watch, logged):
    os.utime(logged, (0, 0))
    with closing(sqlite3.connect(logged)) as holds_it_open:
        holds_it_open.execute("select n from t").fetchall()
        with watch.watching() as seen, closing(sqlite3.connect(logged)) as opened, opened:
            opened.execute("update t set n = 2")
        assert logged.stat().st_mtime == 0
    assert seen.rewritten == {str(logged)}


def test_a_database_with_a_log_is_written_even_within_one_tick_of_the_clock(watch, logged):
    shown = logged.stat()
    with watch.watching() as seen:
        with closing(sqlite3.connect(logged)) as opened, opened:
            opened.execute("update t set n = 2")
        os.utime(logged, ns=(shown.st_atime_ns, shown.st_mtime_ns))
    assert logged.stat().st_size == shown.st_size
    assert seen.rewritten == {str(logged)}


def test_a_large_database_with_a_log_is_told_by_its_age(watch, logged):
    with closing(sqlite3.connect(logged)) as opened, opened:
        opened.execute("create table much as select zeroblob(17 * 1024 * 1024)")
    told = []
    for _ in range(2):
        with watch.watching() as seen, closing(sqlite3.connect(logged)) as opened:
            opened.execute("select n from t").fetchall()
        told.append(seen.written)
        os.utime(logged, (0, 0))
    assert told == [{str(logged)}, set()]


def test_a_database_that_the_step_put_there_is_written_though_it_is_only_asked(watch, database):
    copy = database.with_name("copy.db")
    with watch.watching() as seen:
        shutil.copy(database, copy)
        with closing(sqlite3.connect(copy)) as opened:
            opened.execute("select n from t").fetchall()
    assert seen.written == {str(copy)}


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_database_that_is_changed_is_written_whenever_it_is_closed(watch, database, mode):
    with closing(sqlite3.connect(database)) as first:
        first.execute(f"pragma journal_mode = {mode}")
    with closing(sqlite3.connect(database)) as holds_it_open:
        with watch.watching() as seen, closing(sqlite3.connect(database)) as opened, opened:
            holds_it_open.execute("select n from t").fetchall()
            opened.execute("update t set n = 2")
        assert seen.rewritten == {str(database)}


def test_what_a_step_makes_for_itself_and_takes_away_leaves_no_trace(watch, tmp_path):
    with watch.watching() as seen, tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        Path(folder, "a.txt").write_text("x")
        os.listdir(folder)
    kept = seen.without_transient()
    assert kept.read == kept.written == kept.listed == set()
    assert kept.inquiries.asked == {}


def test_what_was_there_and_was_taken_away_leaves_one(watch, tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with watch.watching() as seen:
        (tmp_path / "a.txt").unlink()
    assert seen.without_transient().written == {str(tmp_path / "a.txt")}


def test_a_folder_that_is_taken_away_counts_as_emptied_though_it_was_not_there(watch, tmp_path):
    (tmp_path / "old").mkdir()
    with watch.watching() as seen:
        shutil.rmtree(tmp_path / "new", ignore_errors=True)
        (tmp_path / "old").rename(tmp_path / "kept")
        (tmp_path / "made").mkdir()
    assert seen.emptied == {str(tmp_path / name) for name in ("new", "old", "kept")}


def test_a_temporary_folder_is_none_that_was_emptied(watch, tmp_path):
    with watch.watching() as seen, tempfile.TemporaryDirectory(dir=tmp_path):
        pass
    assert not seen.without_transient().emptied


def test_scratch_folders_of_our_own_are_nothing_that_a_step_did(watch):
    lender = ScratchFolders()
    with lender.folder() as folder:
        pass
    with watch.watching() as seen:
        shutil.rmtree(folder.parent)
    assert not seen.written | seen.listed


def test_a_step_that_counts_the_files_of_a_folder_and_adds_one_always_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    session = Session(tmp_path)
    cell = "%%step log\nimport os\nn = len(os.listdir('runs'))\nopen(f'runs/{n}.txt', 'w').close()"
    assert "lists of the folder" in session.step(cell).step_run.uncacheable
    session.step(cell)
    assert session["n"] == 1
    session.context.metadata.close()


def test_what_id_gives_is_heard_where_code_of_the_user_s_asks_for_it(watch):
    row = []
    code = compile("place = id(row); copied = copy.deepcopy([row])", "<cell>", "exec")
    namespace = {"__name__": "__main__", "row": row, "copy": copy}
    watch.listen()
    exec(code, namespace)
    assert not watch.places
    watch.mind_places("shape = valid(row)")
    exec(code, namespace)
    assert not watch.places
    watch.mind_places("place = id(row)")
    exec(code, namespace)
    assert watch.places == {namespace["place"]}
