"""`%%step` in a real kernel, cell by cell."""

import pytest

from tests.kernel.shown import shown


def test_a_step_keeps_its_outputs_as_versions(live_kernel):
    done = live_kernel.run("%%step load\nnumbers = [1, 2, 3]")
    assert "numbers v1" in done.line
    (step,) = shown(live_kernel)["steps"]
    assert step["status"] == "succeeded"
    assert [o["artifact"] for o in step["outputs"]] == ["study::load::numbers"]


def test_a_step_run_again_is_cached_and_shows_its_outputs(live_kernel):
    cell = "%%step load\nprint('loading')\nnumbers = [1, 2, 3]\nlen(numbers)"
    first, again = live_kernel.run(cell), live_kernel.run(cell)
    assert "cached" in again.line
    kinds = [(o["output_type"], o.get("text") or o["data"]["text/plain"]) for o in first.shown]
    assert kinds == [("stream", "loading\n"), ("execute_result", "3")]
    assert kinds == [
        (o["output_type"], o.get("text") or o["data"]["text/plain"]) for o in again.shown
    ]


def test_an_edited_helper_is_named_as_the_reason(live_kernel):
    live_kernel.run("def double(x):\n    return 2 * x")
    live_kernel.run("%%step one\na = double(1)")
    live_kernel.run("def double(x):\n    return x + x")
    done = live_kernel.run("%%step one\na = double(1)")
    assert "`double` was edited" in done.line


def test_a_reformatted_cell_still_hits(live_kernel):
    live_kernel.run("%%step one\na = {'x': 1}")
    assert "cached" in live_kernel.run("%%step one\n# a comment\na = {\n    'x': 1\n}").line


def test_a_change_in_place_becomes_a_version_and_is_applied_again_on_a_hit(live_kernel):
    cells = ["%%step make\nitems = [1]", "%%step grow\nitems.append(2)"]
    for cell in cells:
        live_kernel.run(cell)
    assert "cached" in live_kernel.run(cells[0]).line
    assert live_kernel.run("print(items)").text.endswith("[1]\n")
    assert "cached" in live_kernel.run(cells[1]).line
    assert live_kernel.run("print(items)").text.endswith("[1, 2]\n")
    grown = shown(live_kernel)["steps"][1]["outputs"]
    assert [(o["variable"], o["mutated"]) for o in grown] == [("items", True)]


def test_a_change_behind_the_back_is_noticed_before_the_lookup(live_kernel):
    live_kernel.run("%%step make\nitems = [1]")
    live_kernel.run("%%step total\ns = sum(items)")
    live_kernel.run("items.append(5)")
    done = live_kernel.run("%%step total\ns = sum(items)")
    assert "`items` changed outside a step" in done.line
    assert live_kernel.run("print(s)").text.endswith("6\n")


def test_an_edited_cell_and_a_first_run_say_so(live_kernel):
    live_kernel.run("%%step one\na = 1")
    assert [step["reason"] for step in shown(live_kernel)["steps"]] == ["first run"]
    assert "the code of this cell changed" in live_kernel.run("%%step one\na = 2").line
    assert "cached" in live_kernel.run("%%step one\na = 1").line


def test_equal_content_from_a_step_run_again_still_hits_downstream(live_kernel):
    live_kernel.run("%%step make\nitems = [1, 2]")
    live_kernel.run("%%step total\ns = sum(items)")
    live_kernel.run("%%step make\nitems = [1] + [2]")
    assert "cached" in live_kernel.run("%%step total\ns = sum(items)").line


def test_values_definitions_and_imports_come_back_after_a_restart(live_kernel):
    live_kernel.run("import math\ndef area(r):\n    return math.pi * r * r")
    live_kernel.run("%%step one\nradius = 2\nbig = area(radius)")
    live_kernel.restart()
    done = live_kernel.run("print(round(big, 2), round(area(1), 2))")
    assert "12.57 3.14" in done.text
    assert "restored" in done.text


def test_steps_after_a_restart_hit_without_running_what_came_before(live_kernel):
    cells = ["%%step one\na = [1]", "%%step two\nb = a + [2]"]
    for cell in cells:
        live_kernel.run(cell)
    live_kernel.restart()
    assert "cached" in live_kernel.run(cells[1]).line
    assert live_kernel.run("print(b)").text.endswith("[1, 2]\n")


def test_aliases_stay_aliases_after_a_restart(live_kernel):
    live_kernel.run("%%step one\na = [1]\nb = a")
    live_kernel.restart()
    assert live_kernel.run("print(a is b)").text.endswith("True\n")


