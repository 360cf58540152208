import datetime as dt
import sys

import numpy as np
import pytest

from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.materializers.versions import difference, made_with
from jupyter_mlpipe.model.errors import ValueNotLoadableError


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


@pytest.mark.parametrize(
    ("package", "make"),
    [
        ("polars", lambda polars: polars.DataFrame({"a": [1]})),
        ("pyarrow", lambda arrow: arrow.table({"a": [1]})),
        ("PIL", lambda _: pytest.importorskip("PIL.Image").new("L", (1, 1))),
        ("torch", lambda torch: {"a": torch.ones(1)}),
    ],
)
def test_a_value_whose_package_is_missing_says_which(tmp_path, monkeypatch, package, make):
    value = make(pytest.importorskip(package))
    chosen = default_registry().for_value(value)
    chosen.save(value, tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ValueNotLoadableError, match=f"needs {package}"):
        chosen.load(tmp_path)
