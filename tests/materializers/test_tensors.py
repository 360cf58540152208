"""Tensors of PyTorch, where it is installed."""

import numpy as np
import pytest

from jupyter_mlpipe.materializers.bundle import BundleMaterializer
from jupyter_mlpipe.materializers.cloudpickled import CloudpickleMaterializer
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.sharing import sharing_groups
from jupyter_mlpipe.model.errors import ValueNotStorableError

torch = pytest.importorskip("torch")


@pytest.fixture
def kept(tmp_path):
    def keep(**values):
        BundleMaterializer().save(values, tmp_path)
        return BundleMaterializer().load(tmp_path)

    return keep


@pytest.mark.parametrize("view", [lambda t: t.view(4), lambda t: t[1], lambda t: t.T, torch.detach])
def test_views_of_a_tensor_look_at_it_again(kept, view):
    whole = torch.zeros(2, 2)
    loaded = kept(view=view(whole), whole=whole)
    loaded["view"].add_(3)
    assert loaded["whole"].sum() == loaded["view"].sum() != 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int8, torch.bool])
def test_a_tensor_and_an_array_share_memory_again(kept, dtype):
    tensor = torch.zeros(4, dtype=dtype)
    array = tensor[1:].view(torch.uint8).numpy()
    assert sharing_groups({"tensor": tensor, "array": array}) == ({"tensor", "array"},)
    loaded = kept(array=array, tensor=tensor)
    loaded["array"][:] = 1
    assert loaded["tensor"].dtype == dtype
    assert bool(loaded["tensor"][1:].all())
    assert not bool(loaded["tensor"][0])


def test_a_module_keeps_its_gradients_and_what_they_move(kept):
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    model(torch.ones(1, 2)).sum().backward()
    loaded = kept(model=model, optimizer=optimizer)
    assert content_digest(loaded["model"]) == content_digest(model)
    for optimizer_, model_ in ((optimizer, model), (loaded["optimizer"], loaded["model"])):
        optimizer_.step()
        model_.zero_grad()
    assert content_digest(loaded["model"]) == content_digest(model)


def test_a_slice_is_kept_without_the_rest(tmp_path):
    value = torch.arange(1_000_000)[:3]
    CloudpickleMaterializer().save({"slice": value}, tmp_path)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 10_000
    assert CloudpickleMaterializer().load(tmp_path)["slice"].tolist() == [0, 1, 2]


def test_a_tensor_with_its_graph_is_refused_rather_than_kept_without(tmp_path):
    loss = torch.ones(2, requires_grad=True) * 2
    with pytest.raises(ValueNotStorableError, match="graph"):
        CloudpickleMaterializer().save(loss, tmp_path)


def test_empty_tensors_share_nothing():
    assert sharing_groups({"a": torch.empty(0), "b": torch.empty(0)}) == ()


def test_an_array_of_a_tensor_counts_as_its_memory():
    tensor = torch.zeros(3)
    assert sharing_groups({"a": tensor[1:].numpy(), "b": np.zeros(3), "c": tensor}) == ({"a", "c"},)
