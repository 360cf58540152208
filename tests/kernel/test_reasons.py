"""Why a step was run or skipped, as the user reads it."""

import json
import subprocess
import sys


def html_of(done):
    return next(o["data"]["text/html"] for o in done.outputs if "text/html" in o.get("data", {}))


def test_an_edited_cell_shows_what_was_edited(live_kernel):
    live_kernel.run("%%step one\na = 1\nb = a + 1")
    done = live_kernel.run("%%step one\na = 1\nb = a + 2")
    assert done.line.splitlines()[0].endswith("the code of this cell changed")
    assert "    -b = a + 1\n    +b = a + 2" in done.line
    assert "<details>" in html_of(done)


def test_an_edited_function_is_shown_as_a_diff(live_kernel):
    live_kernel.run("def double(x):\n    return 2 * x")
    live_kernel.run("%%step one\na = double(1)")
    live_kernel.run("def double(x):\n    return x + x")
    done = live_kernel.run("%%step one\na = double(1)")
    assert "-    return 2 * x\n    +    return x + x" in done.line


def test_hostile_code_is_shown_as_text(live_kernel):
    live_kernel.run("%%step one\na = '<script>1</script>'")
    done = live_kernel.run("%%step one\na = '<img src=x>'")
    assert "<script>" not in html_of(done)
    assert "<img" not in html_of(done)


def test_the_cell_that_changed_a_variable_outside_a_step_is_named(live_kernel):
    live_kernel.run("%%step make\nitems = [1]")
    live_kernel.run("%%step total\ns = sum(items)")
    live_kernel.run("items.append(5)")
    done = live_kernel.run("%%step total\ns = sum(items)")
    assert "`items` changed outside a step: In [3] items.append(5)" in done.line


def test_a_variable_changed_through_another_name_blames_no_line(live_kernel):
    live_kernel.run("%%step make\nitems = [1]")
    live_kernel.run("%%step total\ns = sum(items)")
    live_kernel.run("globals()['ite' + 'ms'].append(5)")
    done = live_kernel.run("%%step total\ns = sum(items)")
    assert "`items` changed outside a step" in done.line
    assert "In [" not in done.line


def test_the_step_that_changed_a_variable_is_named(live_kernel):
    live_kernel.run("%%step make\nitems = [1]")
    live_kernel.run("%%step total\ns = sum(items)")
    live_kernel.run("%%step make\nitems = [1, 2]")
    done = live_kernel.run("%%step total\ns = sum(items)")
    assert "`items` changed by step make" in done.line


def test_a_parameter_tells_both_values(live_kernel):
    live_kernel.run("%%params\nlr: float = 0.1")
    live_kernel.run("%%step one\na = lr * 2")
    live_kernel.run("%%params\nlr: float = 0.2")
    done = live_kernel.run("%%step one\na = lr * 2")
    assert "parameter `lr` changed: 0.1 → 0.2" in done.line


def test_an_edited_module_names_its_functions_and_shows_the_lines(live_kernel):
    module = live_kernel.folder / "pricing.py"
    module.write_text("def price():\n    return 1\n\ndef tax():\n    return 3\n")
    live_kernel.run("import pricing, importlib")
    live_kernel.run("%%step one\np = pricing.price()")
    module.write_text("def price():\n    return 22\n\ndef tax():\n    return 3\n")
    live_kernel.run("importlib.reload(pricing)")
    done = live_kernel.run("%%step one\np = pricing.price()")
    assert "the module `pricing` was edited: price" in done.line.splitlines()[0]
    assert "+    return 22" in done.line


def test_a_changed_file_tells_its_sizes(live_kernel):
    data = live_kernel.folder / "data.csv"
    data.write_text("x\n1\n")
    cell = "%%step read\nwith open('data.csv') as f:\n    text = f.read()"
    live_kernel.run(cell)
    data.write_text("x\n22\n")
    done = live_kernel.run(cell)
    assert "data.csv changed" in done.line.splitlines()[0]
    assert "- 4 bytes" in done.line
    assert "+ 5 bytes" in done.line


def test_a_default_that_changed_is_told_from_an_edit(live_kernel):
    live_kernel.run("LIMIT = [1]\ndef first(x=LIMIT[0]):\n    return x")
    live_kernel.run("%%step one\na = first()")
    live_kernel.run("LIMIT = [2]\ndef first(x=LIMIT[0]):\n    return x")
    assert "`first` holds other values" in live_kernel.run("%%step one\na = first()").line


def test_why_tells_every_difference_and_not_only_the_first(live_kernel):
    live_kernel.run("rate = 2\ndef double(x):\n    return 2 * x")
    live_kernel.run("%%step one\na = double(rate)")
    live_kernel.run("rate = 3\ndef double(x):\n    return x + x")
    live_kernel.run("%%step one\na = double(rate)")
    told = live_kernel.run("%mlpipe why one").text
    assert "1. `rate` changed: 2 → 3" in told
    assert "2. `double` was edited" in told
    assert "+    return x + x" in told


def test_why_tells_of_a_hit_since_when_and_on_what_it_rests(live_kernel):
    live_kernel.run("rate = 2")
    for _ in range(2):
        live_kernel.run("%%step one\na = rate")
    told = live_kernel.run("%mlpipe why one").text
    assert "cached" in told
    assert "nothing it depends on changed" in told
    assert "constant: rate=2" in told


def test_why_names_near_steps(live_kernel):
    live_kernel.run("%%step train\na = 1")
    assert "Close are train" in live_kernel.run("%mlpipe why trian").error


def test_the_command_line_tells_the_same_as_json(live_kernel):
    live_kernel.run("%%step one\na = 1")
    live_kernel.run("%%step one\na = 2")
    command = [sys.executable, "-m", "jupyter_mlpipe", "why", "one", "--json"]
    done = subprocess.run(
        command, cwd=live_kernel.folder, env=live_kernel._env, capture_output=True, check=True
    )
    told = json.loads(done.stdout)
    assert told["reason"] == "the code of this cell changed"
    assert told["differences"][0]["diff"] == "-a = 1\n+a = 2"


def test_a_result_that_is_too_old_is_made_anew(live_kernel):
    cell = "%%step one --expires-after 1h\na = 1"
    live_kernel.run(cell)
    assert "cached" in live_kernel.run(cell).line
    assert "expired after 0.01 s" in live_kernel.run("%%step one --expires-after 0.01\na = 1").line


def test_the_cache_can_be_switched_off_for_a_pipeline(live_kernel):
    live_kernel.run("%%step one\na = 1")
    live_kernel.run("%pipeline study --no-cache")
    assert "%pipeline --no-cache" in live_kernel.run("%%step one\na = 1").line
    live_kernel.run("%pipeline study")
    assert "cached" in live_kernel.run("%%step one\na = 1").line
