import json
import os
import threading

import pytest

from jupyter_mlpipe.analysis.notebook import Cell, parse_cells, read_notebook
from jupyter_mlpipe.analysis.statements import StatementKind
from jupyter_mlpipe.model.errors import DuplicateStepError, NotebookError, StepOptionError
from jupyter_mlpipe.model.pipeline import Parameter


def notebook(*cells, **options):
    return parse_cells(
        [Cell(c, f"id{i}", position=i) for i, c in enumerate(cells)], "nb", **options
    )


def write(path, *cells, nbformat=4):
    path.write_text(json.dumps({"nbformat": nbformat, "nbformat_minor": 5, "cells": cells}))
    return path


def code(source, **more):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], **more}


def test_a_file_is_read_with_its_steps_and_their_places(tmp_path):
    path = write(
        tmp_path / "churn.ipynb",
        {"cell_type": "markdown", "source": ["%%step no\n"]},
        code(["import numpy as np\n", "x = 1"]),
        code("%%step load --tag raw\ndf = np.zeros(3)\n", id="abc"),
        {"cell_type": "raw", "source": "%%step neither"},
    )
    read = read_notebook(path)
    (step,) = read.steps
    assert (read.name, read.path) == ("churn", str(path))
    assert (step.name, step.source, step.cell_id, step.position) == (
        "load",
        "df = np.zeros(3)\n",
        "abc",
        2,
    )
    assert step.options.tags == ("raw",)
    assert [s.source for s in read.statements] == ["import numpy as np", "x = 1"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not JSON"),
        ("[1]", "no notebook"),
        ("{}", "no `nbformat`"),
        ('{"nbformat": 3, "worksheets": []}', "notebook format 3, expected 4"),
        ('{"nbformat": 4}', "no list of cells"),
        ('{"nbformat": 4, "cells": [1]}', "cell 1: has no type"),
        ('{"nbformat": 4, "cells": [{"cell_type": "code", "source": 5}]}', "cell 1: has no type"),
    ],
)
def test_a_file_that_is_no_notebook_is_refused_by_its_path(tmp_path, content, words):
    path = tmp_path / "x.ipynb"
    path.write_text(content)
    with pytest.raises(NotebookError) as caught:
        read_notebook(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_refused_by_its_path(tmp_path):
    with pytest.raises(NotebookError, match=r"none\.ipynb: cannot be read"):
        read_notebook(tmp_path / "none.ipynb")


def test_bytes_that_are_not_text_are_refused(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NotebookError, match="not JSON"):
        read_notebook(path)


def test_two_steps_of_one_name_are_refused_naming_both_cells():
    with pytest.raises(DuplicateStepError) as caught:
        notebook("x = 1", "%%step a\n1", "%%step 'a'\n2")
    assert str(caught.value).startswith("cell 3 (%%step a): cell 2 is already called 'a'")


def test_a_step_line_that_is_not_understood_names_the_cell():
    with pytest.raises(StepOptionError, match=r"^cell 2: unknown option --nope"):
        notebook("", "%%step a --nope\n1")


def test_the_pipeline_line_gives_name_and_parameters_from_anywhere_in_a_cell():
    read = notebook("import a\n%pipeline 'my churn' --param lr:float=0.1\nx = 1", "%%step s\n1")
    assert read.name == "my churn"
    assert read.parameters == (Parameter("lr", "float", 0.1),)


def test_two_pipeline_names_are_refused():
    with pytest.raises(NotebookError, match="several %pipeline names: a, b"):
        notebook("%pipeline a", "%pipeline b")


def test_a_params_cell_holds_typed_literals():
    read = notebook("%%params\n# settings\nlr: float = 1\nnames = ['a']\n", "%%step s\nlr")
    assert read.parameters == (Parameter("lr", "float", 1.0), Parameter("names", "json", ["a"]))
    assert {s.kind for s in read.statements} == {StatementKind.PARAMETER}
    assert [s.source for s in read.statements] == ["lr: float = 1", "names = ['a']"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("x = load()", "found `x = load()`"),
        ("x = 1\ny = (1, 2)", "found `y = (1, 2)`"),
        ("x: int = 'a'", "x is stated to be int, but 'a' is str"),
        ("x = = 1", "does not parse"),
    ],
)
def test_a_params_cell_with_anything_else_is_refused(body, words):
    with pytest.raises(NotebookError) as caught:
        notebook(f"%%params\n{body}")
    assert str(caught.value).startswith("cell 1: ")
    assert words in str(caught.value)


def test_a_cell_tagged_for_papermill_gives_parameters_and_may_hold_more():
    cell = Cell("import os\nlr = 0.1\nshape = (1, 2)\nroot = os.getcwd()", tags=("parameters",))
    read = parse_cells([cell], "nb")
    assert read.parameters == (Parameter("lr", "float", 0.1),)
    assert [s.kind for s in read.statements] == [
        StatementKind.IMPORT,
        StatementKind.PARAMETER,
        StatementKind.CONSTANT,
        StatementKind.DATA,
    ]


def test_a_parameter_stated_twice_is_refused():
    with pytest.raises(NotebookError, match="'lr' more than once"):
        notebook("%pipeline p --param lr=1", "%%params\nlr = 2")


def test_magics_that_look_like_a_step_are_none():
    read = notebook("%%stepwise x\ny", "'''\n%%step a\n'''", "%%time\nx = 1")
    assert read.steps == ()


def test_a_cell_that_does_not_parse_does_not_stop_the_others():
    assert [s.source for s in notebook("x = = 1", "y = 2").statements] == ["x = = 1", "y = 2"]


def test_a_file_that_is_just_being_saved_is_waited_for(tmp_path):
    whole = write(tmp_path / "nb.ipynb", code("%%step load\nx = 1")).read_text()
    path = tmp_path / "nb.ipynb"
    path.write_text("")
    saving = threading.Timer(0.2, path.write_text, [whole])
    saving.start()
    assert [step.name for step in read_notebook(path).steps] == ["load"]
    saving.join()


def test_a_file_that_has_long_been_broken_is_refused(tmp_path):
    path = tmp_path / "nb.ipynb"
    path.write_text('{"cells": [')
    os.utime(path, (0, 0))
    with pytest.raises(NotebookError, match="not JSON"):
        read_notebook(path)
