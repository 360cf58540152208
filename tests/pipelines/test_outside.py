"""Local modules that cells without a step change."""

import pytest

from jupyter_mlpipe.model.errors import OutsideDataError
from jupyter_mlpipe.pipelines.outside import refuse_lost_changes

REGISTRY = """
NAMES = []
level = 1
def register(name):
    NAMES.append(name)
    return name
def register_all(names):
    for name in names:
        register(name)
def named(name):
    def add(function):
        return register(function)
    return add
def set_level(value):
    global level
    level = value
def describe(name):
    shown = [name]
    shown.append(len(NAMES))
    return shown
class Box:
    pass
"""
USE = "%%step use\nimport registry\nn = len(registry.NAMES)"


@pytest.fixture
def refuse(notebook, tmp_path):
    (tmp_path / "registry.py").write_text(REGISTRY)
    return lambda *cells: refuse_lost_changes(notebook(*cells), None, (tmp_path,))


@pytest.mark.parametrize(
    "cell",
    [
        "for name in 'ab':\n    registry.register(name)",
        "x = 1\nif x:\n    registry.level = 2",
        "from registry import register_all\nxs = sorted('ab')\nregister_all(xs)",
        "@registry.named('f')\nclass C:\n    pass",
        "for n in range(3):\n    registry.set_level(n)",
        "for n in range(3):\n    registry.Box.size = n",
    ],
)
def test_a_step_that_uses_a_changed_module_is_refused_with_the_cell(refuse, cell):
    with pytest.raises(OutsideDataError, match="`registry`, which cell 2 changes outside a step"):
        refuse("import registry", cell, USE)


@pytest.mark.parametrize(
    "cell",
    [
        "print(registry.describe('a'))",
        "for name in 'ab':\n    registry.describe(name)",
        "registry.register('a')",  # done again wherever a step runs
        "@registry.register\ndef f():\n    pass",
        "def later():\n    registry.register('a')",
        "for n in range(3):\n    registry.no_such_function(n)",
        "import math\nfor n in range(3):\n    math.floor(n)",
    ],
)
def test_what_leaves_the_module_alone_or_is_done_again_is_no_reason(refuse, cell):
    refuse("import registry", cell, USE)


def test_only_steps_below_that_use_the_module_are_refused(refuse):
    change = "for name in 'ab':\n    registry.register(name)"
    refuse("import registry", USE, change)
    refuse("import registry", change, "%%step other\nx = 1")


def test_a_step_that_brings_the_registered_function_along_is_right(refuse):
    register = "@registry.register\ndef f():\n    pass"
    refuse("import registry", register, f"{USE}\nf()")
