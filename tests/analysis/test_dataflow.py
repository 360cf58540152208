import builtins
import contextlib
import json
import symtable
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpipe.analysis.dataflow import analyze
from jupyter_mlpipe.analysis.syntax import python_source


def reads(source):
    return analyze(python_source(source)).reads - set(dir(builtins))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("df.head()", "df"),
        ("df = load(); df.head()", "load"),
        ("df = df.dropna()", "df"),
        ("x += 1", "x"),
        ("x = 1\nx += 1", ""),
        ("df['a'] = y", "df y"),
        ("df.a = y", "df y"),
        ("del x", "x"),
        ("x = 1\ndel x", ""),
        ("if c:\n    x = 1\nprint(x)", "c x"),
        ("if c:\n    x = 1\nelse:\n    x = 2\nprint(x)", "c"),
        ("for i in xs:\n    print(i)", "xs"),
        ("for i in xs:\n    y = i\nprint(i, y)", "xs i y"),
        ("while c:\n    x = 1\nprint(x)", "c x"),
        ("try:\n    x = 1\nexcept E as e:\n    print(e, x)\nprint(x)", "E x e"),
        ("try:\n    x = 1\nexcept E:\n    raise\nprint(x)", "E"),
        ("with o() as f:\n    d = f.read()\n    print(d)", "o"),
        ("with o() as f:\n    d = f.read()\nprint(d)", "o d"),
        ("if (n := f()) > 1:\n    print(n)", "f"),
        ("c and (n := f())\nprint(n)", "c f n"),
        ("[x for x in xs if x > lim]", "xs lim"),
        ("{k: v for k, v in d.items()}", "d"),
        ("[y := x for x in xs]\nprint(y)", "xs y"),
        ("f = lambda x: x + k", ""),
        ("def f(df=default): return df + k", "default"),
        ("def f(n): return f(n - 1)", ""),
        ("@deco\ndef f(n): return f(n - 1)", "deco"),
        ("def f(df): return df\ndf = f(load())\ndf.head()", "load"),
        ("def f(): return df\ndf = 1\nf()", ""),
        ("def f(): return df\nf()\ndf = 1", "df"),
        ("def f(): return df\ng = [f]", "df"),
        ("def f(): return g()\ndef g(): return df\nf()", "df"),
        ("fs = [lambda: df for i in xs]", "df xs"),
        ("sorted(xs, key=lambda x: df[x])", "df xs"),
        ("def f():\n    global g\n    g += 1\nf()", "g"),
        ("def f():\n    x = 1\n    def h():\n        nonlocal x\n        x = y\nf()", "y"),
        ("def f(x: T) -> R: pass", "T R"),
        ("def f(x: 'T') -> 'list[R]': pass", "T R"),
        ("from __future__ import annotations\ndef f(x: T): pass", "T"),
        ("class A(B, metaclass=M):\n    x = y\n    z = x\n    def f(self): return x", "B M y"),
        ("class A:\n    @property\n    def p(s): 1\n    @p.setter\n    def p(s, v): 2", ""),
        ("class A:\n    x = x", "x"),
        ("class A:\n    def f(self): return __k\nA().f()", "_A__k"),
        ("match v:\n    case {'a': b}: print(b)\n    case P(c): print(c)", "v P"),
        ("f'{x!r:>{w}}'", "x w"),
        ("import numpy as np\nnp.zeros(3)", ""),
        ("import os.path\nos.path", ""),
        ("await f(x)", "f x"),
        ("async for x in xs:\n    print(x)", "xs"),
        ("async def f():\n    async with o as p:\n        return p\nawait f()", "o"),
        ("if False:\n    df", ""),
        ("%time x = f(df)", "f df"),
        ("%timeit x = f(1)\nprint(x)", "f x"),
        ("%%time\ny = df.sum()", "df"),
        ("%%capture out\nprint(out)", "out"),
        ("df.query('price > @limit')", "df limit"),
        ("pd.eval('a + b')", "pd a b"),
        ("duckdb.sql('select * from df')", "duckdb select from df"),
        ("smf.ols('y ~ scale(x)', df)", "smf y scale x df"),
        ("model.eval()", "model"),
        ("x: int\nx", "x"),
        ("a = b = c\na, b", "c"),
        ("(a, *b), c = v\na, b, c", "v"),
    ],
)
def test_reads_are_the_names_whose_earlier_value_may_be_used(source, expected):
    assert reads(source) == set(expected.split())


