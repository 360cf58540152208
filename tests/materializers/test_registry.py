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


def installed(monkeypatch, *plugins):
    entries = [types.SimpleNamespace(value=name, load=load) for name, load in plugins]
    monkeypatch.setattr(registry, "entry_points", lambda group: entries)


def test_a_plugin_is_asked_first(monkeypatch):
    installed(monkeypatch, ("sets", lambda: SetMaterializer))
    assert default_registry().for_value({1}).name == "sets"
    assert default_registry().for_value([1]).name == "plain"


def test_a_plugin_cannot_take_the_name_of_ours(monkeypatch):
    class Impostor(SetMaterializer):
        name = "plain"

    installed(monkeypatch, ("impostor", lambda: Impostor))
    assert type(default_registry().named("plain")) is PlainMaterializer


def test_a_broken_plugin_is_named_and_left_out(monkeypatch):
    installed(monkeypatch, ("broken:Thing", lambda: 1 / 0))
    with pytest.warns(UserWarning, match="broken:Thing"):
        assert default_registry().for_value(1).name == "plain"


def test_plugins_are_looked_up_on_first_use_only(monkeypatch):
    groups = []
    monkeypatch.setattr(registry, "entry_points", lambda group: groups.append(group) or [])
    known = default_registry()
    assert groups == []
    known.for_value(1)
    known.for_value(2)
    assert groups == ["jupyter_mlpipe.materializers"]
    assert importlib.metadata.entry_points(group=groups[0]) is not None
