"""Which steps are stale, in a real kernel that a frontend talks to."""

import json
import time
import uuid

import pytest


class Frontend:
    """The sidebar's end of the channel, over a subshell as JupyterLab has it."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.cells = {}
        client = kernel.client
        client.control_channel.send(client.session.msg("create_subshell_request", {}))
        self.subshell = client.get_control_msg(timeout=20)["content"]["subshell_id"]
        self.comm = uuid.uuid4().hex
        self._send("comm_open", {"target_name": "jupyter_mlpipe", "data": {}})
        self.events("session_started")

    def _send(self, kind, content):
        session = self.kernel.client.session
        message = session.msg(kind, {"comm_id": self.comm, **content})
        message["header"]["subshell_id"] = self.subshell
        self.kernel.client.shell_channel.send(message)

    def say(self, type, **fields):
        self._send("comm_msg", {"data": {"type": type, **fields}})

    def events(self, type, wait=20):
        """The next event of a type."""
        limit = time.monotonic() + wait
        while time.monotonic() < limit:
            message = self.kernel.client.get_iopub_msg(timeout=wait)
            if message["msg_type"] == "comm_msg":
                data = message["content"]["data"]
                if data["type"] == type:
                    return data
        raise AssertionError(f"no {type} came")

    def edit(self, **cells):
        """Write cells; what is stale then, with the reasons."""
        self.cells |= cells
        self.say("cells_edited", cells=[{"id": i, "source": s} for i, s in self.cells.items()])
        return self.stale()

    def run(self, *ids):
        for cell_id in ids or self.cells:
            done = self.kernel.run(self.cells[cell_id], cell_id=cell_id)
        return done

    def stale(self):
        return {s["step"]: s["reason"] for s in self.events("steps_stale")["steps"]}

    def settled(self):
        """What is stale a while after the last cell."""
        time.sleep(0.5)
        return self.edit()

    def run_stale(self):
        """As the sidebar's button does; the steps in the order in which they ran."""
        done = []
        while True:
            self.say("stale_wanted", done=done)
            ready = self.events("stale_ready")
            if not ready["step"]:
                return done
            assert self.run(ready["cell_id"]).error == ""
            done.append(ready["step"])


@pytest.fixture
def frontend(live_kernel):
    return Frontend(live_kernel)


CHAIN = {
    "helper": "def double(x):\n    return 2 * x",
    "load": "%%step load\nitems = [1, 2]",
    "grow": "%%step grow\nitems.append(double(3))",
    "total": "%%step total\ns = sum(items)",
    "other": "%%step other\nt = 1",
}


def test_nothing_is_stale_after_all_cells_ran(frontend):
    frontend.edit(**CHAIN)
    frontend.run()
    assert frontend.settled() == {}


def test_steps_that_never_ran_are_not_stale(frontend):
    assert frontend.edit(**CHAIN) == {}


def test_an_edited_helper_makes_its_readers_stale_before_it_runs(frontend):
    frontend.edit(**CHAIN)
    frontend.run()
    stale = frontend.edit(helper="def double(x):\n    return x + x")
    assert stale == {
        "grow": "`double` was edited, but not run yet",
        "total": "step grow, on which it depends, is stale",
    }
    assert frontend.edit(helper=CHAIN["helper"] + "  # as before") == {}
    frontend.edit(helper="def double(x):\n    return x + x")
    frontend.run("helper")
    assert frontend.stale() == stale | {"grow": "`double` was edited"}


def test_only_what_is_stale_runs_and_then_everything_is_fresh(frontend):
    frontend.edit(**CHAIN)
    frontend.run()
    frontend.edit(helper="def double(x):\n    return 3 * x")
    frontend.run("helper")
    assert frontend.run_stale() == ["grow", "total"]
    assert frontend.settled() == {}
    assert frontend.kernel.run("print(items, s)").text.endswith("[1, 2, 9] 12\n")


def test_an_edit_while_a_cell_runs_is_answered_from_the_text(frontend):
    frontend.edit(**CHAIN)
    frontend.run()
    frontend.settled()
    frontend.kernel.send("import time\ntime.sleep(60)")
    downstream = {"load", "grow", "total"}
    assert frontend.edit(load="%%step load\nitems = [5]").keys() == downstream
    assert frontend.edit(load="%%step load\nitems = [").keys() == downstream
    assert frontend.edit(load="%%step load\n# again\nitems = [1, 2]") == {}
    frontend.kernel.interrupt()


def test_data_changed_by_the_way_makes_its_readers_stale(frontend):
    frontend.edit(**CHAIN)
    frontend.run()
    frontend.kernel.run("items.append(100)")
    changed = "`items` changed outside a step"
    assert frontend.stale() == {"grow": changed, "total": changed}


def test_what_a_cell_further_down_changes_leaves_the_steps_above_it_fresh(frontend):
    frontend.edit(**CHAIN, below="items.append(100)")
    frontend.run()
    assert frontend.settled() == {}
    frontend.run("load")
    assert frontend.settled() == {}


