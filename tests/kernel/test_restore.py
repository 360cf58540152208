"""What a dead kernel left comes back when it is mentioned, by a cell, by Tab or by Shift-Tab."""

import pytest

CLASS = "class Box:\n    def __init__(self):\n        self.items = [1]\n    def add(self, x):\n"
CLASS += "        self.items.append(x)\n        return self.items"


def test_tab_offers_a_name_without_loading_it(live_kernel):
    live_kernel.run("%%step one\nprices = {'apple': 1}")
    live_kernel.kill()
    live_kernel.start()
    assert "prices" in live_kernel.complete("pri")
    assert "restored" in live_kernel.run("prices").text


def test_tab_after_a_dot_loads_the_value_first(live_kernel):
    live_kernel.run(CLASS)
    live_kernel.run("%%step one\nbox = Box()")
    live_kernel.kill()
    live_kernel.start()
    offered = live_kernel.complete("box.")
    assert {"add", "items"} <= {name.rpartition(".")[2] for name in offered}


def test_tab_after_a_bracket_offers_the_keys(live_kernel):
    live_kernel.run("%%step one\nprices = {'apple': 1, 'pear': 2}")
    live_kernel.restart()
    assert any("apple" in name for name in live_kernel.complete("prices['"))


def test_shift_tab_inspects_the_value(live_kernel):
    live_kernel.run("def area(r):\n    'Of a circle.'\n    return 3 * r * r")
    live_kernel.run("%%step one\nprices = {'apple': 1}\na = area(1)")
    live_kernel.restart()
    assert "dict" in live_kernel.inspect("prices")
    assert "Of a circle." in live_kernel.inspect("area")


def test_shift_tab_on_a_large_value_tells_what_it_is_without_loading_it(live_kernel):
    live_kernel.run("%%step one\nbig = bytearray(40_000_000)")
    live_kernel.restart()
    assert "It is loaded when a cell mentions it" in live_kernel.inspect("big")
    assert "restored" in live_kernel.run("len(big)").text


def test_asking_for_help_loads_what_is_asked_for_and_nothing_else(live_kernel):
    live_kernel.run("%%step one\na = [1]\nb = [2]")
    live_kernel.restart()
    assert "a v1" in live_kernel.run("a?").text
    assert "b v1" in live_kernel.run("b").text


def test_a_shell_line_loads_just_what_it_fills_in(live_kernel):
    live_kernel.run("%%step one\na = 'hello'\nb = [2]")
    live_kernel.restart()
    done = live_kernel.run("!echo {a}")
    assert "hello" in done.text
    assert "b v1" not in done.text


def test_a_verb_loads_nothing(live_kernel):
    live_kernel.run("%%step one\na = [1]")
    live_kernel.restart()
    assert "restored" not in live_kernel.run("%mlpipe runs").text


def test_a_cell_that_lists_the_namespace_finds_everything(live_kernel):
    live_kernel.run("%%step one\na = [1]")
    live_kernel.restart()
    assert "a\t" in live_kernel.run("%who").text
    live_kernel.restart()
    assert live_kernel.run("print('a' in dir())").text.endswith("True\n")


def test_a_value_that_is_damaged_is_refused_by_name_and_the_others_come(live_kernel):
    live_kernel.run("%%step one\na = list(range(3000))\nb = [1]")
    blobs = (live_kernel.folder / ".mlpipe" / "artifacts").rglob("*")
    largest = max((b for b in blobs if b.is_file()), key=lambda b: b.stat().st_size)
    largest.chmod(0o644)
    largest.write_bytes(b"x")
    live_kernel.restart()
    done = live_kernel.run("print(b)\na")
    assert "[1]" in done.text
    assert "`a` v1 cannot be brought back" in done.text
    assert "NameError" in done.error


