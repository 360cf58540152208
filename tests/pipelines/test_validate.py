import pytest

from jupyter_mlpipe.model.errors import CycleError, NotebookError, OutsideDataError
from jupyter_mlpipe.pipelines.compile import compile_notebook


def warnings(notebook, *cells):
    return " ".join(compile_notebook(notebook(*cells), None).warnings[1:])


def test_steps_that_wait_for_each_other_are_named(notebook):
    cells = ("%%step a --after b\nx = 1", "%%step b\ny = x")
    with pytest.raises(
        CycleError, match=r"cell 1 \(%%step a\).*cell 2 \(%%step b\)|cell 2.*cell 1"
    ):
        compile_notebook(notebook(*cells), None)


def test_after_may_name_a_step_further_down(notebook):
    pipeline = compile_notebook(notebook("%%step a --after b\nx = 1", "%%step b\ny = 1"), None)
    assert pipeline.steps[0].depends_on == ("b",)


def test_after_an_unknown_step_lists_the_known_ones(notebook):
    with pytest.raises(NotebookError, match=r"'load', which .* steps are a, b"):
        compile_notebook(notebook("%%step a --after load\nx = 1", "%%step b\ny = 1"), None)


def test_after_a_misspelt_step_suggests_the_one_that_was_meant(notebook):
    with pytest.raises(NotebookError, match=r"'laod', which .* Did you mean 'load'\?"):
        compile_notebook(notebook("%%step load\nx = 1", "%%step b --after laod\ny = 1"), None)


def test_after_may_list_several_steps_and_names_with_commas(notebook):
    cells = ("%%step a\nx = 1", '%%step "b, c"\ny = 1', "%%step d\nz = 1")
    last = "%%step e --after a,d --after 'b, c'\nw = 1"
    pipeline = compile_notebook(notebook(*cells, last), None)
    assert pipeline.steps[-1].depends_on == ("a", "d", "b-c")


def test_what_a_condition_reads_makes_an_edge(notebook):
    cells = ("%%step a\nn = 1", "%%step b --if 'n > 3'\ny = 1")
    step = compile_notebook(notebook(*cells), None).steps[1]
    assert (step.depends_on, step.condition) == (("a",), "n > 3")


def test_data_of_an_untagged_cell_is_refused_with_cell_and_name(notebook):
    with pytest.raises(OutsideDataError, match=r"cell 2 \(%%step a\).*`df`.*cell 1.*%%step"):
        compile_notebook(notebook("df = open('x').read()", "%%step a\nprint(df)"), None)


def test_data_that_only_a_helper_mentions_is_refused_too(notebook):
    cells = ("df = open('x').read()", "def f():\n    return df", "%%step a\nprint(f())")
    with pytest.raises(OutsideDataError, match="`df`"):
        compile_notebook(notebook(*cells), None)


@pytest.mark.parametrize("cell", ["df = df + [1]", "df[0] = 5", "del df[0]", "df += [1]"])
def test_an_untagged_change_between_two_steps_is_refused(notebook, cell):
    with pytest.raises(OutsideDataError, match="cell 2"):
        compile_notebook(notebook("%%step a\ndf = [1]", cell, "%%step b\nprint(df)"), None)


def test_an_untagged_cell_below_the_steps_is_nobodys_business(notebook):
    pipeline = compile_notebook(notebook("%%step a\ndf = [1]", "df = open('x').read()"), None)
    assert len(pipeline.steps) == 1


def test_what_only_a_later_step_makes_is_refused(notebook):
    with pytest.raises(NotebookError, match=r"`x`, which only the later cell 2 \(%%step b\)"):
        compile_notebook(notebook("%%step a\nprint(x)", "%%step b\nx = 1"), None)


def test_a_name_that_nothing_makes_is_a_warning(notebook):
    assert "mentions `nobody`" in warnings(notebook, "%%step a\nprint(nobody)")


def test_builtins_and_own_names_need_no_warning(notebook):
    assert (
        warnings(notebook, "%%step a\nx = [len(str(i)) for i in range(3)]\nprint(__name__)") == ""
    )


def test_ipython_commands_need_ipython_where_they_run(notebook):
    assert "IPython must be installed" in warnings(notebook, "%%step a\n!ls")


def test_code_that_cannot_be_read_says_so(notebook):
    text = warnings(notebook, "%%step a\nx = 1", "%%step b\nexec(input_text)")
    assert "waits for every step" in text


def test_an_untagged_look_at_data_is_pointed_out(notebook):
    cells = ("%%step a\ndf = [1]", "df.count(1)", "%%step b\nprint(df)")
    assert "2 mention data of steps" in warnings(notebook, *cells)


@pytest.mark.parametrize(
    "change", ["df.pop()", "df += [2]", "other = df\nother.append(2)", "v = df[1:]\nv[0] = 5"]
)
def test_data_that_an_untagged_cell_changes_is_refused(notebook, change):
    cells = ("%%step a\ndf = [1]", change, "%%step b\nprint(df)")
    with pytest.raises(OutsideDataError, match=r"cell 2 (changes|sets) outside of any step"):
        warnings(notebook, *cells)


def test_a_step_that_reads_the_results_that_ipython_showed_is_refused(notebook):
    with pytest.raises(NotebookError, match=r"reads `_`.*Give that result a name"):
        compile_notebook(notebook("%%step a\n1 + 1", "%%step b\nx = _"), None)
    assert not warnings(notebook, "%%step a\nfor _ in range(3):\n    x = _")
