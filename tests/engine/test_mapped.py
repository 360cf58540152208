"""Steps that run once for each element of a variable."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_mlpipe.model.errors import NotebookError

SQUARE = "%%step square --map x=xs\nprint('at', x)\ny = x * x"


def counts(report):
    return report.step_run.reason.rpartition("; ")[2]


def test_what_the_elements_leave_becomes_a_list_in_their_order(session):
    session.plain("xs = [3, 1, 2]")
    report = session.step(SQUARE)
    assert session["y"] == [9, 1, 4]
    assert "x" not in session.main.__dict__
    assert (report.step_run.status, report.step_run.elements) == ("succeeded", 3)


def test_the_whole_step_hits_while_nothing_changed(session):
    session.plain("xs = [3, 1, 2]")
    session.step(SQUARE)
    again = session.step(SQUARE)
    assert (again.step_run.status, again.step_run.elements) == ("cached", 3)
    assert session["y"] == [9, 1, 4]


def test_only_elements_that_are_new_run(session, capsys):
    session.plain("xs = [3, 1, 2]")
    session.step(SQUARE)
    capsys.readouterr()
    session.plain("xs = [5, 3, 2, 1]")
    report = session.step(SQUARE)
    assert counts(report) == "1 of 4 elements ran, 3 cached"
    assert session["y"] == [25, 9, 4, 1]
    assert capsys.readouterr().out == "at 5\n"


def test_an_edited_helper_runs_every_element_again(session):
    session.plain("xs = [1, 2]\ndef f(x):\n    return x")
    session.step("%%step a --map x=xs\ny = f(x)")
    session.plain("def f(x):\n    return -x")
    report = session.step("%%step a --map x=xs\ny = f(x)")
    assert "`f` was edited; 2 of 2" in report.step_run.reason
    assert session["y"] == [-1, -2]


def test_without_a_name_of_its_own_the_element_is_called_as_the_variable(session):
    session.plain("xs = [1, 2]")
    session.step("%%step a --map xs\ny = xs + 1")
    assert (session["y"], session["xs"]) == ([2, 3], [1, 2])


@pytest.mark.parametrize(
    ("made", "elements"),
    [
        ("(1, 2)", [1, 2]),
        ("range(3)", [0, 1, 2]),
        ("{'a': 1, 'b': 2}", [("a", 1), ("b", 2)]),
        ("__import__('numpy').arange(4).reshape(2, 2)", [[0, 1], [2, 3]]),
        ("__import__('pandas').Series([5, 6])", [5, 6]),
        ("[]", []),
    ],
)
def test_whatever_has_a_length_and_an_order_can_be_mapped_over(session, made, elements):
    session.plain(f"xs = {made}")
    session.step("%%step a --map x=xs\ny = x.tolist() if hasattr(x, 'tolist') else x")
    assert session["y"] == elements


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ("'text'", r"a str: .*list\(xs\)"),
        ("{1, 2}", r"has no order; map over `sorted\(xs\)`"),
        ("(i for i in range(3))", r"has no length; map over a list"),
        ("5", "has no length"),
        ("__import__('pandas').DataFrame({'k': [1]})", r'list\(xs.groupby\("key"\)\)'),
    ],
)
def test_what_has_no_clear_elements_is_refused_with_advice(session, made, words):
    session.plain(f"xs = {made}")
    with pytest.raises(NotebookError, match=words):
        session.step("%%step a --map x=xs\ny = x")


def test_an_undefined_variable_is_refused(session):
    with pytest.raises(NotebookError, match="`xs`, which is not defined"):
        session.step("%%step a --map x=xs\ny = x")


def test_an_element_that_raises_is_named_and_the_next_run_goes_on_from_there(session, capsys):
    session.plain("xs = [1, 2, 0, 4]")
    cell = "%%step a --map x=xs\nprint('at', x)\ny = 8 / x"
    failed = session.step(cell).step_run
    assert failed.status == "failed"
    assert "element 3 of 4 of `xs` did not finish, the 2 before it are kept" in failed.reason
    assert "ZeroDivisionError" in failed.error
    assert session["xs"] == [1, 2, 0, 4]
    assert "y" not in session.main.__dict__
    session.plain("xs[2] = 8")
    capsys.readouterr()
    assert counts(session.step(cell)) == "2 of 4 elements ran, 2 cached"
    assert capsys.readouterr().out == "at 8\nat 4\n"


@pytest.mark.parametrize(
    ("before", "body", "words"),
    [
        ("seen = []", "seen.append(x)\ny = x", "changes `seen` in place"),
        ("total = 0", "total += x", "builds `total` on what `total` was"),
        ("total = 0", "total = total + x", "builds `total` on"),
        ("d = 1", "del d\ny = x", "deletes `d`"),
    ],
)
def test_elements_that_depend_on_each_other_are_refused_by_name(session, before, body, words):
    session.plain(f"xs = [1, 2]\n{before}")
    with pytest.raises(NotebookError, match=words):
        session.step(f"%%step a --map x=xs\n{body}")


@pytest.mark.parametrize("body", ["x.append(1)", "x.append(1)\nx = 0\ny = 1"])
def test_an_element_changed_in_place_is_refused(session, body):
    session.plain("xs = [[1], [2]]")
    with pytest.raises(NotebookError, match="element 1 of 2 of `xs` it changes its element `x`"):
        session.step(f"%%step a --map x=xs\n{body}")


def test_an_element_does_not_see_what_the_one_before_it_left(session):
    session.plain("xs = [1, 2]")
    cell = "%%step a --map x=xs\nfound = 'y' in globals()\ny = x"
    session.step(cell)
    session.step(cell)
    assert session["found"] == [False, False]


def test_a_name_that_some_elements_do_not_set_is_none_for_them(session):
    session.plain("xs = [1, 2, 3]")
    report = session.step("%%step a --map x=xs\ny = x\nif x > 1:\n    big = x")
    assert session["big"] == [None, 2, 3]
    assert "`big` was not set for 1 of 3 elements; their entry is None" in report.warnings


@pytest.mark.parametrize(
    ("made", "grown", "body"),
    [
        ("[[1], [2, 2]]", "[[3], [1], [2, 2]]", "y = [len(x)]"),
        ("np.eye(2)", "np.vstack([[5, 5], np.eye(2)])", "y = (x * 2).tolist()"),
        ("[pd.DataFrame({'a': [n]}) for n in (1, 2)]",
         "[pd.DataFrame({'a': [n]}) for n in (3, 1, 2)]", "y = x.a.sum() * 2"),
    ],
)  # fmt: skip
def test_elements_that_could_be_changed_are_cached_as_well(session, made, grown, body):
    session.plain(f"import numpy as np\nimport pandas as pd\nxs = {made}")
    session.step(f"%%step a --map x=xs\n{body}")
    before = session["y"]
    session.plain(f"xs = {grown}")
    assert counts(session.step(f"%%step a --map x=xs\n{body}")) == "1 of 3 elements ran, 2 cached"
    assert session["y"][1:] == before


def test_equal_lists_from_other_elements_still_hit_downstream(session):
    session.plain("xs = [1, 2]")
    session.step("%%step a --map x=xs\ny = abs(x)")
    session.step("%%step b\ntotal = sum(y)")
    session.plain("xs = [-1, 2]")
    session.step("%%step a --map x=xs\ny = abs(x)")
    assert session.step("%%step b\ntotal = sum(y)").step_run.status == "cached"


def test_values_that_alias_what_they_were_made_of_stay_aliases(session):
    session.plain("shared = []\nxs = [1, 2, 3]")
    cell = "%%step a --map x=xs\ny = shared"
    assert "shares memory with `shared`" in " ".join(session.step(cell).warnings)
    session.plain("xs = [1, 2]")
    session.step(cell)
    assert session["y"][0] is session["y"][1] is session["shared"]


def test_random_numbers_are_those_of_a_loop_and_a_failed_map_can_go_on(session):
    import random

    session.plain("import random\nxs = [1, 2, 3, 4]")
    cell = "%%step a --map x=xs\ny = random.random() / (x != bad)"
    session.plain("bad = 3\nrandom.seed(7)")
    assert session.step(cell).step_run.status == "failed"
    session.plain("bad = 9")
    session.step(cell)
    draws = random.Random(7)
    assert session["y"] == [draws.random() for _ in range(4)]


def test_the_lineage_of_an_element_leads_to_the_variable_it_came_from(session):
    session.step("%%step make\nxs = [1, 2]")
    session.step(SQUARE)
    (made,) = session.records(step="make")
    elements = [run for run in session.records() if run.element]
    assert len(elements) == 2
    for run in elements:
        assert [(i.variable, i.version_id) for i in run.inputs] == [
            ("xs", made.outputs[0].version_id)
        ]


def test_a_file_that_an_element_reads_is_noticed_by_the_whole_step(session, tmp_path):
    for name in "ab":
        (tmp_path / name).write_text(name)
    session.plain(f"xs = [{str(tmp_path / 'a')!r}, {str(tmp_path / 'b')!r}]")
    cell = "%%step a --map x=xs\nwith open(x) as f:\n    text = f.read()"
    session.step(cell)
    (tmp_path / "b").write_text("new")
    report = session.step(cell)
    assert counts(report) == "1 of 2 elements ran, 1 cached"
    assert session["text"] == ["a", "new"]


BODIES = (
    "y = x * 2\nz = [x]",
    "y = helper(x)",
    "y = [n for n in range(x % 4)]\nz = offset + x",
    "if x % 2:\n    y = x\nelse:\n    y = str(x)",
)
EDIT = st.tuples(
    st.sampled_from(["insert", "delete", "change", "append", "offset", "helper"]),
    st.integers(0, 5),
    st.integers(0, 9),
)


def apply(edit, xs, outside):
    kind, place, number = edit
    if kind in ("offset", "helper"):
        outside[kind] = number % 3
    elif kind == "append":
        xs.append(number)
    elif kind == "insert":
        xs.insert(place, number)
    elif xs and kind == "delete":
        del xs[place % len(xs)]
    elif xs:
        xs[place % len(xs)] = number


def looped(body, xs, outside):
    """What a plain loop gives: each name's values in order."""
    left = []
    for x in xs:
        space = {"x": x, "offset": outside["offset"]}
        exec(f"def helper(x):\n    return x + {outside['helper']}", space)
        before = set(space)
        exec(body, space)
        left.append({n: v for n, v in space.items() if n not in before and n != "__builtins__"})
    return {n: [values.get(n) for values in left] for n in {n for v in left for n in v}}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.sampled_from(BODIES), edits=st.lists(EDIT, min_size=1, max_size=6))
def test_map_with_caching_over_edited_lists_equals_a_plain_loop(session, body, edits):
    xs, outside = [1, 2, 3], {"offset": 0, "helper": 0}
    for edit in [None, *edits]:
        if edit is not None:
            apply(edit, xs, outside)
        session.plain(f"xs = {xs}\noffset = {outside['offset']}")
        session.plain(f"def helper(x):\n    return x + {outside['helper']}")
        session.step(f"%%step a --map x=xs\n{body}")
        expected = looped(body, xs, outside)
        assert {name: session[name] for name in expected} == expected