def test_an_import_that_is_missing_by_now_is_named_and_the_rest_comes(live_kernel):
    (live_kernel.folder / "lost.py").write_text("x = 1\n")
    live_kernel.run("import lost, math")
    live_kernel.run("import json")
    live_kernel.run("%%step one\na = [lost.x]")
    (live_kernel.folder / "lost.py").unlink()
    live_kernel.restart()
    done = live_kernel.run("print(json.dumps(a))\nlost")
    assert "`import lost, math` failed" in done.text
    assert "[1]" in done.text


def test_a_literal_set_after_the_step_is_what_comes_back(live_kernel):
    live_kernel.run("%%step one\nx = 1")
    live_kernel.run("x = 5")
    live_kernel.run("%%step two\ny = 2")
    live_kernel.restart()
    assert live_kernel.run("print(x)").text.endswith("5\n")


def test_a_list_that_a_step_has_grown_comes_back_grown(live_kernel):
    live_kernel.run("items = [1]")
    live_kernel.run("%%step one\nitems.append(2)")
    live_kernel.restart()
    assert live_kernel.run("print(items)").text.endswith("[1, 2]\n")


def test_data_made_outside_a_step_comes_back_once_a_step_has_read_it(live_kernel):
    live_kernel.run("data = [n * n for n in range(4)]")
    live_kernel.run("%%step one\ntotal = sum(data)")
    live_kernel.restart()
    assert live_kernel.run("print(data)").text.endswith("[0, 1, 4, 9]\n")


def test_objects_that_share_state_come_back_sharing_it(live_kernel):
    live_kernel.run(CLASS + "\nfrom functools import partial")
    cell = "%%step one\nbox = Box()\nadd = box.add\ndef counter(seen):\n    def count():\n"
    cell += "        seen.append(0)\n        return len(seen)\n    return count\n"
    cell += "seen = []\ncount = counter(seen)\nagain = partial(box.add, 9)"
    live_kernel.run(cell)
    live_kernel.restart()
    done = live_kernel.run("add(5)\nagain()\ncount()\nprint(box.items, seen, type(box) is Box)")
    assert done.text.endswith("[1, 5, 9] [0] True\n")


def test_a_step_that_reads_an_object_of_a_class_it_does_not_mention_runs_after_a_restart(
    live_kernel,
):
    live_kernel.run(CLASS)
    live_kernel.run("%%step one\nbox = Box()")
    live_kernel.restart()
    assert "n v1" in live_kernel.run("%%step two\nn = len(box.items)").line
    live_kernel.run("%%step three\nm = Box().items")
    live_kernel.restart()
    assert live_kernel.run("print(box.add(2))").text.endswith("[1, 2]\n")


def test_an_object_stays_of_the_class_it_was_made_from_when_a_new_session_defines_another(
    live_kernel,
):
    live_kernel.run("class Box:\n    size = 1")
    live_kernel.run("%%step one\nbox = Box()")
    live_kernel.restart()
    live_kernel.run("class Box:\n    size = 2")
    assert live_kernel.run("print(box.size, Box.size)").text.endswith("1 2\n")


@pytest.mark.parametrize(
    ("constant", "change", "left"),
    [
        ("xs = [1, 2]", "xs.append(5)", "[1, 2, 5]"),
        ("xs = 1", "def more():\n    global xs\n    xs += 1\nmore()", "2"),
    ],
)
def test_a_constant_that_was_changed_since_it_was_written_is_data(
    live_kernel, constant, change, left
):
    live_kernel.run(constant)
    live_kernel.run(change)
    live_kernel.run("%%step one\nprint(xs)")
    live_kernel.restart()
    assert live_kernel.run("print(xs)").text.endswith(f"{left}\n")


def test_a_constant_that_was_written_anew_after_a_change_holds_what_it_says(live_kernel):
    for cell in ("xs = [1]", "xs.append(2)", "%%step one\nprint(xs)", "xs = [1]"):
        live_kernel.run(cell)
    live_kernel.run("%%step one\nprint(xs)")
    live_kernel.restart()
    assert live_kernel.run("print(xs)").text.endswith("[1]\n")


