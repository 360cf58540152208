from collections import OrderedDict

import pytest

from jupyter_mlpipe.materializers.state_dicts import StateDictMaterializer
from jupyter_mlpipe.model.artifact import ArtifactType
from jupyter_mlpipe.testing.materializers import MaterializerContract

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")


def network():
    return torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))


class TestStateDictMaterializer(MaterializerContract):
    def materializer(self):
        return StateDictMaterializer()

    def samples(self):
        types = [torch.float64, torch.bfloat16, torch.int8, torch.bool]
        return [
            network().state_dict(),
            {"z": torch.tensor([float("nan")]), "é": torch.zeros(0, 3), "a": torch.tensor(1.5)},
            OrderedDict((str(dtype), torch.ones(2, 2, dtype=dtype)) for dtype in types),
            {"slice": torch.arange(10)[3:5]},
        ]

    def left_to_others(self):
        return [type("Own", (OrderedDict,), {})(a=torch.ones(1)), {"a": torch.ones(2, 3).T}]

    def same(self, left, right):
        alike = all(torch.equal(left[n].nan_to_num(), right[n].nan_to_num()) for n in left)
        dtypes = [[tensor.dtype for tensor in state.values()] for state in (left, right)]
        kept = getattr(left, "_metadata", None) == getattr(right, "_metadata", None)
        return alike and kept and list(left) == list(right) and dtypes[0] == dtypes[1]

    def change(self, value):
        for tensor in value.values():
            tensor.fill_(1)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": 1},
        {1: torch.ones(1)},
        {"a": torch.ones(1, requires_grad=True)},
        {"a": torch.nn.Parameter(torch.ones(1))},
        {"a": torch.ones(2, 3).T},
        {"a": torch.eye(2).to_sparse()},
        {"a": torch.ones(1, dtype=torch.complex64)},
        dict.fromkeys("ab", torch.ones(1)),
    ],
)
def test_what_the_format_would_lose_is_left_to_pickle(value):
    assert not StateDictMaterializer().accepts(value)


def test_attributes_of_the_users_own_are_left_to_pickle():
    state = network().state_dict()
    state.note = "mine"
    assert not StateDictMaterializer().accepts(state)


def test_it_is_a_model_that_other_tools_read(tmp_path):
    assert StateDictMaterializer().artifact_type is ArtifactType.MODEL
    state = network().state_dict()
    StateDictMaterializer().save(state, tmp_path)
    read = safetensors.load_file(tmp_path / "state.safetensors")
    assert torch.equal(read["0.weight"], state["0.weight"])


def test_the_network_takes_it_back(tmp_path):
    StateDictMaterializer().save(network().state_dict(), tmp_path)
    assert network().load_state_dict(StateDictMaterializer().load(tmp_path))


def test_the_summary_counts_and_the_preview_lists():
    state = network().state_dict()
    summary = StateDictMaterializer().summary(state)
    assert (summary["tensors"], summary["dtypes"]) == (7, ["float32", "int64"])
    assert StateDictMaterializer().preview(state).rows[0] == ("0.weight", "(2, 3)", "float32")
