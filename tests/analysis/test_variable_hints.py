import pytest

from jupyter_mlpipe.analysis.variable_hints import asks_for_hints, gives_hints


@pytest.mark.parametrize(
    ("cell", "gives"),
    [
        ("x: int = 1", True),
        ("if ready:\n    x: int", True),
        ("class P:\n    x: int = 1", False),
        ("def f():\n    x: int = 1", False),
        ("p.x: int = 1", False),
        ("x = 1", False),
        ("x: int = (", False),
    ],
)
def test_a_cell_gives_hints_to_variables_of_the_notebook_alone(cell, gives):
    assert gives_hints(cell) is gives


@pytest.mark.parametrize(
    ("cell", "asks"),
    [
        ("out = dict(__annotations__)", True),
        ("out = globals()['__annotations__']", True),
        ("import sys\nout = typing.get_type_hints(sys.modules[__name__])", True),
        ("import __main__ as m\nout = m.__annotations__", True),
        ("out = P.__annotations__", False),
        ("out = typing.get_type_hints(f)", False),
        ("x: int = 1", False),
    ],
)
def test_those_of_classes_and_functions_are_others(cell, asks):
    assert asks_for_hints([cell]) is asks


def test_functions_ask_by_their_code():
    namespace = {}
    exec(
        "def f():\n    return [__annotations__]\ndef g(kind):\n    return kind.__annotations__",
        namespace,
    )
    assert asks_for_hints([], [namespace["f"].__code__])
    assert not asks_for_hints([], [namespace["g"].__code__])