def test_random_numbers_are_drawn_on_where_the_last_step_stopped(live_kernel):
    live_kernel.run("import random")
    live_kernel.run("%%step one\nrandom.seed(1)\nx = random.random()")
    drawn = live_kernel.run("print(random.random())").text
    live_kernel.restart()
    assert live_kernel.run("print(random.random())").text.endswith(drawn)


def test_an_environment_variable_that_a_step_set_comes_back_when_it_is_mentioned(live_kernel):
    live_kernel.run("%%step paint\nimport os\nos.environ['STUDY_SHADE'] = 'blue'")
    live_kernel.run("%%step look\nshade = os.environ['STUDY_SHADE']")
    live_kernel.restart()
    assert "cached" in live_kernel.run("%%step look\nshade = os.environ['STUDY_SHADE']").line
    live_kernel.restart()
    shown = live_kernel.run(
        "import os\nprint('STUDY_SHADE' in os.environ, os.environ.get('OTHER'))"
    )
    assert shown.text.endswith("True None\n")


SETTINGS = "print(np.get_printoptions()['precision'], decimal.getcontext().prec)"


def test_settings_come_back_with_the_first_name_and_the_steps_that_saw_them_hit(live_kernel):
    live_kernel.run("%%step look\nimport decimal\nimport numpy as np\nxs = np.arange(3.0)")
    live_kernel.run("%%step set\nnp.set_printoptions(precision=3)\ndecimal.getcontext().prec = 7")
    live_kernel.run("%%step text\ntext = np.array2string(xs / 7)")
    live_kernel.restart()
    assert "cached" in live_kernel.run("%%step text\ntext = np.array2string(xs / 7)").line
    live_kernel.restart()
    assert live_kernel.run(SETTINGS).text.endswith("3 7\n")


def test_settings_of_the_user_outdo_those_of_the_earlier_session(live_kernel):
    live_kernel.run("%%step look\nimport decimal\nimport numpy as np\nxs = np.arange(3.0)")
    live_kernel.run("%%step set\nnp.set_printoptions(precision=3)\ndecimal.getcontext().prec = 7")
    live_kernel.restart()
    live_kernel.run("import numpy\nnumpy.set_printoptions(precision=5)")
    assert live_kernel.run(SETTINGS).text.endswith("5 7\n")


def test_another_project_with_the_same_stores_restores_the_same(live_kernel, tmp_path):
    stores = tmp_path / "stores"
    other = tmp_path / "other"
    other.mkdir()
    live_kernel._env |= {
        "MLPIPE_ARTIFACT_STORE": str(stores / "artifacts"),
        "MLPIPE_METADATA_STORE": f"sqlite:///{stores / 'metadata.db'}",
    }
    stores.mkdir()
    live_kernel.restart()
    live_kernel.run(CLASS)
    live_kernel.run("%%step one\nbox = Box()\nbox.add(2)")
    live_kernel.folder = other
    live_kernel._env |= {"HOME": str(other), "JPY_SESSION_NAME": str(other / "study.ipynb")}
    live_kernel.restart()
    assert live_kernel.run("print(box.items)").text.endswith("[1, 2]\n")


def test_restore_brings_back_all_names_or_those_named(live_kernel):
    live_kernel.run("def f():\n    return 1")
    live_kernel.run("%%step one\na = [1]\nb = [2]")
    live_kernel.restart()
    assert "variables: a v1" in live_kernel.run("%mlpipe restore a").text
    done = live_kernel.run("%mlpipe restore")
    assert "variables: b v1" in done.text
    assert "definitions: f" in done.text
    assert "Nothing waits" in live_kernel.run("%mlpipe restore").text


def test_restore_of_a_run_binds_what_was_there_at_its_end(live_kernel):
    live_kernel.run("rate = 1\ndef f():\n    return 'old'")
    live_kernel.run("%%step one\nb = [rate]")
    live_kernel.restart()
    live_kernel.run("rate = 2\ndef f():\n    return 'new'")
    live_kernel.run("%%step one\nb = [rate]")
    assert "   1  " in live_kernel.run("%mlpipe runs").text
    assert "b v1" in live_kernel.run("%mlpipe restore --run 1").text
    assert live_kernel.run("print(b, rate, f())").text.endswith("[1] 1 old\n")
    assert "`b`" not in live_kernel.run("%%step two\nc = b + [rate]").line
    assert live_kernel.run("print(c)").text.endswith("[1, 1]\n")


