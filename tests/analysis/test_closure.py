import builtins
import sys

import numpy as np
import pandas as pd
import pytest

from jupyter_mlpipe.analysis.canonical import canonical_hash
from jupyter_mlpipe.analysis.closure import Closure, close_over
from jupyter_mlpipe.analysis.dataflow import analyze
from jupyter_mlpipe.analysis.modules import ModuleFiles


@pytest.fixture
def closure(namespace, run):
    def close(step, *cells):
        for cell in cells:
            run(cell)
        return close_over(analyze(step), namespace, ModuleFiles())

    return close


def test_a_cell_reads_the_data_it_names(closure):
    found = closure("y = df + missing + len(df)", "df = 1")
    assert found == Closure(
        reads=frozenset({"df"}),
        absent=frozenset({"missing"}),
        fatal=frozenset({"missing"}),
        builtins=frozenset({"len"}),
    )


def test_functions_are_followed_to_what_they_read_and_call(closure):
    found = closure(
        "f(df)",
        "limit = 3\nother = 4\ndf = 1",
        "def helper(x):\n    return x > limit\ndef f(x):\n    return [helper(y) for y in x]",
    )
    assert found.reads == {"df", "limit"}
    assert found.definitions == {
        "f": canonical_hash("def f(x): return [helper(y) for y in x]"),
        "helper": canonical_hash("def helper(x): return x > limit"),
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(): return 1", "def f(): return 2"),
        ("def f(x=1): return x", "def f(x=2): return x"),
        ("f = lambda: 1", "f = lambda: 2"),
        ("n = 1\ndef f(x=n): return x", "n = 2\ndef f(x=n): return x"),
        ("def m(n):\n  return lambda: n\nf = m(1)", "def m(n):\n  return lambda: n\nf = m(2)"),
        ("a, f = lambda: 1, lambda: 2", "f, a = lambda: 1, lambda: 2"),
        ("def f(): return 1\nf.k = 1", "def f(): return 1\nf.k = 2"),
        ("class f:\n    x = 1", "class f:\n    x = 2"),
        ("n = 1\nclass f:\n    x = n", "n = 2\nclass f:\n    x = n"),
        ("class f:\n  def g(s): return 1", "class f:\n  def g(s): return 2"),
        ("class B:\n  x = 1\nclass f(B): pass", "class B:\n  x = 2\nclass f(B): pass"),
        ("class f: pass\nf.g = lambda s: 1", "class f: pass\nf.g = lambda s: 2"),
        (
            "import dataclasses\n@dataclasses.dataclass\nclass f:\n  x: int = 1",
            "import dataclasses\n@dataclasses.dataclass\nclass f:\n  x: int = 2",
        ),
        (
            "import dataclasses\n@dataclasses.dataclass\nclass f:\n  x: int = 1",
            "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass f:\n  x: int = 1",
        ),
        ("import enum\nclass f(enum.Enum): A = 1", "import enum\nclass f(enum.Enum): A = 2"),
        (
            "def d(g):\n  def w(): return g()\n  return w\n@d\ndef f(): return 1",
            "def d(g):\n  def w(): return g()\n  return w\n@d\ndef f(): return 2",
        ),
        (
            "def d(g):\n  def w(): return g()\n  return w\n@d\ndef f(): return 1",
            "def d(g):\n  def w(): return g() + 1\n  return w\n@d\ndef f(): return 1",
        ),
        (
            "class f:\n  @property\n  def p(s): return 1",
            "class f:\n  @property\n  def p(s): return 2",
        ),
    ],
)
def test_a_changed_definition_changes_its_digest(closure, namespace, before, after):
    first = closure("f()", before).definitions
    again = closure("f()", before).definitions
    changed = closure("f()", after).definitions
    assert first == again
    assert first["f"] != changed["f"]


