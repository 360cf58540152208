import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jupyter_mlpipe.materializers.estimators import EstimatorMaterializer
from jupyter_mlpipe.model.artifact import ArtifactType
from jupyter_mlpipe.testing.materializers import MaterializerContract

X = np.random.default_rng(0).normal(size=(60, 4))
Y = X[:, 0] > 0


class Broken(BaseEstimator):
    def get_params(self, deep=True):
        raise RuntimeError("not today")

    def __repr__(self):
        raise RuntimeError("nor this")


class TestEstimatorMaterializer(MaterializerContract):
    def materializer(self):
        return EstimatorMaterializer()

    def samples(self):
        return [
            LogisticRegression(C=0.1),
            LogisticRegression().fit(X, Y),
            RandomForestClassifier(5, random_state=0).fit(X, Y),
            make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y),
        ]

    def same(self, left, right):
        if not hasattr(left, "classes_"):
            return repr(left) == repr(right)
        return repr(left) == repr(right) and np.array_equal(
            left.predict_proba(X), right.predict_proba(X)
        )

    def change(self, value):
        value.set_params(verbose=1)


def test_models_are_models():
    assert EstimatorMaterializer().artifact_type is ArtifactType.MODEL


@pytest.mark.parametrize("value", [LogisticRegression, {}, None])
def test_other_things_are_not_accepted(value):
    assert not EstimatorMaterializer().accepts(value)


def test_the_summary_tells_class_and_parameters():
    summary = EstimatorMaterializer().summary(LogisticRegression(C=0.25))
    assert summary["class"] == "sklearn.linear_model._logistic.LogisticRegression"
    assert summary["params"]["C"] == "0.25"


def test_the_preview_is_text_and_not_markup():
    preview = EstimatorMaterializer().preview(LogisticRegression(C=0.25))
    assert preview.kind == "text"
    assert preview.text == "LogisticRegression(C=0.25)"


def test_an_estimator_that_cannot_describe_itself_is_still_kept(tmp_path):
    kept = Broken()
    EstimatorMaterializer().save(kept, tmp_path)
    assert type(EstimatorMaterializer().load(tmp_path)) is Broken
    assert EstimatorMaterializer().summary(kept)["params"] == {}
    assert EstimatorMaterializer().preview(kept).text == "<Broken instance>"
