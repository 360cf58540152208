"""`--map` in a real kernel."""

import re
import time

from tests.kernel.shown import shown

SQUARE = "%%step square --map x=xs\nprint('at', x)\ny = x * x"


def test_a_cell_runs_once_for_each_element_and_only_new_ones_run_again(live_kernel):
    live_kernel.run("%%step make\nxs = [3, 1, 2]")
    assert "3 of 3 elements ran, 0 cached" in live_kernel.run(SQUARE).line
    assert "([9, 1, 4], False)" in live_kernel.run("print((y, 'x' in globals()))").text
    assert "cached" in live_kernel.run(SQUARE).line
    live_kernel.run("%%step make\nxs = [5, 3, 2]")
    done = live_kernel.run(SQUARE)
    assert "`xs` changed by step make; 1 of 3 elements ran, 2 cached" in done.line
    assert re.findall(r"at \d", done.text) == ["at 5", "at 3", "at 2"]
    assert "[25, 9, 4]" in live_kernel.run("print(y)").text


def test_a_mapped_step_is_shown_as_one_step(live_kernel):
    live_kernel.run("%%step make\nxs = [3, 1, 2]")
    live_kernel.run(SQUARE)
    steps = shown(live_kernel)["steps"]
    assert [(s["step"], s["elements"]) for s in steps] == [("make", 0), ("square", 3)]
    assert [o["artifact"] for o in steps[1]["outputs"]] == ["study::square::y"]


def test_an_error_shows_the_users_own_line_and_what_is_kept(live_kernel):
    live_kernel.run("%%step make\nxs = [4, 2, 0]")
    cell = "%%step divide --map x=xs\n# a comment\nprint('at', x)\n\ny = 8 / x"
    done = live_kernel.run(cell)
    assert "element 3 of 3 of `xs` did not finish, the 2 before it are kept" in done.line
    assert "----> 5" in done.error.replace("\x1b[39m", "").replace("\x1b[32m", "")
    assert "mlpipe" not in done.error
    live_kernel.run("%%step make\nxs = [4, 2, 1]")
    done = live_kernel.run(cell)
    assert "1 of 3 elements ran, 2 cached" in done.line
    assert "[2.0, 4.0, 8.0]" in live_kernel.run("print(y)").text


def test_ctrl_c_keeps_the_elements_that_are_finished(live_kernel):
    live_kernel.run("%%step make\nimport time\nxs = [0, 0.1, 60]")
    cell = "%%step wait --map x=xs\nprint('at', x)\ntime.sleep(x)\ny = x"
    content = {"code": cell, "silent": False, "store_history": True, "stop_on_error": False}
    message = live_kernel.client.session.msg("execute_request", content)
    live_kernel.client.shell_channel.send(message)
    while "at 60" not in str(live_kernel.client.get_iopub_msg(timeout=60)["content"]):
        pass
    live_kernel._manager.interrupt_kernel()
    done = live_kernel._collect(message["header"]["msg_id"])
    assert "KeyboardInterrupt" in done.error
    assert "the 2 before it are kept" in done.line
    live_kernel.run("%%step make\nimport time\nxs = [0, 0.1, 0.2]")
    assert "1 of 3 elements ran, 2 cached" in live_kernel.run(cell).line


def test_await_magics_and_the_last_value_work_in_each_element(live_kernel):
    live_kernel.run("%%step make\nimport asyncio\nxs = [1, 2]")
    cell = "%%step a --map x=xs\nawait asyncio.sleep(0)\n%time y = x + 1\ny * 10"
    done = live_kernel.run(cell)
    values = [o["data"]["text/plain"] for o in done.shown if "data" in o]
    assert values == ["20", "30"]
    again = live_kernel.run(cell)
    assert values == [o["data"]["text/plain"] for o in again.shown if "data" in o]


def test_a_break_of_the_cell_itself_is_the_users_syntax_error(live_kernel):
    live_kernel.run("xs = [1, 2]")
    done = live_kernel.run("%%step a --map x=xs\nif x > 1:\n    break")
    assert "'break' outside loop" in done.error


def test_functions_and_classes_of_the_cell_stay_when_every_element_is_cached(live_kernel):
    live_kernel.run("%%step make\nxs = [1, 2]")
    cell = "%%step a --map x=xs\nclass Box:\n    v = None\nb = Box()\nb.v = x"
    live_kernel.run(cell)
    live_kernel.restart()
    live_kernel.run("%%step make\nxs = [2]")
    assert "0 of 1 elements ran, 1 cached" in live_kernel.run(cell).line
    assert "(True, 2)" in live_kernel.run("print((type(b[0]) is Box, b[0].v))").text


def test_elements_that_were_finished_survive_the_death_of_the_kernel(live_kernel):
    live_kernel.run("%%step make\nimport os\nxs = [1, 2, 3]")
    flag = live_kernel.folder / "die"
    flag.touch()
    cell = "%%step a --map x=xs\nif x == 3 and os.path.exists('d' + 'ie'):\n    os._exit(1)\ny = x"
    content = {"code": cell, "silent": False, "store_history": True, "stop_on_error": False}
    live_kernel.client.shell_channel.send(
        live_kernel.client.session.msg("execute_request", content)
    )
    while live_kernel._manager.is_alive():
        time.sleep(0.1)
    flag.unlink()
    live_kernel.stop()
    live_kernel.start()
    assert "1 of 3 elements ran, 2 cached" in live_kernel.run(cell).line
    assert "[1, 2, 3]" in live_kernel.run("print(y)").text


def test_changing_what_all_elements_see_is_refused_by_name(live_kernel):
    live_kernel.run("xs = [1, 2]\nseen = []")
    done = live_kernel.run("%%step a --map x=xs\nseen.append(x)")
    assert "element 1 of 2 of `xs` it changes `seen` in place" in done.error
    assert "Traceback" not in done.error


def test_a_store_that_is_full_leaves_the_lists_unharmed(live_kernel):
    live_kernel.run("%%step make\nxs = [1, 2]")
    live_kernel.run("import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))")
    done = live_kernel.run("%%step big --map x=xs\nb = list(range(x, 100_000))")
    assert done.error == ""
    assert "is not kept" in done.text or "not kept" in done.text
    assert "[99999, 99998]" in live_kernel.run("print([len(v) for v in b])").text


def test_progress_is_told_while_a_mapped_cell_takes_long(live_kernel):
    live_kernel.run("%%step make\nimport time\nxs = [0.7, 0.71, 0.72]")
    done = live_kernel.run("%%step a --map x=xs\ntime.sleep(x)\ny = x")
    assert "2 of 3 elements" in done.text
    assert "of 3 elements" not in live_kernel.run("%%step a --map x=xs\ntime.sleep(x)\ny = x").text