@pytest.mark.parametrize(
    ("source", "deferred"),
    [
        ("def f(df=default): return df + k", {"f": "k"}),
        ("def f(n): return f(n - 1)", {"f": "f"}),
        ("f = lambda x: x + k", {"f": "k"}),
        (
            "class A(B):\n    x = y\n    def f(self): return x\n    def g(self): return z",
            {"A": "x z"},
        ),
        ("if c:\n    def f(): return a\nelse:\n    def f(): return b", {"f": "a b"}),
        ("def f():\n    def g(): return a\n    return g", {"f": "a"}),
    ],
)
def test_what_a_function_reads_is_put_off_until_something_calls_it(source, deferred):
    expected = {name: set(read.split()) for name, read in deferred.items()}
    assert analyze(source).deferred_reads == expected


@pytest.mark.parametrize(
    ("source", "certain"),
    [
        ("if a: x = 1\nelse: x = 2", "x"),
        ("if a: x = 1", ""),
        ("for i in xs: y = 1", ""),
        ("try: x = 1\nexcept E: pass", ""),
        ("x = 1 if a else 2", "x"),
        ("match a:\n    case 1: x = 1\n    case _: x = 2", "x"),
    ],
)
def test_a_write_is_certain_when_every_way_leads_over_it(source, certain):
    assert analyze(source).certain == set(certain.split())


@pytest.mark.parametrize(
    ("source", "writes", "deletes"),
    [
        ("a, (b, *c) = 1, (2, 3)", "a b c", ""),
        ("x += 1", "x", ""),
        ("import a.b, c as d\nfrom e import f, g as h", "a d f h", ""),
        ("def f(): x = 1", "f", ""),
        ("class A:\n    x = 1", "A", ""),
        ("def f():\n    global g\n    g = 1", "f", ""),
        ("def f():\n    global g\n    g = 1\nf()", "f g", ""),
        ("for i in x: pass", "i", ""),
        ("with a as b, c as (d, e): pass", "b d e", ""),
        ("try: pass\nexcept E as e: pass", "", ""),
        ("e = 1\ntry: pass\nexcept E as e: pass", "e", ""),
        ("[x for x in y]", "", ""),
        ("[z := x for x in y]", "z", ""),
        ("match v:\n    case [a, *b]: pass\n    case {**c}: pass", "a b c", ""),
        ("del x, y.z, w[0]", "", "x"),
        ("df.a = 1\ndf['b'] = 2", "", ""),
        ("x: int", "", ""),
    ],
)
def test_writes_and_deletes_are_those_of_the_module_scope(source, writes, deletes):
    signature = analyze(source)
    assert (signature.writes, signature.deletes) == (set(writes.split()), set(deletes.split()))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("exec(text)", "uses exec"),
        ("exec('x = = 1')", "uses exec"),
        ("exec('import x')", "uses exec"),
        ("eval('eval(text)')", "uses eval"),
        ("eval('x', {}, {'x': 1})", "uses eval"),
        ("run = exec", "uses exec"),
        ("g(eval, 'x')", "uses eval"),
        ("t = 'x'\nexec(t)", "uses exec"),
        ("def f(text):\n    return eval(text)\nf(t)", "uses eval"),
        ("globals()[x] = 1", "uses globals()"),
        ("globals().update(x=1)", "uses globals()"),
        ("g(globals(), 'x')", "uses globals()"),
        ("f(vars)", "uses vars()"),
        ("f(vars, x)", "uses vars()"),
        ("n = len(dir())", "uses dir()"),
        ("locals()", "uses locals()"),
        ("vars()", "uses vars()"),
        ("__import__('x', fromlist=['y'])", "imports by name"),
        ("importlib.import_module(n)", "imports by name"),
        ("from os.path import *", "uses from os.path import *"),
        ("get_ipython().user_ns", "uses the namespace of IPython"),
        ("get_ipython().ev('x')", "uses get_ipython()"),
        ("ip = get_ipython", "uses get_ipython()"),
        ("f.__globals__['x']", "uses __globals__"),
        ("sys._getframe(1)", "looks into the calling code"),
        ("import __main__", "imports __main__"),
        ("builtins.exec('x')", "uses exec"),
        ("f.__doc__", "reads docstrings"),
        ("class A(B):\n  def told(self): return super().__doc__\nA().told()", "reads docstrings"),
        ("x = input()", "asks for input"),
        ("df.query(q)", "gives a text made elsewhere to .query()"),
        ("df.eval(expr=q)", "gives a text made elsewhere to .eval()"),
        ("!ls", "runs a shell command"),
        ("x = !ls", "runs a shell command"),
        ("%%bash\nls", "runs a shell command"),
        ("%run other.py", "uses %run"),
        ("%pylab", "uses %pylab"),
        ("%load_ext x", "uses %load_ext"),
        ("%unheard_of x", "uses %unheard_of"),
        ("%%unheard_of\nx", "uses %%unheard_of"),
        ("%store -r x", "uses %store"),
        ("x = %pwd", "uses %pwd"),
        ("df?", "asks for help"),
        ("%timeit -v out x + 1", "uses %timeit"),
        ("%pip install {package}", "uses variables in the arguments of %pip"),
        ("!ls\n%store -r x", "uses %store"),
        ("!ls\nexec(t)", "uses exec"),
        ("x = = 1", "does not parse"),
        ("return 1", "does not parse"),
    ],
)
def test_what_hides_reads_or_writes_is_said_in_the_users_words(source, reason):
    assert analyze(python_source(source)).dynamic == reason


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline",
        "%config InlineBackend.figure_format = 'svg'",
        "%pip install pandas",
        "%time x = f()",
        "%timeit -n 10 f()",
        "%%time\nx = 1",
        "%%capture\nx = 1",
        "%%html\n<b>x</b>",
        "model.eval()",
        "model.eval(params=found, x=x)",
        "f(model.fit(x).eval(weight=1))",
        "exec('x = a')",
        "def f():\n    return eval('x')\nf()",
        "globals()['x'] = 1",
        "globals().get('x', None)",
        "'x' in globals()",
        "locals()['x']",
        "def f(x):\n    return locals()\nf(1)",
        "vars(box)['a'] = dict(vars(f(x).y))",
        "__import__('math').pi",
        "importlib.import_module('math')",
        "df.eval('a = b + c')",
        "def exec(x): pass\nexec(1)",
        "x.locals",
    ],
)
def test_what_hides_nothing_is_not_dynamic(source):
    assert analyze(python_source(source)).dynamic is None


