"""Expressions over constants and code."""

import pytest

from jupyter_mlpipe.analysis.statements import StatementKind, read_statements

_ABOVE = """
import math, re
import pandas as pd
from pathlib import Path
def add(a, b): return a + b
class Shop: pass
N = 3
NAMES = ["a", "b"]
ROW = {"x": 1}
"""


def kind_of_last(statement, above=_ABOVE):
    return read_statements(f"{above}\n{statement}")[-1].kind


@pytest.mark.parametrize(
    "value",
    [
        *('{"add": add, "shop": Shop}', "[add, max, math.hypot]", '{"f": lambda x: x + N}'),
        *(
            "2 * N + 1",
            "-N",
            "N > 2",
            "NAMES + ['c']",
            "N",
            "(N, 2)",
            "{'n': N}",
            "N if N > 2 else None",
            'f"{N:03d}"',
        ),
        *("len(NAMES)", "sorted(NAMES, key=len)", "sorted(NAMES, key=lambda n: n[0])"),
        *("list(range(N))", '" ".join(NAMES)', '"a b".split()', "ROW.copy()", "[*NAMES, 'c']"),
        *("{n: i for i, n in enumerate(NAMES)}", "[f'{n}{i}' for n in NAMES for i in range(N)]"),
        *("{**ROW, 'y': 2}", "dict(ROW, y=2)", "[k for k, v in ROW.items() if v > 0]"),
        *("{n.upper() for n in NAMES}", "sorted({'b', 'a'} - {'a'})", "max(v for v in (1, N))"),
        *("Path('data') / NAMES[0]", "re.compile('|'.join(NAMES))", "dict(add=add)"),
    ],
)
def test_what_has_no_effect_and_reads_only_constants_and_code_is_derived(value):
    assert kind_of_last(f"x = {value}") is StatementKind.DERIVED


@pytest.mark.parametrize(
    "value",
    [
        *("add(1, 2)", "Shop()", "pd.DataFrame(ROW)", "open('x').read()", "unknown + 1", "input()"),
        *("ROW['x']", "[r['a'] for r in NAMES]", "NAMES.pop()", "NAMES.sort()", "eval('1')"),
        *("sorted(NAMES, key=add)", "list(map(add, NAMES))", "[add(n, n) for n in NAMES]"),
        *("enumerate(NAMES)", "(n for n in NAMES)", "zip(NAMES, NAMES)", "Path.cwd() / 'x'"),
        *("list({'a', 'b'})", "[n for n in {'a', 'b'}]", "list(set(NAMES) - {'a'})", "(y := N)"),
        *("id(add)", "globals()", "[x async for x in NAMES]", "str({'a', 'b'})"),
    ],
)
def test_whatever_may_act_or_share_or_come_out_otherwise_is_data(value):
    assert kind_of_last(f"x = {value}") is StatementKind.DATA


def test_a_builtin_that_the_notebook_binds_means_what_it_says_there():
    above = f"{_ABOVE}\ndef sorted(names): return names"
    assert kind_of_last("x = sorted(NAMES)", above) is StatementKind.DATA


def test_what_is_derived_may_be_built_upon():
    above = f"{_ABOVE}\nWIDTH = 2 * N"
    assert kind_of_last("AREA = WIDTH * N", above) is StatementKind.DERIVED
