import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpipe.analysis.canonical import canonical_hash
from tests.analysis.changes import variants
from tests.analysis.code import programs, rewritten


def facts(source):
    return ast.dump(ast.parse(source))


@settings(deadline=None)
@given(programs, st.randoms(use_true_random=False))
def test_reformatting_keeps_the_hash(source, chance):
    other = rewritten(source, chance)
    assert facts(other) == facts(source)
    assert canonical_hash(other) == canonical_hash(source)
    assert canonical_hash(ast.unparse(ast.parse(source))) == canonical_hash(source)


@settings(deadline=None)
@given(programs, st.randoms(use_true_random=False))
def test_any_single_change_of_meaning_changes_the_hash(source, chance):
    hashes = {facts(other): canonical_hash(other) for other in [source, *variants(source, chance)]}
    assert len(set(hashes.values())) == len(hashes)


@given(programs, programs)
def test_programs_hash_equal_only_when_their_trees_are_equal(one, other):
    assert (canonical_hash(one) == canonical_hash(other)) == (facts(one) == facts(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x=1;y=23", "x=12;y=3"),
        ("x=1", "x='1'"),
        ("x=1", "x=1.0"),
        ("x=1", "x=True"),
        ("x='1'", "x=b'1'"),
        ("x=None", "x='None'"),
        ("x=...", "x=None"),
        ("x=0.0", "x=-0.0"),
        ("x=1j", "x=1.0"),
        ("x='a'+b+'bc'", "x='ab'+b+'c'"),
        ("print('a','bc')", "print('ab','c')"),
        ("x=[1]", "x=(1,)"),
        ("f(a, b)", "f(b, a)"),
        ("f(a=1, b=2)", "f(b=1, a=2)"),
        ("def f(x=1): pass", "def f(x=2): pass"),
        ("def f(*, x): pass", "def f(x): pass"),
        ("def f(x, /): pass", "def f(x): pass"),
        ("async def f(): pass", "def f(): pass"),
        ("a < b", "a <= b"),
        ("a and b", "a or b"),
        ("f'{x}'", "f'{x!r}'"),
        ("f'{x:>3}'", "f'{x:>4}'"),
        ("f'{x}'", "'{x}'"),
        ("x = [a for a in b]", "x = {a for a in b}"),
        ("import a", "import b"),
        ("import a as c", "import a"),
        ("from . import a", "from .. import a"),
        ("x: int = 1", "x = 1"),
        ("(x): int = 1", "x: int = 1"),
        ("global x", "x"),
        ("a.b", "a.c"),
        ("df.head()", "df.head();"),
        ("'shown'", "'shown too'"),
    ],
)
def test_any_change_of_meaning_changes_the_hash(one, other):
    assert canonical_hash(one) != canonical_hash(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f():\n    'says'\n    return 1", "def f():\n    return 1"),
        ("class A:\n    '''x'''\n    y = 1", "class A:\n    y = 1"),
        ("x = u'a'", "x = 'a'"),
        ("x = 'a' 'b'", 'x = "ab"'),
        ("x = 0x10", "x = 16"),
        ("x = 1  # type: int", "x = 1"),
        ("f(a,\n  b,)", "f(a, b)"),
        ("x = (1)", "x = 1"),
        ("f'a' 'b'", "f'ab'"),
        ("x = 1;", "x = 1"),
    ],
)
def test_what_means_the_same_hashes_the_same(one, other):
    assert canonical_hash(one) == canonical_hash(other)


@pytest.mark.parametrize(
    "source",
    [
        "@tool\ndef f():\n    {}\n    return 1",
        "class A(Base):\n    {}\n    y = 1",
        "class A(Base):\n    def f(self):\n        {}\n        return 1",
    ],
)
def test_a_docstring_counts_where_a_framework_may_read_it(source):
    assert canonical_hash(source.format("'one'")) != canonical_hash(source.format("'two'"))


def test_the_hash_of_a_text_never_changes():
    source = "def f(x: int = 1, *a, **k):\n    return [f'{y!r:>{x}}' for y in a if y > 1.5]\n"
    assert canonical_hash(source) == (
        "03633bbba0c350d9afaa9bcf0e71e310e4cff7d16ab6e06282eb86ec3931b8ef"
    )


def test_very_deep_and_very_long_programs_are_hashed():
    assert canonical_hash("+".join(["a"] * 900)) != canonical_hash("+".join(["a"] * 901))
    assert canonical_hash(f"x = {'9' * 4000}") != canonical_hash(f"x = {'9' * 4001}")


@pytest.mark.parametrize("source", ["x = = 1", "x = '\0'", "def"])
def test_what_is_not_python_is_refused(source):
    with pytest.raises(SyntaxError):
        canonical_hash(source)
