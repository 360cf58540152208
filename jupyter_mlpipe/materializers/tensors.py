"""PyTorch's tensors, taken apart into plain memory and how it is looked at."""

from __future__ import annotations

import pickle
import sys
from typing import Any


def is_tensor(value: Any) -> bool:
    """Whether it is a tensor of any class; PyTorch is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and hasattr(torch, "Tensor") and issubclass(type(value), torch.Tensor)


def lies_in_memory(tensor: Any) -> bool:
    """Whether it is nothing but a view of this machine's memory."""
    import torch

    return bool(
        type(tensor) is torch.Tensor
        and tensor.layout is torch.strided
        and tensor.device.type == "cpu"
        and not (tensor.is_quantized or tensor.is_conj() or tensor.is_neg())
    )


def storage_address(tensor: Any) -> int:
    """Where its memory begins; zero where it has none that could be told."""
    try:
        return int(tensor.untyped_storage().data_ptr())
    except (NotImplementedError, RuntimeError):  # sparse, or made by a transformation
        return 0


def storage_bytes(tensor: Any) -> Any:
    """All of its memory as a NumPy array of bytes; not a copy."""
    import torch

    whole = torch.empty(0, dtype=torch.uint8)
    whole.set_(tensor.untyped_storage())
    return whole.numpy()


def own_bytes(tensor: Any) -> tuple[Any, int, tuple[int, ...]]:
    """As little memory as can hold it, the offset of its first element, and its strides."""
    import torch

    storage = tensor.untyped_storage()
    if tensor.numel() * tensor.element_size() == storage.nbytes():
        return storage_bytes(tensor), tensor.storage_offset(), tensor.stride()
    copy = tensor.detach().clone(memory_format=torch.contiguous_format)
    return storage_bytes(copy), 0, copy.stride()


def gradient_of(tensor: Any) -> Any:
    """None where there is none to have: to ask such a tensor would warn the user."""
    return tensor.grad if tensor.is_leaf or tensor.retains_grad else None


def refuse_history(tensor: Any) -> None:
    """Stop at a tensor that knows how it was computed, which cannot be stored.

    Raises:
        pickle.PicklingError: PyTorch would store the numbers alone, and gradients would no
            longer flow back through them.
    """
    if tensor.grad_fn is not None:
        raise pickle.PicklingError("cannot pickle a tensor with the graph that computed it")
