"""Large outputs are stored after the kernel has answered, and before anything else happens."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from mlpipe_kernel.settling import weight
from tests.kernel.shown import shown

MAKE = "%%step make\nimport numpy as np\na = np.arange(10_000_000.)"


def updated(kernel):
    """The line that replaces the one that said `storing`."""
    while True:
        message = kernel.client.get_iopub_msg(timeout=60)
        if message["msg_type"] == "update_display_data":
            return message["content"]["data"]["text/plain"]


def stored(kernel, name):
    code = (
        "from jupyter_mlpipe.client import Client\n"
        f"print(Client().get_artifact_version({name!r}).load().sum())"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=kernel.folder, env=kernel._env, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def test_the_kernel_answers_before_it_stores_what_is_large_and_tells_when_it_is_stored(live_kernel):
    assert live_kernel.run(MAKE).line.endswith("storing …")
    assert updated(live_kernel).endswith("a v1 (80.0 MB)")


def test_what_is_small_is_stored_when_the_kernel_answers(live_kernel):
    assert "x v1" in live_kernel.run("%%step make\nx = 1").line


def test_a_cell_that_comes_at_once_finds_everything_stored_and_changes_nothing_of_it(live_kernel):
    live_kernel.run(MAKE)
    assert not live_kernel.run("a[:] = 0").error
    assert stored(live_kernel, "study::make::a") == sum(range(10_000_000))


def test_a_step_that_reads_it_depends_on_the_version_that_was_stored(live_kernel):
    live_kernel.run(MAKE)
    live_kernel.run("%%step total\ns = a.sum()")
    assert live_kernel.run(MAKE).line.startswith("↺ make")
    assert "cached" in live_kernel.run("%%step total\ns = a.sum()").line


def test_a_kernel_that_is_shut_down_stores_it_first(live_kernel):
    live_kernel.run(MAKE)
    live_kernel.restart()
    assert not live_kernel.run("assert a[5] == 5").error


def test_tab_finds_it_stored(live_kernel):
    live_kernel.run(MAKE)
    live_kernel.complete("a.su")
    assert [step["status"] for step in shown(live_kernel)["steps"]] == ["succeeded"]


def test_where_tasks_of_the_notebook_could_change_it_meanwhile_it_is_stored_at_once(live_kernel):
    live_kernel.run(
        "import asyncio\nasync def tick():\n    while True:\n        await asyncio.sleep(0.01)\n"
        "task = asyncio.get_running_loop().create_task(tick())"
    )
    assert "a v1" in live_kernel.run(MAKE).line


def test_a_failure_to_store_is_told_in_the_same_place(live_kernel):
    live_kernel.run("%%step first\nx = 1")
    folder = live_kernel.folder / ".mlpipe"
    live_kernel.run(
        "from jupyter_mlpipe.storage.pack_writer import PackWriter\n"
        "def refuse(*_):\n    raise OSError(28, 'No space left on device')\n"
        "PackWriter.take = refuse"
    )
    assert folder.exists()
    assert live_kernel.run(MAKE).line.endswith("storing …")
    assert "its result stands, but it is not kept" in updated(live_kernel)
    assert not live_kernel.run("assert a[5] == 5").error


@pytest.mark.parametrize(
    ("value", "bytes_"),
    [
        (np.zeros(1000), 8000),
        (pd.DataFrame({"a": np.zeros(1000)}, index=range(1000)), 8000),
        (pd.Series(np.zeros(1000), index=range(1000)), 8000),
        ([np.zeros(1000), 1, "a"], 8000),
        ({"x": np.zeros(1000)}, 8000),
        (np.float64(1.0), 8),
        ("text", 0),
        (np, 0),
        (pd.DataFrame, 0),
    ],
)
def test_the_weight_of_values_is_seen_at_a_glance(value, bytes_):
    assert bytes_ <= weight([value]) <= bytes_ + 200


def test_a_value_of_the_users_is_not_asked_how_large_it_is():
    class Odd:
        nbytes = property(lambda self: 1 / 0)

    assert weight([Odd()]) == 0
