import numpy as np
import pytest

from jupyter_mlpipe.materializers.fingerprint import content_digest, fingerprint
from jupyter_mlpipe.materializers.keras_models import KerasMaterializer
from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.model.artifact import ArtifactType
from jupyter_mlpipe.testing.materializers import MaterializerContract

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # TensorFlow's own
X, Y = np.ones((8, 3)), np.ones((8, 1))


def model(*, compiled=True, epochs=0):
    layers = [keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dropout(0.1)]
    made = keras.Sequential([*layers, keras.layers.Dense(1)])
    if compiled:
        made.compile("adam", "mse")
    if epochs:
        made.fit(X, Y, epochs=epochs, verbose=0)
    return made


def functional():
    given = keras.Input((3,))
    return keras.Model(given, keras.layers.Dense(1, name="é")(given))


class TestKerasMaterializer(MaterializerContract):
    def materializer(self):
        return KerasMaterializer()

    def samples(self):
        unbuilt = keras.Sequential([keras.layers.Dense(2)])
        return [model(compiled=False), model(), model(epochs=2), functional(), unbuilt]

    def same(self, left, right):
        pairs = zip(left.get_weights(), right.get_weights(), strict=True)
        return all(np.array_equal(*pair) for pair in pairs) and left.compiled == right.compiled

    def change(self, value):
        value.set_weights([weights + 1 for weights in value.get_weights()])


def test_training_counts_as_a_change_and_time_does_not(monkeypatch):
    trained = model(epochs=1)
    before = content_digest(trained), fingerprint(trained)
    monkeypatch.setattr("keras.src.saving.saving_lib.datetime", None)  # nobody asks for the time
    assert (content_digest(trained), fingerprint(trained)) == before
    monkeypatch.undo()
    trained.fit(X, Y, verbose=0)
    assert content_digest(trained) != before[0]
    assert fingerprint(trained) != before[1]


def test_it_is_a_model_that_lists_its_layers():
    chosen = default_registry().for_value(model())
    assert (chosen.name, chosen.artifact_type) == ("keras", ArtifactType.MODEL)
    assert chosen.summary(model())["parameters"] == 11
    assert [row[1:] for row in chosen.preview(model()).rows] == [
        ("Dense", "8"),
        ("Dropout", "0"),
        ("Dense", "3"),
    ]