def test_equal_values_are_restored_as_values_of_their_own(live_kernel):
    live_kernel.run("%%step one\na = [1]\nb = [1]")
    live_kernel.restart()
    assert live_kernel.run("a.append(2)\nprint(a, b)").text.endswith("[1, 2] [1]\n")


def test_an_alias_that_is_a_copy_now_makes_the_step_run(live_kernel):
    make, alias = "%%step make\na = [1]", "%%step alias\nb = {}"
    grow = "%%step grow\na.append(2)\nprint(b)"
    for cell in (make, alias.format("a"), grow):
        live_kernel.run(cell)
    live_kernel.restart()
    for cell in (make, alias.format("list(a)")):
        live_kernel.run(cell)
    again = live_kernel.run(grow)
    assert "other variables share memory" in again.line
    assert again.text.startswith("[1]\n")


def test_a_view_is_the_steps_and_its_base_stays_the_earlier_steps(live_kernel):
    live_kernel.run("%%step make\nimport numpy as np\na = np.zeros(4)")
    viewed = live_kernel.run("%%step view\nv = a[1:3]")
    assert "v v1" in viewed.line
    assert "a v" not in viewed.line


def test_a_hit_makes_a_new_object_as_the_cell_would(live_kernel):
    make = "%%step make\na = [1]"
    for cell in (make, "b = a", make, "a.append(2)"):
        live_kernel.run(cell)
    assert live_kernel.run("print(a, b)").text.endswith("[1, 2] [1]\n")


def test_views_of_one_array_stay_views_after_a_restart(live_kernel):
    live_kernel.run("%%step one\nimport numpy as np\na = np.zeros(4)\nb = a[1:3]")
    live_kernel.restart()
    assert "[0. 7. 7. 0.]" in live_kernel.run("b[:] = 7\nprint(a)").text


def test_a_cell_that_raises_shows_the_users_traceback_and_keeps_nothing(live_kernel):
    done = live_kernel.run("%%step one\na = 1\nb = a / 0")
    assert "ZeroDivisionError" in done.error
    assert "jupyter_mlpipe" not in done.error
    (step,) = shown(live_kernel)["steps"]
    assert (step["status"], step["outputs"]) == ("failed", [])
    assert "ZeroDivisionError" in step["error"]


def test_what_cannot_be_stored_is_named_and_the_result_stands(live_kernel):
    done = live_kernel.run("%%step one\ng = (i for i in range(3))\nn = 4")
    assert "`g` (a generator) cannot travel" in done.line
    assert live_kernel.run("print(next(g), n)").text.endswith("0 4\n")
    assert "cached" not in live_kernel.run("%%step one\ng = (i for i in range(3))\nn = 4").line


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%%step one --otu x", "--out"),
        ("%%step", "name"),
        ("%%step one --cpu many", "--cpu"),
    ],
)
def test_a_step_line_that_is_not_understood_runs_nothing(live_kernel, line, words):
    done = live_kernel.run(f"{line}\nprint('ran')")
    assert "ran" not in done.text
    assert words in done.error
    assert "Traceback" not in done.error


def test_two_cells_with_one_step_name_are_refused_before_anything_runs(live_kernel):
    live_kernel.run("%%step one\na = 1", cell_id="first")
    done = live_kernel.run("%%step one\nprint('ran')", cell_id="second")
    assert "DuplicateStepError" in done.error
    assert "ran" not in done.text


def test_a_version_name_that_is_taken_is_refused_before_the_cell_computes(live_kernel):
    live_kernel.run("%%step one --version raw\na = 1")
    done = live_kernel.run("%%step one --version raw\nprint('ran')\na = 2")
    assert "already has a version 'raw'" in done.error
    assert "ran" not in done.text


def test_top_level_await_and_inner_magics_work_in_a_step(live_kernel):
    live_kernel.run("import asyncio")
    done = live_kernel.run("%%step one\nawait asyncio.sleep(0)\n%time a = 1 + 1")
    assert done.error == ""
    assert live_kernel.run("print(a)").text.endswith("2\n")


def test_a_shell_line_makes_a_step_run_every_time(live_kernel):
    cell = "%%step one\nlines = !echo hello"
    live_kernel.run(cell)
    assert "shell" in live_kernel.run(cell).line


def test_a_changed_input_file_is_noticed(live_kernel):
    data = live_kernel.folder / "data.csv"
    data.write_text("x\n1\n")
    cell = "%%step read\nwith open('data.csv') as f:\n    text = f.read()"
    live_kernel.run(cell)
    assert "cached" in live_kernel.run(cell).line
    data.write_text("x\n2\n")
    assert "data.csv changed" in live_kernel.run(cell).line


