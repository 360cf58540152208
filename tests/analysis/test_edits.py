import pytest

from jupyter_mlpipe.analysis.edits import changed_names, definition_hashes

CELL = "import math\nLIMIT = 3\ndef f(x):\n    return x\nitems.append(1)"


@pytest.mark.parametrize(
    ("edit", "names"),
    [
        (("return x", "return  x  # the same"), set()),
        (("return x", "return -x"), {"f"}),
        (("LIMIT = 3", "LIMIT = 4"), {"LIMIT"}),
        (("append(1)", "append(2)"), {"items"}),
        (("import math", "import cmath as math"), {"math"}),
        (("def f", "def g"), {"f", "g"}),
        (("LIMIT = 3\n", ""), {"LIMIT"}),
    ],
)
def test_an_edit_touches_the_names_of_the_statements_that_differ(edit, names):
    assert changed_names(CELL, CELL.replace(*edit)) == names


def test_the_order_of_statements_makes_no_difference():
    assert changed_names("a = 1\nb = 2", "b = 2\na = 1") == frozenset()


def test_a_definition_said_twice_counts_as_it_is_said_last():
    assert definition_hashes("x = 1\nx = 2") == definition_hashes("x = 2  # again")
    assert definition_hashes("data = load()") == {}