@pytest.mark.parametrize(
    ("cells", "step", "read"),
    [
        ("class A:\n  def m(self): return k\na = A()", "a.m()", "a k"),
        ("class A:\n  def m(self): return k\nxs = [{'x': (A(),)}]", "xs", "xs k"),
        ("class A:\n  def m(self): return k\nb = A().m", "b()", "b k"),
        ("class B:\n  def m(self): return k\nclass A(B): pass", "A()", "k"),
        ("class A:\n  @staticmethod\n  def m(): return k", "A.m()", "k"),
        ("class A:\n  @classmethod\n  def m(c): return k", "A.m()", "k"),
        ("class A:\n  @property\n  def m(s): return k", "A().m", "k"),
        ("class M(type):\n  def m(c): return k\nclass A(metaclass=M): pass", "A.m()", "k"),
        ("def g(): return k\nfs = {'g': g}", "fs['g']()", "fs k"),
        ("def g(): return k\ndef f(h=g): return h()", "f()", "k"),
        ("import functools\ndef g(x): return k\np = functools.partial(g, 1)", "p()", "p k"),
        ("import functools\n@functools.cache\ndef g(): return k", "g()", "k"),
        ("import contextlib\n@contextlib.contextmanager\ndef g(): yield k", "g()", "k"),
        ("import functools\n@functools.singledispatch\ndef g(x): return k", "g(1)", "g k"),
        ("def d(g):\n  def w(): return g()\n  return w\n@d\ndef f(): return k", "f()", "k"),
        ("def g():\n  yield k\nit = g()", "next(it)", "it k"),
        ("import numpy as np\nclass A:\n  def m(s): return k\na = np.array([A()])", "a", "a k"),
        ("def m(n):\n  def f(): return n\n  return f\nf = m(object())", "f()", "f"),
        ("import enum\nclass E(enum.Enum):\n  A = 1\n  def m(s): return k", "E.A.m()", "k"),
        ("from typing import List\nclass A:\n  def m(s): return k\nT = List[A]", "T", "T k"),
        ("class A:\n  def m(s): return k\ndef f(a: 'A'): return 1", "f(1)", "k"),
        ("q = 'x > @k'", "df.loc[q]", "q k"),
    ],
)
def test_code_is_found_wherever_a_value_holds_it(closure, cells, step, read):
    assert closure(step, "k = [1]", cells).reads == set(read.split())


def test_a_function_held_by_a_librarys_object_is_followed(closure):
    found = closure(
        "t",
        "from sklearn.preprocessing import FunctionTransformer\nk = 2",
        "def helper(x): return x * k\ndef g(x): return helper(x)\nt = FunctionTransformer(g)",
    )
    assert found.reads == {"t", "k"}
    assert found.definitions.keys() == {"helper"}  # `g` is part of what `t` holds
    assert found.packages.keys() == {"sklearn"}


def test_imports_and_packages_are_told_from_data(closure):
    found = closure(
        "np, mean, add, sqrt, DataFrame, pi, os",
        "import numpy as np, os\nfrom numpy import mean, add\nfrom math import sqrt, pi",
        "from pandas import DataFrame",
    )
    assert found.imports == {
        "DataFrame": "pandas.DataFrame",
        "add": "numpy.add",
        "mean": "numpy.mean",
        "np": "numpy",
        "os": "os",
        "sqrt": "math.sqrt",
    }
    assert found.packages == {"numpy": np.__version__, "pandas": pd.__version__}
    assert found.reads == {"pi"}


def test_the_package_of_a_values_class_counts(closure):
    found = closure("df", "import pandas\ndf = pandas.DataFrame({'a': [1]})")
    assert found.packages["pandas"] == pd.__version__


def test_what_a_called_function_hides_is_said_with_its_name(closure):
    cells = "def helper(x): exec(x)\ndef f(x): helper(x)"
    assert closure("f(1)", cells).dynamic == "`helper()` uses exec"
    assert closure("f(eval(g()))", cells).dynamic == "uses eval"


def test_a_function_that_remembers_results_is_dynamic_once_it_does(closure):
    cell = "import functools\n@functools.lru_cache\ndef f(x): return id(x)"
    assert closure("f(1)", cell).dynamic is None
    assert closure("f(1)", "f(1)").dynamic == "`f()` returns results it remembers (lru_cache)"


@pytest.mark.parametrize("name", ["_", "__", "_3", "_i2", "In", "Out", "_oh"])
def test_the_output_history_is_dynamic_where_there_is_one(closure, namespace, name):
    assert closure(name).dynamic is None
    namespace[name] = 1
    assert closure(name).dynamic == "uses the output history"
    assert closure(f"{name} = 1\nprint({name})").dynamic is None


