import subprocess
import sys

import pytest

from jupyter_mlpipe.model.errors import StorageError


def test_without_a_verb_it_tells_the_verbs(mlpipe):
    status, out, _ = mlpipe()
    assert status == 0
    assert all(verb in out for verb in ("run", "artifact", "pipeline", "promote"))


def test_the_module_is_the_same_command():
    command = [sys.executable, "-m", "jupyter_mlpipe", "--help"]
    assert b"usage: mlpipe" in subprocess.run(command, check=True, capture_output=True).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["bogus"],
        ["run", "list", "--limit", "many"],
        ["run", "show", "a", "b"],
        ["artifact"],
        ["artifact", "show"],
        ["run"],
        ["run", "nowhere.ipynb"],
        ["run", "show", "nowhere"],
        ["artifact", "show", "nowhere"],
    ],
)
def test_a_bad_command_is_one_line_and_status_two(mlpipe, project, arguments):
    status, out, err = mlpipe(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("mlpipe: ")
    assert err.count("\n") == 1


def test_looking_leaves_no_trace_in_a_folder_without_records(mlpipe, project):
    before = list(project.iterdir())
    assert mlpipe("run", "list")[0] == 0
    assert mlpipe("artifact", "list")[0] == 0
    assert list(project.iterdir()) == before


def test_a_bad_setting_is_told_before_anything_else(mlpipe, project):
    (project / "mlpipe.toml").write_text("cach = true")
    status, _, err = mlpipe("run", "list")
    assert status == 2
    assert "unknown setting 'cach'" in err


def test_a_damaged_database_is_told_in_one_line(mlpipe, project):
    (project / ".mlpipe").mkdir()
    (project / ".mlpipe" / "metadata.db").write_text("not a database" * 100)
    status, _, err = mlpipe("run", "list")
    assert status == 2
    assert "not a database" in err
    assert err.count("\n") == 1


def test_an_error_of_several_lines_becomes_one(mlpipe, monkeypatch):
    def fail(name):
        raise StorageError("one\ntwo")

    monkeypatch.setattr("jupyter_mlpipe.cli.main.importlib.import_module", fail)
    assert mlpipe("run", "list") == (2, "", "mlpipe: one two\n")


def test_an_interrupt_ends_quietly(mlpipe, monkeypatch):
    def interrupt(name):
        raise KeyboardInterrupt

    monkeypatch.setattr("jupyter_mlpipe.cli.main.importlib.import_module", interrupt)
    assert mlpipe("run", "list") == (130, "", "mlpipe: interrupted\n")


def test_a_reader_that_leaves_early_is_no_error(recorded):
    command = f"{sys.executable} -m jupyter_mlpipe run list --json | head -c 1"
    environ = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(command, shell=True, check=True, capture_output=True, env=environ)
    assert done.stderr == b""
