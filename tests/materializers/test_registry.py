import importlib.metadata
import types

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression

from jupyter_mlpipe.materializers import registry
from jupyter_mlpipe.materializers.plain import PlainMaterializer
from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.model.errors import ValueNotLoadableError


class SetMaterializer(PlainMaterializer):
    name = "sets"

    def accepts(self, value):
        return type(value) is set


@pytest.mark.parametrize(
    ("value", "name"),
    [
        *(
            (None, "plain"),
            ({"a": [1]}, "plain"),
            (np.zeros(2), "numpy"),
            (object(), "cloudpickle"),
        ),
        *((pd.DataFrame(), "pandas"), (pd.Series([1]), "pandas"), (Figure(), "matplotlib")),
        *((LogisticRegression(), "scikit-learn"), (np.array([{}]), "cloudpickle")),
        *(
            ([[]] * 2, "cloudpickle"),
            (lambda: 1, "cloudpickle"),
            (LogisticRegression, "cloudpickle"),
        ),
    ],
)
def test_each_value_goes_to_its_family(value, name):
    known = default_registry()
    assert known.for_value(value).name == name
    assert known.named(name).name == name


def test_bundles_are_asked_for_by_name():
    assert default_registry().named("bundle").name == "bundle"


def test_an_unknown_name_says_what_to_do():
    with pytest.raises(ValueNotLoadableError, match=r"'parquet'.*only plain.*Install"):
        default_registry().named("parquet")


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Makes packages be there, in a folder that was not looked into yet."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(*plugins):
        entries = [types.SimpleNamespace(value=name, load=load) for name, load in plugins]
        monkeypatch.setattr(registry, "entry_points", lambda group: entries)

    return install


def test_a_plugin_is_asked_first(installed):
    installed(("sets", lambda: SetMaterializer))
    assert default_registry().for_value({1}).name == "sets"
    assert default_registry().for_value([1]).name == "plain"


def test_a_plugin_cannot_take_the_name_of_ours(installed):
    class Impostor(SetMaterializer):
        name = "plain"

    installed(("impostor", lambda: Impostor))
    assert type(default_registry().named("plain")) is PlainMaterializer


def test_a_broken_plugin_is_named_and_left_out(installed):
    installed(("broken:Thing", lambda: 1 / 0))
    with pytest.warns(UserWarning, match="broken:Thing"):
        assert default_registry().for_value(1).name == "plain"


def test_plugins_are_looked_up_on_first_use_only(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(tmp_path)
    groups = []
    monkeypatch.setattr(registry, "entry_points", lambda group: groups.append(group) or [])
    known = default_registry()
    assert groups == []
    known.for_value(1)
    known.for_value(2)
    assert groups == ["jupyter_mlpipe.materializers"]
    assert importlib.metadata.entry_points(group=groups[0]) is not None


def test_other_files_beside_the_packages_make_nobody_look_again(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(tmp_path)
    looked = []
    monkeypatch.setattr(registry, "entry_points", lambda group: looked.append(group) or [])
    for number in range(3):
        (tmp_path / f"{number}.csv").touch()
        default_registry().for_value(1)
    assert len(looked) == 1


def test_a_package_that_is_installed_meanwhile_is_found(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(tmp_path)
    assert default_registry().for_value({1}).name == "plain"
    (tmp_path / "brings_sets.py").write_text(
        f"from {SetMaterializer.__module__} import SetMaterializer\n"
    )
    facts = tmp_path / "brings_sets-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: brings-sets\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(
        "[jupyter_mlpipe.materializers]\nsets = brings_sets:SetMaterializer\n"
    )
    assert default_registry().for_value({1}).name == "sets"