def test_a_new_file_beside_the_notebook_is_no_reason_to_run_a_step_that_imports(live_kernel):
    cell = "%%step one\nimport wave\na = wave.Error.__name__"
    live_kernel.run(cell)
    (live_kernel.folder / "unrelated.txt").write_text("x")
    live_kernel.restart()
    assert "cached" in live_kernel.run(cell).line


def test_a_step_that_lists_a_folder_notices_a_new_file_in_it(live_kernel):
    folder = live_kernel.folder / "data"
    folder.mkdir()
    cell = "%%step one\nimport os\nnames = sorted(os.listdir('data'))"
    live_kernel.run(cell)
    assert "cached" in live_kernel.run(cell).line
    (folder / "new.csv").write_text("x")
    assert "data changed" in live_kernel.run(cell).line


def test_an_edited_local_module_is_noticed_once_it_is_reloaded(live_kernel):
    module = live_kernel.folder / "pricing.py"
    module.write_text("def price():\n    return 1\n")
    live_kernel.run("import pricing, importlib")
    cell = "%%step one\np = pricing.price()"
    live_kernel.run(cell)
    assert "cached" in live_kernel.run(cell).line
    module.write_text("def price():\n    return 22\n")
    live_kernel.run("importlib.reload(pricing)")
    assert "`pricing` was edited" in live_kernel.run(cell).line


def test_unseeded_random_numbers_are_drawn_anew_and_seeded_ones_hit(live_kernel):
    live_kernel.run("import random")
    draw = "%%step draw\nx = random.random()"
    live_kernel.run(draw)
    assert "random is in another state" in live_kernel.run(draw).line
    seeded = "%%step seeded\nrandom.seed(1)\ny = random.random()"
    live_kernel.run(seeded)
    state = live_kernel.run("print(random.random())").text
    assert "cached" in live_kernel.run(seeded).line
    assert live_kernel.run("print(random.random())").text == state


def test_parameters_are_named_when_they_change(live_kernel):
    live_kernel.run("%%params\nlr: float = 0.1")
    live_kernel.run("%%step one\na = lr * 2")
    live_kernel.run("%%params\nlr: float = 0.2")
    assert "parameter `lr` changed" in live_kernel.run("%%step one\na = lr * 2").line


def test_a_damaged_store_leaves_the_cell_unharmed(live_kernel):
    (live_kernel.folder / ".mlpipe").mkdir()
    (live_kernel.folder / ".mlpipe" / "metadata.db").write_text("this is not a database" * 100)
    done = live_kernel.run("%%step one\nprint('ran')\na = 1")
    assert "ran" in done.text
    assert "its result stands, but it is not kept" in done.text
    assert done.error == ""


def test_a_folder_that_cannot_be_made_leaves_the_cell_unharmed(live_kernel):
    (live_kernel.folder / ".mlpipe").write_text("a file in its place")
    done = live_kernel.run("%%step one\na = 1\nprint('ran')")
    assert "ran" in done.text
    assert "its result stands, but it is not kept" in done.text


def test_a_full_disk_leaves_the_cell_and_what_was_stored_unharmed(live_kernel):
    live_kernel.run("%%step one\na = [1]")
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))"
    live_kernel.run(limit)
    done = live_kernel.run("%%step big\nb = list(range(100_000))\nprint('ran')")
    assert "ran" in done.text
    assert "its result stands, but it is not kept" in done.text
    assert live_kernel.run("print(len(b))").text.endswith("100000\n")
    live_kernel.restart()
    assert "cached" in live_kernel.run("%%step one\na = [1]").line


def test_a_second_cell_magic_runs_inside_a_step(live_kernel):
    cell = "%%step one\n%%time\ntotal = sum(range(10))"
    done = live_kernel.run(cell)
    assert "Wall time" in done.text
    assert "total v1" in done.line
    assert "cached" in live_kernel.run(cell).line


def test_an_object_of_a_notebooks_class_comes_back_as_one_of_it(live_kernel):
    live_kernel.run("class Box:\n    def __init__(self):\n        self.items = [1]")
    live_kernel.run("%%step one\nbox = Box()")
    live_kernel.restart()
    assert live_kernel.run("print(box.items, type(box) is Box)").text.endswith("[1] True\n")