def test_what_ipython_puts_into_the_namespace_is_no_dependency(closure, namespace):
    def opened():
        pass

    opened.__module__ = "IPython.core.interactiveshell"
    namespace["open"] = opened
    assert closure("open(1)") == Closure()
    namespace["open"] = 3
    assert closure("open(1)").reads == {"open"}


def test_a_builtin_that_the_notebook_binds_is_its_own(closure):
    assert closure("sum(x)").builtins == {"sum"}
    assert closure("sum(x)", "def sum(x): return 1").definitions.keys() == {"sum"}


def test_definitions_without_text_are_told_apart_by_their_code(namespace):
    def digest(source):
        exec(source, namespace)
        return close_over(analyze("f()"), namespace, ModuleFiles()).definitions["f"]

    first = digest("def f(): return 1")
    assert first == digest("# moved\n\ndef f(): return 1")
    assert first != digest("def f(): return 1.0")
    assert first != digest("def f(): return True")
    assert digest("def f(): return 'a', 'bc'") != digest("def f(): return 'ab', 'c'")


def test_functions_that_call_each_other_end(closure):
    found = closure("a()", "def a(): return b()\ndef b(): return a()")
    assert found.definitions.keys() == {"a", "b"}


def test_values_that_hold_themselves_end(closure):
    found = closure("f(), x", "x = []\nx.append(x)\ndef f(y=x): return y")
    assert found.reads == {"x", "f"}


def test_a_function_with_a_namespace_of_its_own_brings_what_it_uses_there(namespace):
    def digest(limit):
        own = {"__name__": "__main__", "limit": limit}
        exec("def helper(): return limit\ndef f(): return helper()", own)
        namespace["f"] = own["f"]
        return close_over(analyze("f()"), namespace, ModuleFiles()).definitions["f"]

    assert digest(1) == digest(1) != digest(2)


def test_a_generator_that_a_class_holds_leads_nowhere(closure):
    text = "import numpy as np\nclass P: rng = np.random.default_rng(1)"
    assert not any("SystemRandom" in name for name in closure("P.rng", text).reached)


def test_functions_in_records_of_an_array_are_followed(namespace):
    exec("def f(): return k", namespace)
    rows = np.array([(1.0, [namespace["f"]])], dtype=[("x", "f8"), ("do", "O")])
    namespace.update(rows=rows, row=rows[0], k=1)
    assert close_over(analyze("rows"), namespace, ModuleFiles()).reads == {"rows", "k"}
    assert close_over(analyze("row"), namespace, ModuleFiles()).reads == {"row", "k"}


def test_a_large_list_of_plain_values_is_passed_over(closure, namespace):
    namespace["xs"] = list(range(1_000_000))
    assert closure("xs") == Closure(reads=frozenset({"xs"}))


def test_a_value_too_large_to_look_through_is_dynamic(closure, namespace):
    namespace["xs"] = [[object()] for _ in range(1_100_000)]
    assert closure("xs").dynamic == "reads xs, which holds more objects than can be looked through"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="newer syntax")
def test_type_parameters_are_scopes_of_their_own(closure):
    found = closure("f(1)", "K = int\ndef f[T: K](x: T) -> T: return x\ntype A[U] = list[U]")
    assert "f" in found.definitions
    assert (found.imports, found.absent) == ({"K": "builtins.int"}, frozenset())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="newer syntax")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("type A = list[Size]", "type A = set[Size]"),
        ("type A[K: int] = list[K]", "type A[K: str] = list[K]"),
        ("A = typing.TypeAliasType('A', int)", "A = typing.TypeAliasType('A', str)"),
    ],
)
@pytest.mark.parametrize("step", ["A", "def f(n: A): pass\nf(1)", "g(1)"])
def test_what_an_alias_says_is_a_definition(closure, before, after, step):
    told = [
        closure(step, "import typing", "Size = int", cell, "def g(n: A): pass")
        for cell in (before, f"# moved\n\n{before}", after)
    ]
    assert "A" not in told[0].reads
    digests = [found.definitions["A"] for found in told]
    assert digests[0] == digests[1] != digests[2]


