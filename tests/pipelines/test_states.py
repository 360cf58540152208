"""Which steps wait for each other because of settings and files."""

import pytest

from jupyter_mlpipe.model.run import Dependency, DependencyKind, Status, StepRun
from jupyter_mlpipe.pipelines.compile import compile_notebook
from jupyter_mlpipe.pipelines.states import StateUse, must_follow, use_on_record


def use(*dependencies, effects=()):
    found = tuple(Dependency(kind, name, "d") for kind, name in dependencies)
    run = StepRun("s", "r", "p", "s", Status.SUCCEEDED, 1.0, dependencies=found,
                  effects=dict.fromkeys(effects, "b"))  # fmt: skip
    return use_on_record([run])


READS_MODE = use((DependencyKind.ENVIRONMENT, "MODE"))
READS_OTHER = use((DependencyKind.ENVIRONMENT, "OTHER"))
READS_ALL = use((DependencyKind.ENVIRONMENT, "*"))
SETS_MODE = use(effects=["environ MODE"])
READS_FILE = use((DependencyKind.FILE, "/p/data/x.csv"))
LISTS = use((DependencyKind.FILE, "/p/data"))
WRITES_FILE = use((DependencyKind.WRITTEN, "/p/data/x.csv"))
PUTS_THERE = use_on_record([], frozenset({"/p/data/x.csv"}))
WRITES_MODULE = use((DependencyKind.WRITTEN, "/p/lib/shapes.py"))
WRITES_PACKAGE = use((DependencyKind.WRITTEN, "/p/lib/__init__.py"))


@pytest.mark.parametrize(
    ("earlier", "later", "waits"),
    [
        (SETS_MODE, READS_MODE, True),
        (SETS_MODE, READS_OTHER, False),
        (SETS_MODE, READS_ALL, True),
        (SETS_MODE, SETS_MODE, True),
        (READS_MODE, SETS_MODE, False),
        (WRITES_FILE, READS_FILE, True),
        (READS_FILE, WRITES_FILE, True),
        (READS_FILE, READS_FILE, False),
        (WRITES_FILE, LISTS, True),
        (WRITES_MODULE, use((DependencyKind.MODULE, "shapes")), True),
        (use((DependencyKind.MODULE, "lib.shapes")), WRITES_MODULE, True),
        (WRITES_PACKAGE, use((DependencyKind.MODULE, "lib")), True),
        (WRITES_MODULE, use((DependencyKind.MODULE, "shape")), False),
        (PUTS_THERE, WRITES_FILE, True),
        (PUTS_THERE, READS_FILE, False),
        (use(effects=["sys.path lib"]), use(), True),
        (StateUse(unknown=True), READS_OTHER, True),
        (StateUse(unknown=True), use(), False),
        (StateUse(unknown=True, by_text=True), StateUse(by_text=True), True),
        (StateUse(by_text=True), StateUse(unknown=True, by_text=True), False),
    ],
)
def test_a_step_waits_for_whatever_it_could_notice(earlier, later, waits):
    assert must_follow(later, earlier) is waits


@pytest.mark.parametrize(
    ("first", "second", "waits"),
    [
        ("x = [1, 2]\nn = len(x)", "y = sum([3])", False),
        ("import os\nos.environ['A'] = '1'", "import os\na = os.environ['A']", True),
        ("open('f', 'w').write('x')", "text = open('f').read()", True),
        ("def f(x):\n    return x + 1\ny = f(1)", "z = sorted([2])", False),
        ("import math\nx = math.sqrt(4)", "import json\ny = json.dumps([1])", False),
    ],
)
def test_steps_not_on_record_go_in_order_unless_their_text_is_harmless(
    notebook, first, second, waits
):
    pipeline = compile_notebook(notebook(f"%%step a\n{first}", f"%%step b\n{second}"), None)
    assert pipeline.steps[1].depends_on == (("a",) if waits else ())


def test_arithmetic_waits_for_what_may_have_set_how_it_is_done(notebook):
    cells = ("from decimal import Decimal, getcontext", "%%step set\ngetcontext().prec = 5")
    pipeline = compile_notebook(notebook(*cells, "%%step use\nthird = 1 / Decimal(3)"), None)
    assert pipeline.steps[1].depends_on == (pipeline.steps[0].id,)


def test_steps_whose_text_sets_nothing_wait_for_nothing(notebook):
    pipeline = compile_notebook(notebook("%%step a\nx = [1]", "%%step b\ny = 1 / 3"), None)
    assert pipeline.steps[1].depends_on == ()
