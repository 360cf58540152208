"""IPython as it runs a step on a worker."""

import sys
from types import ModuleType

import pytest

from jupyter_mlpipe.engine.executor import default_executor
from mlpipe_kernel.executor import ShellExecutor


@pytest.fixture
def namespace(monkeypatch):
    main = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    return main.__dict__


def test_a_worker_with_ipython_finds_it_by_its_entry_point():
    assert isinstance(default_executor(), ShellExecutor)


def test_awaits_shell_lines_and_inner_magics_run(namespace):
    cell = "import asyncio\nawait asyncio.sleep(0)\nlines = !echo hi\n%time n = 1 + 1"
    outcome = ShellExecutor().execute(cell, namespace)
    assert outcome.error is None
    assert (list(namespace["lines"]), namespace["n"]) == (["hi"], 2)


def test_what_a_cell_shows_is_kept_in_order_as_a_notebook_writes_it(namespace):
    cell = "from IPython.display import HTML, display\nprint('a')\ndisplay(HTML('<b>b</b>'))\n'c'"
    shown = ShellExecutor().execute(cell, namespace).outputs
    assert [o["output_type"] for o in shown] == ["stream", "display_data", "execute_result"]
    assert shown[1]["data"]["text/html"] == "<b>b</b>"
    assert shown[2]["data"]["text/plain"] == "'c'"


def test_an_error_comes_back_with_the_users_traceback(namespace):
    outcome = ShellExecutor().execute("a = 1\na / 0", namespace)
    assert isinstance(outcome.error, ZeroDivisionError)
    assert "a / 0" in outcome.traceback
    assert "mlpipe" not in outcome.traceback


def test_a_cell_that_does_not_parse_is_an_error_of_the_users(namespace):
    assert isinstance(ShellExecutor().execute("x = = 1", namespace).error, SyntaxError)
