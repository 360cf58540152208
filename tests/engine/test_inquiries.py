"""What a step asks about paths."""

import glob
import os
import shutil
from pathlib import Path

import pytest

from jupyter_mlpipe.engine.inquiries import inquiry_digest
from jupyter_mlpipe.engine.watch import ProcessWatch
from jupyter_mlpipe.model.run import Status


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """What is on record of the code of a cell, with the folder left out."""
    monkeypatch.chdir(tmp_path)
    watch = ProcessWatch()

    def run(code):
        compiled = compile(code, "cell", "exec")
        with watch.watching() as seen:
            exec(compiled, {"__name__": "__main__", "os": os, "Path": Path, "shutil": shutil})
        found = seen.inquiries
        return {name.replace(f"{tmp_path}{os.sep}", ""): a for name, a in found.asked.items()}

    return run


@pytest.mark.parametrize(
    "code",
    [
        *("os.path.exists('a')", "Path('a').exists()", "os.path.isfile('a')"),
        *("os.path.lexists('a')", "os.access('a', os.R_OK)"),
    ],
)
def test_whether_a_path_is_there(asked, code):
    assert asked(code) == {"existence of a": "nothing"}
    Path("a").write_text("123")
    assert asked(code) == {"existence of a": "a file"}
    Path("a").write_text("changed")
    assert inquiry_digest(f"existence of {Path('a').absolute()}") == "a file"


def test_the_size_of_a_file(asked):
    Path("a").write_text("123")
    assert asked("os.path.getsize('a')") == {"size of a": "a file of 3 bytes"}


@pytest.mark.parametrize("code", ["os.path.getmtime('a')", "os.stat('a')", "Path('a').stat()"])
def test_when_a_file_was_changed(asked, code):
    Path("a").write_text("123")
    before = asked(code)
    os.utime("a", (1, 1))
    assert before.keys() == {"times of a"}
    assert asked(code) != before


def test_imports_ask_about_nothing(asked):
    Path("some_module.py").write_text("x = 1")
    assert asked("import sys; sys.path.insert(0, ''); import some_module; sys.path.pop(0)") == {}


def test_afterwards_os_is_as_it_was(asked):
    before = (os.stat, os.lstat, os.access)
    asked("os.path.exists('a'); list(Path('.').glob('a'))")
    assert (os.stat, os.lstat, os.access) == before
    assert getattr(getattr(glob, "_StringGlobber", None), "lstat", os.lstat) is os.lstat


@pytest.mark.parametrize("pattern", ["sub/x.csv", "*/x.csv", "*/deep/x.csv", "**/x.csv"])
@pytest.mark.parametrize("code", ["Path('.').glob({})", "glob.glob({}, recursive=True)"])
def test_a_step_runs_again_where_a_pattern_finds_a_file_more(
    session, tmp_path, monkeypatch, code, pattern
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    look = f"%%step look\nimport glob\nfrom pathlib import Path\nn = len([*{code}])"
    look = look.format(repr(pattern))
    assert [session.step(look).step_run.status for _ in "12"] == [Status.SUCCEEDED, Status.CACHED]
    for path in ("sub/x.csv", "sub/deep/x.csv"):
        (tmp_path / path).write_text("1")
    assert session.step(look).step_run.status is Status.SUCCEEDED
    assert session["n"] in (1, 2)


def test_a_pattern_is_asked_by_whoever_gives_it(session, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a1").mkdir()
    step = "%%step once\nimport glob\nn = len(glob.glob('a*/b'))\nopen('a1/b', 'w').close()"
    for found in (0, 1):
        assert session.step(step).step_run.status is Status.SUCCEEDED
        assert session["n"] == found
