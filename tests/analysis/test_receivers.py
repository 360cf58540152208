import pytest

from jupyter_mlpipe.analysis.closure import close_over
from jupyter_mlpipe.analysis.dataflow import analyze
from jupyter_mlpipe.analysis.modules import ModuleFiles

INTERPRETER = """
class Interp:
    def __init__(self): self.out = []
    def execute(self, text): return [self.execute(part) for part in text.split(";")[1:]]
    def again(self, text): return self.execute(text)
"""
CONNECTION = """
import sqlite3
class Connection:
    def __init__(self): self.inner = sqlite3.connect(":memory:")
    def execute(self, text): return self.inner.execute(text)
"""


@pytest.fixture
def dynamic(namespace, run):
    def close(step, *cells, kinds=None):
        for cell in cells:
            run(cell)
        data = kinds or {}
        return close_over(analyze(step), namespace, ModuleFiles(), data.keys(), data).dynamic

    return close


@pytest.mark.parametrize(
    "step",
    [
        "Interp().execute(t)",
        "Interp().again(t)",
        "i = Interp()\ni.execute(t)",
        "shared.execute(t)",
        "def f(t):\n    i = Interp()\n    return i.execute(t)\nf(t)",
        "class Calc:\n    def eval(self, t): return [self.eval(x) for x in t]\nCalc().eval(t)",
    ],
)
def test_a_method_of_the_notebook_may_be_given_any_text(dynamic, step):
    assert dynamic(step, INTERPRETER, "shared = Interp()\nt = 'a'") is None


@pytest.mark.parametrize(
    "step",
    [
        "f(x).execute(t)",
        "shared.execute(t)",
        "i = Interp()\ni = other()\ni.execute(t)",
        "shared = Interp() if t else other()\nshared.execute(t)",
        "def f(i, t): return i.execute(t)\nf(Interp(), t)",
        "class A:\n    def again(self, t): return self.execute(t)\nA().again(t)",
        "class A:\n  def execute(self, t):\n    self = odd()\n    self.execute(t)\nA().execute(t)",
        "Interp.make().execute(t)",
        "class A(odd):\n  def eval(self, t): return super().eval(t)\nA().eval(t)",
    ],
)
def test_what_may_be_another_object_may_run_the_text(dynamic, step):
    assert dynamic(step, INTERPRETER, "import sqlite3\nshared = sqlite3.connect(':memory:')")


def test_a_class_that_passes_the_text_on_is_named(dynamic):
    told = "`Connection.execute()` gives a text made elsewhere to .execute()"
    assert dynamic("Connection().execute(t)", CONNECTION) == told


def test_what_is_not_loaded_yet_is_known_by_the_name_of_its_class(dynamic):
    kinds = {"i": "__main__.Interp", "db": "sqlite3.Connection"}
    assert dynamic("i.execute(t)", INTERPRETER, kinds=kinds) is None
    assert dynamic("db.execute(t)", INTERPRETER, kinds=kinds)


def test_a_name_that_the_step_binds_anew_is_not_what_it_was(dynamic):
    cells = (INTERPRETER, "shared = Interp()", "def ask(t): return shared.execute(t)")
    assert dynamic("ask(t)", *cells) is None
    assert dynamic("shared = other()\nask(t)", *cells)
