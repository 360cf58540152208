import ast

import pytest

from jupyter_mlpipe.analysis.syntax import python_source


def magic(name, line=""):
    return f"get_ipython().run_line_magic({name!r}, {line!r})"


def cell_magic(name, line="", body=""):
    return f"get_ipython().run_cell_magic({name!r}, {line!r}, {body!r})"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%matplotlib inline", magic("matplotlib", "inline")),
        ("x = 1\n%cd  data", f"x = 1\n{magic('cd', 'data')}"),
        ("if x:\n    %cd data\n", f"if x:\n    {magic('cd', 'data')}\n"),
        ("!ls -l 'a b'", "get_ipython().system(\"ls -l 'a b'\")"),
        ("!!ls", "get_ipython().getoutput('ls')"),
        ("files = !ls", "files = get_ipython().getoutput('ls')"),
        ("a['k'] = %pwd", f"a['k'] = {magic('pwd')}"),
        ("df?", magic("pinfo", "df")),
        ("df.head??", magic("pinfo2", "df.head")),
        ("?df", magic("pinfo", "df")),
        ("%time x = f(df)", f"{magic('time')}; x = f(df)"),
        ("%time", magic("time")),
        ("%prun -l 5 f(x)", f"{magic('prun', '-l 5')}; f(x)"),
        ("%%bash\necho 1\n", cell_magic("bash", body="echo 1\n")),
        ("%%writefile a.py\nx = 1", cell_magic("writefile", "a.py", "x = 1")),
        ("%%time\nx = 1\n", f"{cell_magic('time')}\nx = 1\n"),
        ("\n%%time\n%cd d\n", f"\n{cell_magic('time')}\n{magic('cd', 'd')}\n"),
        ("%%time\n%%bash\nls", f"{cell_magic('time')}\n{cell_magic('bash', body='ls')}"),
        ("  x = 1\n  %cd d", f"x = 1\n{magic('cd', 'd')}"),
    ],
)
def test_ipython_syntax_becomes_calls(cell, expected):
    assert python_source(cell) == expected


@pytest.mark.parametrize(
    "cell",
    [
        "x = 10 % 3",
        "x = (10\n% 3)",
        "x = 10 \\\n% 3",
        '"""\n%time x\n!ls\nobj?\n"""',
        "x = a[\n'%s'\n% b]",
        "# %time x\nx = '!ls'",
        "lines = ['''\n%%bash\n''']",
    ],
)
def test_python_is_left_as_it_is(cell):
    assert python_source(cell) == cell
    translated = python_source(f"{cell}\n%matplotlib inline\n")
    assert translated == f"{cell}\n{magic('matplotlib', 'inline')}\n"


def test_a_continued_line_keeps_the_number_of_lines():
    source = python_source("!cat \\\n  a.txt\nx = 1\n")
    assert source == "get_ipython().system('cat    a.txt')\n\nx = 1\n"


def test_code_under_timeit_is_conditional_for_it_leaves_nothing_behind():
    tree = ast.parse(python_source("%timeit -n 3 x = f(1)\nprint(x)"))
    assert [type(node) for node in tree.body] == [ast.If, ast.Expr]
    tree = ast.parse(python_source("%%timeit a = 1\nb = a"))
    assert ast.unparse(tree.body[0].body[1]) == "b = a"


def test_a_compound_statement_after_time_moves_to_its_own_line():
    source = python_source("%time for i in x: f(i)")
    assert source == f"{magic('time')}\nfor i in x: f(i)"


def test_what_capture_binds_is_bound_last():
    source = python_source("%%capture out\nprint(out)\n")
    call = cell_magic("capture", "out")
    assert source == f"{call}\nprint(out)\n\nout = {call}"


@pytest.mark.parametrize("cell", ["x = = 1", "def f(:\n  pass", "x = 'abc", ""])
def test_what_cannot_be_made_into_python_comes_back_unchanged(cell):
    assert python_source(cell) == cell
