import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

from jupyter_mlpipe.storage.scratch import PREFIX, ScratchFolders


def test_a_folder_is_empty_whenever_it_is_lent():
    scratch = ScratchFolders()
    for _ in range(2):
        with scratch.folder() as folder:
            assert not list(folder.iterdir())
            (folder / "file").write_text("x")
            (folder / "below").mkdir()


def test_two_at_a_time_are_two():
    scratch = ScratchFolders()
    with scratch.folder() as one, scratch.folder() as other:
        assert one != other


def test_what_was_lent_is_used_again_and_goes_in_the_end():
    scratch = ScratchFolders()
    with scratch.folder() as first:
        pass
    with scratch.folder() as second:
        assert first == second
    del scratch
    gc.collect()
    assert not first.parent.exists()


def test_a_folder_that_others_may_look_into_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    foreign = tmp_path / f"{PREFIX}{os.getuid()}"
    foreign.mkdir()
    foreign.chmod(0o777)
    with ScratchFolders().folder() as folder:
        assert foreign not in folder.parents
        assert str(folder).startswith(str(tmp_path / PREFIX))


def test_a_forked_child_leaves_the_parents_folders_alone():
    scratch = ScratchFolders()
    with scratch.folder() as ours:
        pass
    child = os.fork()
    if child == 0:
        with scratch.folder() as theirs:
            os._exit(0 if theirs.parent != ours.parent else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ours.exists()


_HOLDS = """
from jupyter_mlpipe.storage.scratch import ScratchFolders
import time
scratch = ScratchFolders()
with scratch.folder() as folder:
    (folder / "file").write_text("x")
    print(folder, flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_left_is_swept_away_and_what_a_living_one_uses_is_not(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    here = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", _HOLDS]
    others = [subprocess.Popen(command, env=here, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        folders = [Path(other.stdout.readline().decode().strip()) for other in others]
        for folder in folders:
            os.utime(folder.parent, (0, 0))
        others[0].send_signal(signal.SIGKILL)
        others[0].wait()
        with ScratchFolders().folder():
            assert not folders[0].parent.exists()
            assert (folders[1] / "file").exists()
    finally:
        for other in others:
            other.kill()
            other.communicate()
