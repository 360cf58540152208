"""Classes that are data because the cell that defines them goes on to change them."""

import pytest

from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.restated import restated_classes

COUNTS = "class P:\n    n = 0\n    def __init__(self):\n        P.n += 1\n"


@pytest.mark.parametrize(
    "cell",
    [
        f"{COUNTS}p = P()",
        "class P:\n    seen = []\n    def add(self, x):\n        self.seen.append(x)\nP().add(1)",
        "class P:\n    x = Kept()\np = P()\np.x = 5",
        "class P:\n    ok = 0\n    @classmethod\n    def go(cls):\n        cls.ok = 1\nP.go()",
        "class P:\n    pass\nswitch(P, 'b')",
        "class P(ABC):\n    pass\nP.register(list)",
        "class P:\n    def add(self, x, seen=[]):\n        seen.append(x)\nP().add(1)",
        "class P:\n    all = []\n    def __init_subclass__(cls): cls.all.append(1)\nclass Q(P): 0",
    ],
)
def test_a_class_that_may_hold_something_by_the_end_of_its_cell(cell):
    assert restated_classes(parse(cell)) == {"P"}


@pytest.mark.parametrize(
    "cell",
    [
        COUNTS,
        f"{COUNTS}limit = 3",
        "class P:\n    k = 2\n    def __init__(self):\n        self.xs = []\np = P()\nprint(p)",
        "class P:\n    names = ['a']\n    def f(self):\n        return self.names[0]\nx = P().f()",
        "class P:\n    pass\nprint(isinstance(x, P))",
    ],
)
def test_a_class_that_is_as_its_text_says(cell):
    assert restated_classes(parse(cell)) == frozenset()