def test_imports_and_functions_of_a_step_are_there_after_a_hit(live_kernel):
    cell = "%%step one\nimport math\ndef half(x):\n    return x / 2\na = half(math.tau)"
    live_kernel.run(cell)
    live_kernel.restart()
    assert "cached" in live_kernel.run(cell).line
    assert live_kernel.run("print(half(math.tau) == math.pi)").text.endswith("True\n")


def test_a_function_comes_back_with_its_annotations_as_they_were(live_kernel):
    live_kernel.run("def half(x: float) -> float:\n    return x / 2")
    live_kernel.run("%%step one\na = half(3)")
    live_kernel.restart()
    told = live_kernel.run("print(half.__annotations__['x'] is float)")
    assert told.text.endswith("True\n")


def test_a_hit_brings_a_function_back_that_another_cell_has_redefined(live_kernel):
    cell = "%%step one\ndef rate():\n    return 1\na = rate()"
    live_kernel.run(cell)
    live_kernel.run("def rate():\n    return 2")
    live_kernel.run("%%step two\nb = rate()")
    live_kernel.run(cell)
    assert live_kernel.run("print(rate())").text.endswith("1\n")


def test_a_hit_keeps_the_class_that_live_objects_are_of(live_kernel):
    cell = "%%step one\nclass Box:\n    size = 1\nbox = Box()"
    live_kernel.run(cell)
    assert "cached" in live_kernel.run(cell).line
    assert live_kernel.run("print(type(box) is Box)").text.endswith("True\n")


def test_what_a_hit_leaves_is_of_the_class_as_it_is_defined_now(live_kernel):
    define, cell = "class Box:\n    size = 1", "%%step one\nboxes = [Box()]"
    live_kernel.run(define)
    live_kernel.run(cell)
    live_kernel.run(define)
    assert "cached" in live_kernel.run(cell).line
    assert live_kernel.run("print(type(boxes[0]) is Box)").text.endswith("True\n")


def test_what_a_step_only_imports_is_no_artifact(live_kernel):
    cell = "%%step one\nfrom math import pi, sqrt\nfrom functools import lru_cache\n"
    cell += "@lru_cache\ndef root(x):\n    return sqrt(x)\na = root(pi)"
    done = live_kernel.run(cell)
    assert [o["variable"] for o in shown(live_kernel)["steps"][0]["outputs"]] == ["a"], done.line
    live_kernel.restart()
    assert "cached" in live_kernel.run(cell).line
    assert live_kernel.run("print(root(pi) == a)").text.endswith("True\n")


def test_a_change_behind_a_bound_method_or_an_underscore_is_noticed(live_kernel):
    live_kernel.run("%%step make\n_prices = {'a': 1}\nlook_up = _prices.get")
    for cell in ("%%step one\nx = look_up('a')", "%%step two\ny = _prices['a']"):
        live_kernel.run(cell)
        assert "cached" in live_kernel.run(cell).line
    live_kernel.run("_prices['a'] = 2")
    for cell in ("%%step one\nx = look_up('a')", "%%step two\ny = _prices['a']"):
        assert "cached" not in live_kernel.run(cell).line
    assert live_kernel.run("print(x, y)").text.endswith("2 2\n")


def test_a_deleted_variable_is_deleted_again_on_a_hit(live_kernel):
    cells = ["%%step one\na = 1\nb = 2", "%%step two\nc = a + b\ndel a"]
    for cell in cells * 2:
        done = live_kernel.run(cell)
    assert "cached" in done.line
    assert "NameError" in live_kernel.run("a").error


def test_a_changed_constant_is_named_and_an_equal_one_hits(live_kernel):
    cell = "%%step one\nb = LIMIT * 2"
    live_kernel.run("LIMIT = 3")
    live_kernel.run(cell)
    live_kernel.run("LIMIT = 3  # still")
    assert "cached" in live_kernel.run(cell).line
    live_kernel.run("LIMIT = 4")
    assert "`LIMIT` changed" in live_kernel.run(cell).line


def test_a_step_that_runs_code_of_a_variable_runs_every_time(live_kernel):
    live_kernel.run("code = 'a = 1'")
    cell = "%%step one\nexec(code)"
    live_kernel.run(cell)
    assert "uses exec" in live_kernel.run(cell).line


def test_the_newest_of_several_matching_runs_is_found_again(live_kernel):
    live_kernel.run("%%params\nn: int = 1")
    cell = "%%step one\na = [n]"
    live_kernel.run(cell)
    live_kernel.run("%%params\nn: int = 2")
    live_kernel.run(cell)
    live_kernel.run("%%params\nn: int = 1")
    assert "cached" in live_kernel.run(cell).line
    assert live_kernel.run("print(a)").text.endswith("[1]\n")


