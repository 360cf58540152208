"""What the text of a cell says that it leaves in its process alone."""

import pytest

from jupyter_mlpipe.analysis.leftovers import leftovers


def left(source):
    return {state.name: state.what for state in leftovers(source, ())}


@pytest.mark.parametrize(
    ("source", "name", "what"),
    [
        ("lines = open('a.txt')", "lines", "an open file"),
        ("squares = (n * n for n in range(3))", "squares", "a generator"),
        ("both = [1, threading.Lock()]", "both", "a lock"),
        ("place = id(row)", "place", "an object's place in memory"),
        ("seen = {id(row): row for row in rows}", "seen", "an object's place in memory"),
        ("seen = {}\nseen[id(row)] = row", "seen", "an object's place in memory"),
        ("done = set()\ndone.add(id(row))", "done", "an object's place in memory"),
    ],
)
def test_what_could_not_be_stored_is_told_by_its_maker(source, name, what):
    assert left(source) == {name: what}


@pytest.mark.parametrize(
    "source",
    [
        "name = case.id()",
        "names = [row.id(1) for row in rows]",
        "seen = {}\nseen[row.id()] = row",
        "rows = sorted([3, 1])",
        "same = id(a) == id(b)",
    ],
)
def test_what_can_be_stored_is_left_out(source):
    assert left(source) == {}
