import datetime as dt

import numpy as np
import pytest

from jupyter_mlpipe.materializers.versions import difference, made_with


@pytest.mark.parametrize("value", [1, [], [1], {}, dt.date(2020, 1, 1), pytest])
def test_values_of_python_itself_tell_no_package(value):
    assert made_with(value) == ""


def test_a_value_and_a_list_of_values_tell_their_package():
    assert made_with(np.ones(1)) == made_with([np.ones(1)]) == f"numpy {np.__version__}"


def test_a_class_of_the_notebook_has_no_release(notebook):
    assert made_with(notebook("class Own: pass\nown = Own()", "own")) == ""


def test_only_another_release_is_told():
    assert difference(f"numpy {np.__version__}") == difference("") == ""
    assert f"{np.__version__} is here" in difference("numpy 0.1")
    assert "Install numpy==0.1" in difference("numpy 0.1")
    assert "none is here" in difference("nowhere 1.0")
