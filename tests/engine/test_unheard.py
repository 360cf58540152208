"""Files that libraries open past Python."""

import os
import subprocess
import sys

import pytest

from jupyter_mlpipe.engine.unheard import UnheardFiles

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells of opened files")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("x\n1\n")
    return tmp_path


@pytest.fixture
def unheard(tmp_path):
    return UnheardFiles((f"{tmp_path}/.mlpipe/",))


def cat(*paths):
    """Another program opens them, so Python hears nothing."""
    subprocess.run(["cat", *map(str, paths)], check=True, stdout=subprocess.DEVNULL)


def test_a_file_below_the_working_folder_is_told(here, unheard):
    unheard.start(())
    cat("data/a.csv")
    assert unheard.stop().read == {f"{here}/data/a.csv"}


def test_what_was_opened_before_is_not(here, unheard):
    unheard.start(())
    cat("data/a.csv")
    unheard.start(())
    assert unheard.stop().read == set()


def test_a_file_elsewhere_is_told_where_a_text_leads_to_its_folder(tmp_path, here, unheard):
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    (elsewhere / "deep").mkdir(parents=True)
    (elsewhere / "deep" / "b.csv").write_text("y")
    os.chdir(here / "data")
    unheard.start([f"{elsewhere}/", "no place at all", "/", "//"])
    cat(elsewhere / "deep" / "b.csv")
    assert unheard.stop().read == {f"{elsewhere}/deep/b.csv"}


def test_a_text_that_goes_on_leads_to_the_folder_that_is_there(tmp_path, here, unheard):
    os.chdir(here / "data")
    (tmp_path / "c.csv").write_text("z")
    unheard.start([f"{tmp_path}/" + "{name}.csv"])
    cat(tmp_path / "c.csv")
    assert unheard.stop().read == {f"{tmp_path}/c.csv"}


def test_a_file_that_is_written_is_told_as_such(here, unheard):
    unheard.start(())
    subprocess.run(["cp", "data/a.csv", "data/copy.csv"], check=True)
    found = unheard.stop()
    assert found.written == {f"{here}/data/copy.csv"}
    assert f"{here}/data/a.csv" in found.read


def test_a_file_in_a_folder_made_since_is_told(here, unheard):
    unheard.start(())
    (here / "new").mkdir()
    (here / "new" / "d.csv").write_text("")
    unheard.collect()
    cat("new/d.csv")
    assert f"{here}/new/d.csv" in unheard.stop().read


def test_notebooks_hidden_files_and_our_own_are_passed_over(here, unheard):
    for name in ("nb.ipynb", ".hidden", ".mlpipe/pack", ".ipynb_checkpoints/nb.csv"):
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text("")
    unheard.start(())
    cat("nb.ipynb", ".hidden", ".mlpipe/pack", ".ipynb_checkpoints/nb.csv")
    assert unheard.stop().read == set()


def test_a_folder_counts_as_listed_where_files_of_it_are_read(here, unheard):
    unheard.start(())
    subprocess.run("ls data; cat data/*.csv", shell=True, check=True, stdout=subprocess.DEVNULL)
    assert unheard.stop().listed == {f"{here}/data"}
    unheard.start(())
    subprocess.run(["ls", "data"], check=True, stdout=subprocess.DEVNULL)
    assert unheard.stop().listed == set()


def test_the_working_folder_is_listed_where_a_pattern_is_in_a_text(here, unheard):
    (here / "e.csv").write_text("")
    here_too = {str(here)}
    for texts, listed in (((), set()), (("my a*",), here_too), (("?", "x[0]"), set())):
        unheard.start(texts)
        subprocess.run("ls; cat e.csv", shell=True, check=True, stdout=subprocess.DEVNULL)
        assert unheard.stop().listed == listed


def test_more_than_linux_remembers_is_said(here, unheard):
    unheard.start(())
    with open("/proc/sys/fs/inotify/max_queued_events") as file:
        limit = int(file.read())
    paths = [here / "data" / "a.csv", here / "data" / "b.csv"]
    paths[1].write_text("")
    for number in range(limit + 10):  # one after the other, for equal events are told once
        os.close(os.open(paths[number % 2], os.O_RDONLY))
    assert unheard.stop().lost


def test_nothing_is_told_where_the_working_folder_has_gone(here, unheard):
    gone = here / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    unheard.start(["data/a.csv"])
    assert unheard.stop().read == set()


def test_a_forked_process_takes_nothing_from_its_parent(here, unheard):
    unheard.start(())
    cat("data/a.csv")
    child = os.fork()
    if child == 0:
        unheard.start(())
        unheard.stop()
        os._exit(0)
    os.waitpid(child, 0)
    assert unheard.stop().read == {f"{here}/data/a.csv"}
