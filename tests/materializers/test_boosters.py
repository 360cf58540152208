import numpy as np
import pytest

from jupyter_mlpipe.materializers.boosters import BoosterMaterializer
from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.model.artifact import ArtifactType
from jupyter_mlpipe.testing.materializers import MaterializerContract

X = np.random.default_rng(0).normal(size=(60, 4))
Y = (X[:, 0] > 0).astype(int)


def xgboost_model():
    xgboost = pytest.importorskip("xgboost")
    table = xgboost.DMatrix(X, Y, feature_names=["a", "é", "c", "d"])
    return xgboost.train({"max_depth": 2, "objective": "binary:logistic"}, table, 3)


def lightgbm_model():
    lightgbm = pytest.importorskip("lightgbm")
    return lightgbm.train({"verbose": -1, "objective": "binary"}, lightgbm.Dataset(X, Y), 3)


class BoosterContract(MaterializerContract):
    def materializer(self):
        return BoosterMaterializer()

    def change(self, value):
        value.set_attr(note="changed")


class TestXGBoost(BoosterContract):
    def samples(self):
        noted = xgboost_model()
        noted.set_attr(author="é")
        return [xgboost_model(), noted]

    def same(self, left, right):
        return left.save_raw() == right.save_raw() and left.save_config() == right.save_config()


class TestLightGBM(BoosterContract):
    def samples(self):
        return [lightgbm_model()]

    def same(self, left, right):
        return left.model_to_string() == right.model_to_string() and left.params == right.params

    def change(self, value):
        value.set_leaf_output(0, 0, 99.0)


@pytest.mark.parametrize("make", [xgboost_model, lightgbm_model])
def test_a_booster_is_a_model_that_tells_its_rounds(make):
    model = make()
    chosen = default_registry().for_value(model)
    assert (chosen.name, chosen.artifact_type) == ("booster", ArtifactType.MODEL)
    summary = chosen.summary(model)
    assert (summary["rounds"], summary["feature_count"]) == (3, 4)
    assert summary["objective"].startswith("binary")
    assert chosen.preview(model).kind == "json"


def test_classes_with_the_interface_of_scikit_learn_are_estimators():
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.XGBClassifier(n_estimators=2, max_depth=3).fit(X, Y)
    chosen = default_registry().for_value(model)
    assert chosen.name == "scikit-learn"
    assert chosen.summary(model)["params"]["max_depth"] == "3"
