import inspect

import pytest

from jupyter_mlpipe.engine.executor import PlainExecutor, default_executor
from jupyter_mlpipe.model.errors import NotebookError


def run(source, namespace=None):
    return PlainExecutor().execute(source, {} if namespace is None else namespace)


def test_the_cell_works_on_the_namespace_it_is_given():
    namespace = {"x": 1}
    assert run("y = x + 1", namespace).error is None
    assert namespace["y"] == 2


def test_await_works_at_the_top_level_and_tasks_live_through_the_cell():
    namespace = {}
    source = "import asyncio\nt = asyncio.create_task(asyncio.sleep(0, 5))\nx = 1\nv = await t"
    assert run(source, namespace).error is None
    assert namespace["v"] == 5


def test_printed_text_is_kept_and_passed_on(capsys):
    outcome = run("import sys\nprint('a')\nprint('b')\nprint('c', file=sys.stderr)")
    assert [(o["name"], o["text"]) for o in outcome.outputs] == [
        ("stdout", "a\nb\n"),
        ("stderr", "c\n"),
    ]
    assert capsys.readouterr().out == "a\nb\n"


def test_a_final_expression_is_shown_and_a_semicolon_hides_it():
    assert run("1 + 1").outputs[0]["data"] == {"text/plain": "2"}
    assert run("1 + 1;").outputs == ()
    assert run("None").outputs == ()


def test_display_shows_a_value():
    outcome = run("display([1])")
    assert outcome.outputs[0]["output_type"] == "display_data"
    assert outcome.error is None


def test_a_failure_shows_the_users_lines_and_none_of_ours():
    outcome = run("def f():\n    1 / 0\nf()")
    assert isinstance(outcome.error, ZeroDivisionError)
    assert "1 / 0" in outcome.traceback
    assert "executor.py" not in outcome.traceback


def test_what_was_printed_before_a_failure_is_kept():
    assert run("print('before')\nraise SystemExit(3)").outputs[0]["text"] == "before\n"


def test_a_cell_that_is_not_python_fails_without_our_traceback():
    outcome = run("x = = 1")
    assert isinstance(outcome.error, SyntaxError)
    assert "executor.py" not in outcome.traceback


def test_the_source_of_functions_can_be_read():
    namespace = {}
    run("def f():\n    return 'here'\n", namespace)
    assert inspect.getsource(namespace["f"]) == "def f():\n    return 'here'\n"


@pytest.mark.parametrize(
    ("cell", "command"),
    [("%matplotlib inline", "%matplotlib"), ("!ls -l", "!ls -l"), ("files = !ls", "!ls"),
     ("%%bash\nls", "%%bash"), ("x = get_ipython()", r"get_ipython\(\)")],
)  # fmt: skip
def test_ipython_commands_are_refused_by_name_before_anything_runs(cell, command):
    namespace = {}
    with pytest.raises(NotebookError, match=f"uses {command}"):
        run(f"{cell}\nran = True" if not cell.startswith("%%") else cell, namespace)
    assert "ran" not in namespace


def test_printing_without_end_keeps_only_the_beginning(capsys):
    outcome = run("for _ in range(30): print('x' * 50_000)")
    assert sum(len(o["text"]) for o in outcome.outputs) == 1_000_000


def test_there_is_always_an_executor():
    assert default_executor().execute("x = 1", {}).error is None


def test_display_belongs_to_the_cell_that_runs_and_is_no_variable_of_the_user():
    namespace = {}
    run("display(1)", namespace)
    assert "display" not in namespace
    assert len(run("display(2)", namespace).outputs) == 1


def test_an_import_from_the_future_holds_for_later_cells():
    namespace = {}
    assert run("def f(x: Missing): pass", dict(namespace)).error is not None
    assert run("from __future__ import annotations", namespace).error is None
    assert run("def f(x: Missing): pass", namespace).error is None
    assert namespace["f"].__annotations__ == {"x": "Missing"}
