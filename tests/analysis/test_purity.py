"""Functions whose results may be remembered without a difference."""

import pytest

from jupyter_mlpipe.analysis.purity import is_pure


@pytest.mark.parametrize(
    ("source", "pure"),
    [
        ("import math\ndef f(x):\n    return math.sqrt(x)", True),
        ("def g(x):\n    return x\ndef f(x):\n    return g(x)", True),
        ("K = 2\ndef f(x):\n    return x * K", True),
        ("log = []\ndef f(x):\n    log.append(x)", False),
        ("def f(x):\n    print(x)", False),
        ("def f(x):\n    global n\n    n = x", False),
        ("def g(x):\n    print(x)\ndef f(x):\n    return g(x)", False),
    ],
)
def test_only_what_a_function_does_decides(source, pure):
    namespace = {"__name__": "__main__"}
    exec(source, namespace)
    assert is_pure(namespace["f"], namespace, {"K"}) is pure