def test_restore_of_a_run_undoes_changes_in_place(live_kernel):
    live_kernel.run("%%step one\nb = [1]")
    live_kernel.restart()
    live_kernel.run("b.append(2)")
    live_kernel.run("%mlpipe restore --run latest b")
    assert live_kernel.run("print(b)").text.endswith("[1]\n")


def test_restore_of_a_run_of_workers_binds_what_its_steps_left(live_kernel):
    import json
    import subprocess
    import sys

    cells = ["import math\ndef half(x):\n    return x / 2", "%%params\nn: int = 4"]
    cells += ["%%step one\na = [half(n)]", "%%step two\nb = a + [math.pi > 3]"]
    notebook = {
        "nbformat": 4, "nbformat_minor": 5, "metadata": {},
        "cells": [
            {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "source": text,
             "execution_count": None}
            for i, text in enumerate(cells)
        ],
    }  # fmt: skip
    live_kernel.notebook.write_text(json.dumps(notebook))
    command = [sys.executable, "-m", "jupyter_mlpipe", "run", "study.ipynb", "-p", "n=8"]
    subprocess.run(command, cwd=live_kernel.folder, env=live_kernel._env, check=True)
    done = live_kernel.run("%mlpipe restore --run latest")
    assert "b v1" in done.text, done.error
    assert live_kernel.run("print(a, b, half(n))").text.endswith("[4.0] [4.0, True] 4.0\n")


def test_an_unknown_run_or_name_is_answered_with_those_there_are(live_kernel):
    live_kernel.run("%%step one\na = 1")
    assert "There is no run 7. The newest are 1" in live_kernel.run("%mlpipe restore --run 7").error
    assert "nope is not on record" in live_kernel.run("%mlpipe restore nope").text
    assert "--run needs a run" in live_kernel.run("%mlpipe restore --run").error


def test_a_name_that_cannot_come_back_is_told_with_the_step_to_run(live_kernel):
    live_kernel.run("%%step make\ng = (i for i in range(9))")
    live_kernel.run("%%step use\nfirst = next(g)")
    live_kernel.restart()
    told = live_kernel.run("g")
    assert "`g` was made by step make and cannot be kept; run that step again" in told.text
    live_kernel.run("%%step make\ng = (i for i in range(9))")
    assert "cannot be kept" not in live_kernel.run("g").text


def test_an_older_value_does_not_come_back_in_the_place_of_one_that_could_not_be_kept(live_kernel):
    live_kernel.run("%%step make\ng = [1]")
    live_kernel.run("%%step make\ng = (i for i in range(9))")
    live_kernel.restart()
    assert "NameError" in live_kernel.run("g").error


def test_a_script_may_define_again_the_class_of_what_waits(live_kernel):
    (live_kernel.folder / "boxes.py").write_text("class Box:\n    size = 3\n")
    live_kernel.run("%%step one\n%run boxes.py")
    live_kernel.run("%%step two\nbox = Box()")
    live_kernel.restart()
    again = live_kernel.run("%%step one\n%run boxes.py")
    assert not again.error
    assert "`box` cannot be brought back" in again.line
    assert live_kernel.run("print(box.size)").text.endswith("3\n")


def test_a_module_that_a_step_writes_is_not_imported_before(live_kernel):
    write = "%%step write\n%%writefile grown.py\nSIZE = "
    live_kernel.run(f"{write}1")
    live_kernel.run("%%step use\nimport grown\na = grown.SIZE")
    live_kernel.restart()
    live_kernel.run(f"{write}22")
    live_kernel.run("%%step use\nimport grown\na = grown.SIZE")
    assert live_kernel.run("print(a)").text.endswith("22\n")