def test_warnings_of_the_users_code_are_left_to_the_cell_itself():
    with warnings.catch_warnings(record=True) as caught:
        analyze("x = '\\d'\nx is 'a'")
    assert caught == []


@pytest.mark.parametrize("path", sorted(Path(json.__file__).parent.glob("*.py")))
def test_scopes_agree_with_the_symbol_table(path):
    source = path.read_text()
    tables, mentioned = [symtable.symtable(source, "x", "exec")], set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        is_module = table.get_type() == "module"
        mentioned |= {
            s.get_name()
            for s in table.get_symbols()
            if s.is_referenced() and (s.is_global() or is_module)
        }
    signature = analyze(source)
    everything = signature.reads.union(*signature.deferred_reads.values())
    inlined = {"i", "f", "field", "x"}  # newer tables list the variables of comprehensions
    assert everything - {"redivi"} <= mentioned  # an address in a text may be a query
    assert mentioned - everything - {"__name__"} <= signature.writes | inlined


names = st.sampled_from("abcdef")
expressions = st.recursive(
    st.one_of(names, st.just("1")),
    lambda e: st.one_of(
        st.builds("({} and {})".format, e, e),
        st.builds("({} if {} else {})".format, e, e, e),
        st.builds("({} := {})".format, names, e),
        st.builds("[{} for {} in (1, 0) if {}]".format, e, names, e),
        st.builds("(lambda {}=1: {})()".format, names, e),
    ),
    max_leaves=4,
)
STATEMENTS = (
    "{n} = {e}",
    "{n} += 1",
    "del {n}",
    "if {e}:\n{b}\nelse:\n{c}",
    "for {n} in (0, 1):\n{b}",
    "for {n} in ():\n{b}\nelse:\n{c}",
    "while not done({e}):\n{b}\n    break",
    "try:\n{b}\nexcept Exception as {n}:\n{c}",
    "try:\n{b}\nexcept ZeroDivisionError:\n{c}\nelse:\n{c}\nfinally:\n{b}",
    "with quiet() as {n}:\n{b}\n    fail({e})",
    "def {n}():\n{b}\n{n}()",
    "def {n}({m}={e}):\n    global {m2}\n{b}",
    "class {n}:\n{b}\n    z = {m}",
    "fail({e})",
)