def test_what_a_cell_between_steps_changes_belongs_to_the_steps_below_it(frontend):
    frontend.edit(load="items = [1]", first="%%step first\nitems.append(2)")
    frontend.edit(between="items.append(3)", last="%%step last\ns = sum(items)")
    frontend.run()
    assert frontend.settled() == {}
    stale = frontend.edit(between="items.append(4)")
    assert stale == {"last": "`items` was edited, but not run yet"}


def test_an_edit_is_told_from_what_ran_before_a_restart(frontend):
    frontend.edit(**CHAIN)
    frontend.run()
    frontend.kernel.restart()
    again = Frontend(frontend.kernel)
    again.edit(**CHAIN)
    assert again.settled() == {}
    stale = again.edit(helper="def double(x):\n    return x + x")
    assert stale["grow"] == "`double` was edited, but not run yet"
    again.edit(helper=CHAIN["helper"], other="%%step other\nt = 2")
    assert again.run_stale() == ["other"]


def test_inputs_are_what_the_steps_above_left(frontend):
    frontend.edit(load="%%step load\nitems = [1]", grow="%%step grow\nitems.append(2)")
    frontend.run()
    frontend.edit(grow="%%step grow\nitems.append(3)")
    assert frontend.run_stale() == ["grow"]
    assert frontend.kernel.run("print(items)").text.endswith("[1, 3]\n")


def test_a_step_that_is_never_cached_is_stale_only_when_its_inputs_differ(frontend):
    frontend.edit(a="%%step a\nx = [1]", b="%%step b --no-cache\ny = x + [len(x)]")
    frontend.edit(c="%%step c\nimport random\nz = random.random()")
    frontend.run()
    assert frontend.settled() == {}
    assert frontend.edit(a="%%step a\nx = [2]").keys() == {"a", "b"}
    assert frontend.run_stale() == ["a", "b"]


def test_a_step_that_failed_counts_as_stale_with_what_reads_it(frontend):
    frontend.edit(a="%%step a\nx = [1]", b="%%step b\ny = x + [2]")
    frontend.run()
    frontend.edit(a="%%step a\nx = [1 / 0]")
    frontend.run("a")
    assert frontend.settled() == {
        "a": "it failed when it last ran",
        "b": "step a, on which it depends, is stale",
    }


def test_equal_content_leaves_what_reads_it_fresh(frontend):
    frontend.edit(a="%%step a\nx = [1, 2]", b="%%step b\ny = sum(x)")
    frontend.run()
    frontend.edit(a="%%step a\nx = [1] + [2]")
    assert frontend.run_stale() == ["a"]
    assert frontend.settled() == {}


def test_a_changed_file_is_noticed_after_the_next_cell(frontend):
    data = frontend.kernel.folder / "data.csv"
    data.write_text("1")
    frontend.edit(a="%%step a\nwith open('data.csv') as f:\n    text = f.read()")
    frontend.run()
    assert frontend.settled() == {}
    data.write_text("2")
    frontend.kernel.run("1")
    assert frontend.stale() == {"a": "data.csv changed"}


def test_the_magic_runs_what_is_stale_and_says_so(live_kernel):
    for cell in ("def f():\n    return 1", "%%step a\nprint('a runs')\nx = [f()]"):
        live_kernel.run(cell)
    live_kernel.run("%%step b\nprint('b runs')\ny = x + x")
    live_kernel.run("%%step c\nprint('c runs')\nz = 1")
    live_kernel.run("def f():\n    return 2")
    status = live_kernel.run("%mlpipe status").text
    assert "a: stale, `f` was edited" in status
    assert "b: stale, step a, on which it depends, is stale" in status
    done = live_kernel.run("%mlpipe run-stale")
    assert [word for word in ("a runs", "b runs", "c runs") if word in done.text] == [
        "a runs",
        "b runs",
    ]
    assert "Ran a, b." in done.text
    assert live_kernel.run("print(y)").text.endswith("[2, 2]\n")
    assert "No step is stale." in live_kernel.run("%mlpipe run-stale").text


def test_the_magic_stops_at_the_first_failure(live_kernel):
    live_kernel.run("def f():\n    return 1")
    for cell in ("%%step a\nx = [f()]", "%%step b\ny = x + x"):
        live_kernel.run(cell)
    live_kernel.run("def f():\n    return 1 / 0")
    done = live_kernel.run("%mlpipe run-stale")
    assert "Stopped at step a: ZeroDivisionError" in done.text
    assert live_kernel.run("print(y)").text.endswith("[1, 1]\n")


def test_the_magic_takes_cells_from_the_saved_notebook(live_kernel):
    cells = {"a": "%%step a\nx = [1]", "b": "%%step b\ny = x + x"}
    for cell_id, source in cells.items():
        live_kernel.run(source, cell_id=cell_id)
    cells["a"] = "%%step a\nx = [2]"
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    saved = [{**code, "id": i, "source": source} for i, source in cells.items()]
    notebook = {"cells": saved, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    live_kernel.notebook.write_text(json.dumps(notebook))
    assert "Ran a, b." in live_kernel.run("%mlpipe run-stale").text
    assert live_kernel.run("print(y)").text.endswith("[2, 2]\n")
