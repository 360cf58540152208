import pytest

from jupyter_mlpipe.analysis.notebook import Cell, parse_cells
from jupyter_mlpipe.analysis.statements import (
    StatementKind,
    definitions_for,
    read_statements,
)
from jupyter_mlpipe.analysis.syntax import python_source

IMPORTS = "import numpy as np, pandas as pd, matplotlib.pyplot as plt, warnings, os\n"


def statements(*cells):
    return parse_cells([Cell(c, position=i) for i, c in enumerate(cells)], "nb").statements


def needed(reads, *cells):
    return [s.source for s in definitions_for(frozenset(reads.split()), statements(*cells))]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("import numpy as np", StatementKind.IMPORT),
        ("from a import *", StatementKind.IMPORT),
        ("norm = np.linalg.norm", StatementKind.IMPORT),
        ("try:\n    import torch\nexcept ImportError:\n    torch = None", StatementKind.IMPORT),
        ("if TYPE_CHECKING:\n    import torch", StatementKind.DATA),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a", StatementKind.IMPORT),
        ("if os.name == 'nt':\n    def f(): pass\nelse:\n    def f(): 1", StatementKind.FUNCTION),
        ("if df.empty:\n    def f(): pass", StatementKind.DATA),
        ("try:\n    import a\nexcept E:\n    x = f()", StatementKind.DATA),
        ("def f(): pass", StatementKind.FUNCTION),
        ("async def f(): pass", StatementKind.FUNCTION),
        ("@deco\ndef f(): pass", StatementKind.FUNCTION),
        ("f = lambda x: x", StatementKind.FUNCTION),
        ("def f(): pass\nf = deco(f)", StatementKind.FUNCTION),
        ("from functools import partial\ndef f(): pass\ng = partial(f, 1)", StatementKind.FUNCTION),
        ("g = partial(df, 1)", StatementKind.DATA),
        ("class A: pass", StatementKind.CLASS),
        ("P = namedtuple('P', 'x y')", StatementKind.CLASS),
        ("P = namedtuple('P', 'x y', defaults=[0])", StatementKind.CLASS),
        ("import re\nWORD = re.compile(r'\\w+', flags=re.I)", StatementKind.IMPORT),
        ("from datetime import date\nBEGIN = date(2024, 5, 1)", StatementKind.IMPORT),
        ("import struct\nROW = struct.Struct('<if')", StatementKind.IMPORT),
        ("import numpy as np\nROW = np.dtype([('a', 'f4')])", StatementKind.IMPORT),
        ("import pandas as pd\nDAY = pd.Timestamp('2024-05-01', tz='UTC')", StatementKind.IMPORT),
        ("import pandas as pd\nNOW = pd.Timestamp('now')", StatementKind.DATA),
        ("import pandas as pd\nTIMES = [pd.Timestamp('2024-05-01')]", StatementKind.DERIVED),
        ("import pandas as pd\nTIMES = [pd.Timestamp('now')]", StatementKind.DATA),
        ("from datetime import date\nBEGIN = date.today()", StatementKind.DATA),
        ("from pathlib import Path\nroot = Path(name)", StatementKind.DATA),
        ("def f(): pass\nf.calls = 0", StatementKind.SETTING),
        ("class A: pass\nclass B: pass\nA.register(B)", StatementKind.SETTING),
        ("class A: pass\nA.register(dict)", StatementKind.SETTING),
        ("class A: pass\nA.register('a', A)", StatementKind.SETTING),
        ("class A: pass\nA.register(df)", StatementKind.DATA),
        ("class A: pass\nA.register()", StatementKind.DATA),
        ("class A: pass\ndef f(self): pass\nA.f = staticmethod(f)", StatementKind.SETTING),
        ("class A: pass\nA.f = load()", StatementKind.DATA),
        ("x = 1", StatementKind.CONSTANT),
        ("x = y = -1.5", StatementKind.CONSTANT),
        ("x: list[str] = ['a', {'b': (1, None)}]", StatementKind.CONSTANT),
        ("x = 60 * 60", StatementKind.CONSTANT),
        ("x = f'a'", StatementKind.DERIVED),
        ("x = [f() for _ in y]", StatementKind.DATA),
        ("x = [y]", StatementKind.DATA),
        ("x = {**y}", StatementKind.DATA),
        ("a, b = 1, 2", StatementKind.DATA),
        ("x = load()", StatementKind.DATA),
        ("x += 1", StatementKind.DATA),
        ("pd.set_option('display.width', 80)", StatementKind.SETTING),
        ("plt.rcParams['a'] = 1", StatementKind.SETTING),
        ("class P: pass\ndef f(p): pass\npd.register_pair(P, f)", StatementKind.SETTING),
        ("def main(): pass\npd.run(main)", StatementKind.DATA),
        ("def main(): pass\npd.register(main())", StatementKind.DATA),
        ("warnings.filterwarnings('ignore')", StatementKind.SETTING),
        ("SEED = 1\nnp.random.seed(SEED)", StatementKind.SETTING),
        ("np.random.seed(len(df))", StatementKind.DATA),
        ("df.columns = ['a']", StatementKind.DATA),
        ("print('x')", StatementKind.DATA),
        ("df", StatementKind.DATA),
        ("%matplotlib inline", StatementKind.MAGIC),
        ("!ls", StatementKind.MAGIC),
        ("x = !ls", StatementKind.DATA),
        ("x = = 1", StatementKind.DATA),
    ],
)
def test_statements_are_told_apart(source, kind):
    assert statements(IMPORTS, source)[-1].kind is kind