def test_a_truncated_blob_makes_a_step_run_again(live_kernel):
    live_kernel.run("%%step one\na = list(range(100))")
    for blob in (live_kernel.folder / ".mlpipe" / "artifacts").rglob("*"):
        if blob.is_file():
            blob.chmod(0o644)
            blob.write_bytes(blob.read_bytes()[:10])
    live_kernel.restart()
    done = live_kernel.run("%%step one\na = list(range(100))")
    assert "damaged or gone" in done.line
    assert live_kernel.run("print(len(a))").text.endswith("100\n")


def test_hostile_names_are_text(live_kernel):
    name = "../<b>it's</b> 🚀 " + "x" * 300
    done = live_kernel.run(f'%%step "{name}"\na = 1')
    assert "a v1" in done.line
    assert shown(live_kernel)["steps"][0]["step"] == name
    html = next(o["data"]["text/html"] for o in done.outputs if "text/html" in o.get("data", {}))
    assert "<b>it" not in html


def test_unloading_leaves_the_shell_as_it_was(live_kernel):
    live_kernel.run("%unload_ext mlpipe_kernel")
    assert "`%%step` not found" in live_kernel.run("%%step one\na = 1").text
    live_kernel.run("%load_ext jupyter_mlpipe")
    assert "a v1" in live_kernel.run("%%step one\na = 1").line


@pytest.mark.parametrize(("option", "read"), [("-i ", {"xs"}), ("", set())])
def test_a_script_reads_what_it_sees_of_the_notebook(live_kernel, option, read):
    (live_kernel.folder / "job.py").write_text("total = sum(xs)\n")
    live_kernel.run("%%step data\nxs = [1]")
    live_kernel.run(f"%%step run\n%run {option}job.py")
    _, run = shown(live_kernel)["steps"]
    assert {i["variable"] for i in run["inputs"]} == read


def test_what_cannot_be_kept_is_an_output_and_an_input_all_the_same(live_kernel):
    live_kernel.run("import threading")
    live_kernel.run("%%step make\ng, lock = (i for i in range(9)), threading.Lock()")
    live_kernel.run("%%step use\nwith lock:\n    first = next(g)")
    make, use = shown(live_kernel)["steps"]
    assert [o["variable"] for o in make["outputs"]] == ["g", "lock"]
    assert [(i["variable"], i["produced_by"]) for i in use["inputs"]] == [
        ("g", "make"),
        ("lock", "make"),
    ]
    assert [(o["variable"], o["mutated"]) for o in use["outputs"]] == [
        ("first", False),
        ("g", True),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "import helper\nx = helper.f()",
        "from helper import f\nx = f()",
        "def g():\n    import helper\n    return helper.f()\nx = g()",
        "import tools.inner\nx = tools.inner.f()",
        "from tools import inner\nx = inner.f()",
    ],
)
def test_an_edited_module_that_the_step_itself_imports_is_a_miss(live_kernel, body):
    (live_kernel.folder / "tools").mkdir()
    files = [live_kernel.folder / "helper.py", live_kernel.folder / "tools" / "inner.py"]
    for file in files:
        file.write_text("def f(): return 1\n")
    live_kernel.run(f"%%step use\n{body}")
    assert "cached" in live_kernel.run(f"%%step use\n{body}").line
    for file in files:
        file.write_text("def f(): return 22\n")
    live_kernel.restart()
    assert "was edited" in live_kernel.run(f"%%step use\n{body}").line
    assert live_kernel.run("print(x)").text.endswith("22\n")


def test_a_captured_cell_is_a_step_like_any_other(live_kernel):
    live_kernel.run("%%step data\nn = 3")
    cell = "%%step shout\n%%capture said\nprint('loud', n)\nm = n + 1"
    assert "m v1" in live_kernel.run(cell).line
    assert "cached" in live_kernel.run(cell).line
    assert live_kernel.run("print(m, said.stdout)").text.endswith("4 loud 3\n\n")


def test_a_result_that_was_not_computed_is_never_that_of_another_cell(live_kernel):
    for _ in range(2):
        live_kernel.run("x = 3\nx")
        done = live_kernel.run("%%step five\n5")
    assert "cached" in done.line
    assert "did not run again" in live_kernel.run("print(_)").text
    assert "NotComputed" in live_kernel.run("_ + 1").error
    assert live_kernel.run("print(__, x)").text.endswith("3 3\n")