@st.composite
def programs(draw, depth=2):
    lines = []
    for _ in range(draw(st.integers(1, 4))):
        form = draw(st.sampled_from(STATEMENTS if depth else STATEMENTS[:3]))
        block = [
            "\n".join("    " + line for line in draw(programs(depth - 1)).split("\n"))
            if depth
            else ""
            for _ in range(2)
        ]
        lines.append(
            form.format(
                n=draw(names),
                m="f",
                m2=draw(st.sampled_from("abc")),
                e=draw(expressions),
                b=block[0],
                c=block[1],
            )
        )
    return "\n".join(lines)


class Recorder(dict):
    """A namespace that notes when a value from before the program is taken out."""

    def __init__(self):
        self.before = {name: object() for name in "abcdef"}
        super().__init__(self.before, quiet=Quiet, fail=fail, done=done)
        self.read = set()

    def __getitem__(self, name):
        value = super().__getitem__(name)
        if value is self.before.get(name, self):
            self.read.add(name)
        return value


class Quiet:
    def __enter__(self):
        return 1

    def __exit__(self, *_):
        return True


def fail(value):
    if value:
        raise ZeroDivisionError


def done(value):
    return not value


@settings(max_examples=400, deadline=None)
@given(programs())
def test_whatever_a_program_really_reads_is_among_its_reads(source):
    try:
        code = compile(source, "<program>", "exec")
    except SyntaxError:
        assert analyze(source).dynamic == "does not parse"
        return
    namespace = Recorder()
    with contextlib.suppress(Exception):  # what a program reads until it fails counts
        exec(code, namespace)
    assert namespace.read <= analyze(source).reads


@pytest.mark.parametrize(
    ("source", "reads", "writes"),
    [
        ("out = eval('a + b')", "a b eval", "out"),
        ("exec('x = a * 2')", "a exec", "x"),
        ("a = 1\nexec('x = a * b')", "b exec", "a x"),
        ("exec('def f(): return a\\ny = f()')", "a exec", "f y"),
        ("globals()['x'] = globals()['y']", "globals y", "x"),
        ("out = 'x' in globals()", "globals x", "out"),
        ("out = globals().get('x')", "globals x", "out"),
        ("def f():\n    return eval('a')\nout = f()", "a eval", "f out"),
    ],
)
def test_names_in_texts_count_as_if_they_stood_in_the_cell(source, reads, writes):
    found = analyze(source)
    assert (found.reads, found.writes) == (set(reads.split()), set(writes.split()))


@pytest.mark.parametrize(
    ("source", "template"),
    [
        ("exec(code)", "{code}"),
        ("globals()['go_' + mode]()", "go_{mode}"),
        ("globals()[f'v{n}_{{']", "v{n}_{{"),
        ("def f():\n    return eval(text)\nf()", "{text}"),
    ],
)
def test_a_text_made_of_variables_is_a_template(source, template):
    assert analyze(source).texts == {template}


def test_a_class_body_that_calls_its_own_function_reads_what_that_reads():
    called = "class A:\n    def f():\n        return b\n    x = f()"
    assert "b" in analyze(called).reads
    assert "b" not in analyze(called.replace("x = f()", "x = property(f)")).reads


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("out = !echo {word} $other $$HOME", {"word", "other"}),
        ("!head -{n + 1} {path!r}", {"n"}),
        ("!awk '{print $1}'", set()),
        ("%%bash -s $word\necho $1", {"word"}),
        ("%timeit -n 1 f(x)", {"f", "x"}),
    ],
)
def test_what_ipython_fills_in_is_read(cell, names):
    assert analyze(python_source(cell)).reads & {"word", "other", "n", "path", "f", "x"} == names


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("with o() as f:\n    d = f.read()\nprint(d)", "o d"),
        ("for i in xs:\n    y = i\nprint(y)", "xs y"),
        ("with suppress(NameError):\n    x\nx = 1\nprint(x)", "suppress"),
        ("try:\n    x\nexcept E:\n    x = 1\nprint(x)", ""),
        ("if c:\n    x = 1\nf = lambda: x\nf()\nx", "c"),
        ("if c:\n    x = 1\ndf.query('a > @x')\nx", "c df"),
        ("if c:\n    x = 1\ndel x\nc", "c"),
        ("%time x", ""),
    ],
)
def test_names_that_stop_the_cell_where_they_are_missing(source, expected):
    found = analyze(python_source(source)).fatal - set(dir(builtins))
    assert found == set(expected.split())