def test_an_instance_keeps_its_class_even_when_the_name_is_rebound(closure):
    found = closure("a.m()", "class A:\n  def m(s): return 1\na = A()", "class A: pass")
    first = found.definitions["A"]
    assert closure("a.m()", "class A:\n  def m(s): return 2\na = A()").definitions["A"] != first


def test_a_cached_property_and_a_partial_method_are_looked_into(closure):
    found = closure(
        "A().p",
        "import functools\nk = []\nclass A:\n"
        "  @functools.cached_property\n  def p(s): return k\n"
        "  def m(s, x): return n\n  q = functools.partialmethod(m, 1)\nn = []",
    )
    assert found.reads == {"k", "n"}


def test_a_method_for_each_class_counts_by_what_is_registered(closure, namespace):
    text = (
        "from functools import singledispatchmethod\nclass P:\n"
        "  @singledispatchmethod\n  def f(self, x): return 1\n"
        "  @f.register\n  def _(self, x: int): return 2\np = P()"
    )
    before = closure("p", text).definitions
    namespace["p"].f(5)
    assert closure("p").definitions == before != closure("p", text.replace("2", "3")).definitions


def test_names_in_code_that_a_variable_holds_are_read(closure):
    found = closure("exec(code)", "a, code = [1], 'b = len(a)'")
    assert found.reads == {"a", "code"}
    assert found.dynamic == "uses exec"


def test_code_that_runs_itself_is_followed_once(closure):
    assert closure("exec(code)", "code = 'exec(code)'").reads == {"code"}


def test_a_function_looked_up_by_its_name_leads_to_what_it_reads(closure):
    cell = "speed, mode = [10], 'fast'\ndef go_fast(): return speed"
    found = closure("globals()['go_' + mode]()", cell)
    assert {"speed", "mode"} <= found.reads
    assert "go_fast" in found.definitions


def test_a_module_imported_by_a_text_counts_as_any_other(closure):
    found = closure("importlib.import_module('pytest')", "import importlib")
    assert found.dynamic is None
    assert "pytest" in found.packages


def test_a_name_that_a_function_could_do_without_is_not_fatal(closure):
    helper = (
        "def helper():\n    try:\n        return spare\n    except NameError:\n        return 0"
    )
    cell = "with opened() as f:\n    text = spare = f\nprint(text, spare)"
    assert closure(cell).fatal == {"opened", "text", "spare"}
    found = closure(f"helper()\n{cell}", helper)
    assert found.fatal == {"opened", "text"}
    assert found.absent == {"opened", "text", "spare"}


def test_what_is_made_of_a_class_is_the_same_in_every_process(namespace):
    """Salts of hashes and places in memory differ, as where a cell is run again."""
    pytest.importorskip("pydantic")
    pytest.importorskip("attrs")

    def digests(salt, limit=3):
        own = {"__name__": "__main__"}
        exec(MODELS.format(limit=limit), own)
        code = own["Pair"].__hash__.__code__
        consts = tuple(salt if type(c) is int else c for c in code.co_consts)
        own["Pair"].__hash__.__code__ = code.replace(co_consts=consts)
        namespace.update(Item=own["Item"], Pair=own["Pair"])
        return close_over(analyze("Item, Pair"), namespace, ModuleFiles()).definitions

    first, again, edited = digests(1), digests(2), digests(1, limit=4)
    assert first == again
    assert first["Item"] != edited["Item"]
    assert first["Pair"] != edited["Pair"]


MODELS = """
from typing import Annotated
from attrs import frozen
from pydantic import AfterValidator, BaseModel, Field, field_validator
def check(value): return value
class Item(BaseModel):
    price: float = Field(lt={limit})
    names: list[Annotated[str, AfterValidator(check)]] = []
    _check = field_validator("price")(check)
@frozen
class Pair:
    a: int
    b: int = {limit}
"""


def test_the_builtins_in_a_dict_that_exec_filled_lead_nowhere(closure, monkeypatch):
    monkeypatch.setattr(builtins, "told", "y ~ Out", raising=False)
    found = closure("space['x']", "Out = {}\nspace = {}\nexec('x = 2', space)")
    assert (found.reads, found.dynamic) == ({"space"}, None)