def test_a_statement_carries_its_text_names_reads_and_place():
    source = "x = 1; y = x\n@deco\ndef f(a=x):\n    return a + k\n"
    one, two, three = read_statements(source, 3, "id3")
    assert (one.source, two.source) == ("x = 1", "y = x")
    assert three.source == "@deco\ndef f(a=x):\n    return a + k"
    assert three.names == {"f"}
    assert three.reads == {"deco", "x", "k"}
    assert (three.cell, three.cell_id) == (3, "id3")


def test_a_setting_is_known_by_an_import_in_any_cell():
    assert statements("np.random.seed(0)", "import numpy as np")[0].kind is StatementKind.SETTING


@pytest.mark.parametrize(
    "change",
    [
        "FEATURES.append('x')",
        "FEATURES[0] = 'x'",
        "del FEATURES[0]",
        "FEATURES += ['x']",
        "random.shuffle(FEATURES)",
        "def grow(x):\n    FEATURES.append(x)\ngrow(open('names').read())",
    ],
)
def test_a_literal_that_is_changed_in_place_is_data(change):
    first = statements("FEATURES = ['a']", change)[0]
    assert first.kind is StatementKind.DATA


@pytest.mark.parametrize(
    "use", ["print(FEATURES)", "df[FEATURES]", "def f(FEATURES): FEATURES.pop()"]
)
def test_a_literal_that_is_only_used_stays_a_constant(use):
    assert statements("FEATURES = ['a']", use)[0].kind is StatementKind.CONSTANT


def test_a_step_gets_just_the_definitions_it_needs_in_notebook_order():
    cells = (
        "import numpy as np\nimport pandas as pd",
        "LIMIT = 3\nOTHER = 4",
        "def helper(x): return np.clip(x, 0, LIMIT)",
        "def clean(df): return helper(df)",
        "def unused(): return OTHER",
    )
    assert needed("clean df", *cells) == [
        "import numpy as np",
        "LIMIT = 3",
        "def helper(x): return np.clip(x, 0, LIMIT)",
        "def clean(df): return helper(df)",
    ]


def test_the_last_definition_of_a_name_wins():
    assert needed("f", "def f(): return 1", "def f(): return 2") == ["def f(): return 2"]


def test_a_rebound_function_brings_what_it_was_before():
    cells = ("def deco(f): return f", "def f(): return 1", "f = deco(f)")
    assert needed("f", *cells) == list(cells)


def test_settings_always_come_along_with_what_they_need():
    cells = ("import numpy as np\nSEED = 1", "np.random.seed(SEED)", "import sklearn")
    assert needed("sklearn", *cells) == [
        "import numpy as np",
        "SEED = 1",
        "np.random.seed(SEED)",
        "import sklearn",
    ]


def test_what_is_given_to_a_class_comes_along_with_it_alone():
    cells = ("class A: pass", "def f(self): pass", "A.f = f", "def g(): pass")
    assert needed("A", *cells) == list(cells[:3])
    assert needed("g", *cells) == ["def g(): pass"]


def test_a_class_that_acts_on_its_subclasses_brings_all_of_them():
    plugin = "class Plugin:\n    def __init_subclass__(cls):\n        known.append(cls)"
    cells = (plugin, "class A(Plugin): pass", "class B(A): pass", "class Other: pass")
    assert needed("Plugin", *cells) == list(cells[:3])
    assert needed("Other", *cells) == ["class Other: pass"]


def test_a_star_import_comes_along_for_names_bound_nowhere_else():
    assert needed("mean", "from numpy import *\nx = 1") == ["from numpy import *"]
    assert needed("x", "from numpy import *\nx = 1") == ["x = 1"]


def test_a_cell_that_does_not_parse_is_data_without_names():
    (only,) = read_statements(python_source("x = = 1"))
    assert (only.kind, only.names, only.source) == (StatementKind.DATA, frozenset(), "x = = 1")


def test_imports_from_the_future_come_along_and_stand_first():
    future = "from __future__ import annotations"
    assert needed("f", "import os", "def f(): return os.sep", future) == [
        future,
        "import os",
        "def f(): return os.sep",
    ]
