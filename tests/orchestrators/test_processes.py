import os
import sys
import threading
import time

from jupyter_mlpipe.orchestrators.processes import TIMED_OUT, Launch, Processes


def launch(tmp_path, code, timeout=None):
    command = (sys.executable, "-c", code)
    return Launch(command, os.environ, tmp_path, tmp_path / "l" / "a.log", timeout)


def test_the_exit_code_comes_back_and_both_streams_are_in_the_log(tmp_path):
    code = "import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(3)"
    assert Processes().run(launch(tmp_path, code)) == 3
    assert (tmp_path / "l" / "a.log").read_text() == "out\nerr\n"


def test_a_process_that_takes_too_long_is_ended_with_its_children(tmp_path):
    child = "import time; time.sleep(1); open('late', 'w')"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    assert Processes().run(launch(tmp_path, code, timeout=0.4)) == TIMED_OUT
    time.sleep(1.2)
    assert not (tmp_path / "late").exists()


def test_stopping_ends_what_runs_and_starts_nothing_more(tmp_path):
    processes, codes = Processes(), []
    sleep = launch(tmp_path, "open('began', 'w'); import time; time.sleep(60)")
    thread = threading.Thread(target=lambda: codes.append(processes.run(sleep)))
    thread.start()
    while not (tmp_path / "began").exists():
        time.sleep(0.01)
    processes.stop()
    thread.join()
    assert codes == [None]
    assert processes.run(launch(tmp_path, "open('again', 'w')")) is None
    assert not (tmp_path / "again").exists()
