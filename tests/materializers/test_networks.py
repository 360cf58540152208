import pytest

from jupyter_mlpipe.materializers.networks import ModuleMaterializer, TensorMaterializer
from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.model.artifact import ArtifactType
from jupyter_mlpipe.testing.materializers import MaterializerContract

torch = pytest.importorskip("torch")


def tied():
    network = torch.nn.ModuleDict({"a": torch.nn.Linear(2, 2), "b": torch.nn.Linear(2, 2)})
    network["b"].weight = network["a"].weight
    return network


class TestModuleMaterializer(MaterializerContract):
    def materializer(self):
        return ModuleMaterializer()

    def samples(self):
        trained = torch.nn.Linear(2, 1)
        trained(torch.ones(1, 2)).sum().backward()
        frozen = torch.nn.LSTM(2, 3).eval().requires_grad_(requires_grad=False)
        return [torch.nn.Linear(3, 2), trained, frozen, torch.nn.ReLU(), tied()]

    def same(self, left, right):
        states = left.state_dict(), right.state_dict()
        alike = all(torch.equal(states[0][name], states[1][name]) for name in states[0])
        return alike and repr(left) == repr(right) and left.training == right.training

    def change(self, value):
        for weight in value.parameters():
            weight.data.add_(1)


class TestTensorMaterializer(MaterializerContract):
    def materializer(self):
        return TensorMaterializer()

    def samples(self):
        return [
            *(torch.arange(6.0).reshape(2, 3).T, torch.tensor(1), torch.empty(0, 3)),
            *(torch.ones(2, dtype=torch.bfloat16), torch.ones(2, requires_grad=True)),
            *(torch.nn.Parameter(torch.ones(2)), torch.ones(2) * 1j, torch.arange(100_000)),
        ]

    def same(self, left, right):
        return torch.equal(left, right) and left.requires_grad == right.requires_grad

    def change(self, value):
        value.detach().zero_()


def test_tied_weights_stay_tied(tmp_path):
    ModuleMaterializer().save(tied(), tmp_path)
    loaded = ModuleMaterializer().load(tmp_path)
    assert loaded["a"].weight is loaded["b"].weight


def test_networks_are_models_that_count_their_weights():
    chosen = default_registry().for_value(torch.nn.Linear(3, 2))
    assert (chosen.name, chosen.artifact_type) == ("torch-module", ArtifactType.MODEL)
    summary = chosen.summary(torch.nn.Linear(3, 2))
    assert (summary["parameters"], summary["trained"], summary["bytes"]) == (8, 8, 32)
    assert "Linear(in_features=3" in chosen.preview(torch.nn.Linear(3, 2)).text


def test_each_kind_has_its_family():
    pytest.importorskip("safetensors")
    registry = default_registry()
    assert registry.for_value(torch.ones(2)).name == "torch-tensor"
    assert registry.for_value({"w": torch.ones(2)}).name == "state-dict"
    assert registry.for_value({"w": torch.ones(2), "epoch": 1}).name == "cloudpickle"
