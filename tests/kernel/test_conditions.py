"""`--if` and `--after` in a real kernel."""

from tests.kernel.shown import shown


def test_a_step_whose_condition_is_false_leaves_everything_as_it_is(live_kernel):
    live_kernel.run("%%step first\nn = 1\nbest = 'old'")
    done = live_kernel.run("%%step better --if 'n > 3'\nprint('ran')\nbest = 'new'")
    assert done.line == "⊘ better · skipped: `n > 3` is false"
    assert "ran" not in done.text
    assert "old" in live_kernel.run("print(best)").text
    step = shown(live_kernel)["steps"][1]
    assert (step["status"], step["outputs"]) == ("skipped", [])
    assert [i["variable"] for i in step["inputs"]] == ["n"]


def test_a_step_whose_condition_is_true_runs_and_is_cached(live_kernel):
    live_kernel.run("%%step first\nn = 5")
    cell = "%%step better --if 'n > 3'\nbest = 'new'"
    assert "best v1" in live_kernel.run(cell).line
    assert "cached" in live_kernel.run(cell).line


def test_what_a_condition_reads_is_an_input_of_the_step(live_kernel):
    live_kernel.run("%%step first\nn = 5")
    live_kernel.run("%%step better --if 'n > 3'\nbest = 'new'")
    live_kernel.run("%%step first\nn = 6")
    done = live_kernel.run("%%step better --if 'n > 3'\nbest = 'new'")
    assert "`n` changed by step first" in done.line


def test_a_condition_may_read_what_was_not_loaded_since_the_restart(live_kernel):
    live_kernel.run("import math\ndef large(x):\n    return x > math.pi")
    live_kernel.run("%%step first\nn = 5")
    live_kernel.restart()
    assert "best v1" in live_kernel.run("%%step better --if large(n)\nbest = 1").line


def test_a_condition_that_raises_is_told_in_one_line_and_nothing_runs(live_kernel):
    done = live_kernel.run("%%step one --if 'n / 0 > 1'\nprint('ran')")
    assert "--if `n / 0 > 1` raised NameError: name 'n' is not defined" in done.error
    assert "Traceback" not in done.error
    assert "ran" not in done.text


def test_a_condition_that_is_neither_true_nor_false_is_told(live_kernel):
    live_kernel.run("import numpy as np\nxs = np.zeros(3)")
    assert "--if `xs` raised ValueError" in live_kernel.run("%%step one --if xs\na = 1").error


def test_a_name_that_only_a_skipped_step_makes_is_undefined(live_kernel):
    live_kernel.run("%%step one --if False\nonly = 1")
    assert "name 'only' is not defined" in live_kernel.run("%%step b\nonly + 1").error


def test_after_a_step_that_has_run_says_nothing(live_kernel):
    live_kernel.run("%%step load\na = 1")
    assert "--after" not in live_kernel.run("%%step b --after load\nb = 1").text


def test_after_a_step_that_has_not_run_is_a_quiet_line(live_kernel):
    live_kernel.run("%%step load\na = 1")
    done = live_kernel.run("%%step b --after laod\nb = 1")
    assert "--after names the step 'laod', which is not known. Did you mean 'load'?" in done.text
    live_kernel.restart()
    live_kernel.notebook.write_text(
        '{"cells": [{"id": "x", "source": "%%step load\\na = 1"}], "nbformat": 4}'
    )
    done = live_kernel.run("%%step b --after load\nb = 1")
    assert "'load', which has not run in this session yet" in done.text
