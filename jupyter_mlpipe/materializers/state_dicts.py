"""State dicts of PyTorch, stored as safetensors."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.base import Materializer
from jupyter_mlpipe.materializers.previews import CELL, ROWS, cut
from jupyter_mlpipe.materializers.tagged import NotPlainError, decode, encode
from jupyter_mlpipe.materializers.tensors import lies_in_memory, storage_address
from jupyter_mlpipe.materializers.versions import needed
from jupyter_mlpipe.model.artifact import ArtifactType, Column, Preview

_FILE = "state.safetensors"
_LAYOUT = "layout"
_MODULES = "_metadata"
"""Attribute in which PyTorch notes the version of each module's own format."""
_TYPES = (
    *("float64", "float32", "float16", "bfloat16", "bool"),
    *("int64", "int32", "int16", "int8", "uint8"),
)


class StateDictMaterializer(Materializer):
    """Names to plain tensors that share nothing; others are left to pickle.

    Needs the safetensors package; without it state dicts are left to pickle too.
    """

    name: ClassVar[str] = "state-dict"
    artifact_type: ClassVar[ArtifactType] = ArtifactType.MODEL

    def accepts(self, value: Any) -> bool:
        """Nothing may be lost: neither aliases nor gradients nor attributes nor strides."""
        if "torch" not in sys.modules or type(value) not in (dict, OrderedDict) or not value:
            return False
        names_fit = all(type(name) is str and name != "__metadata__" for name in value)
        if not names_fit or not all(map(_is_plain, value.values())):
            return False
        places = [storage_address(tensor) for tensor in value.values() if tensor.numel()]
        alone = len(set(places)) == len(places)
        return alone and _is_known(value) and importlib.util.find_spec("safetensors") is not None

    def save(self, value: Any, directory: Path) -> None:
        """What the format does not keep, such as the order of names, is in its metadata."""
        from safetensors.torch import save_file

        layout = {
            "names": list(value),
            "ordered": type(value) is OrderedDict,
            "modules": encode(dict(vars(value)[_MODULES])) if hasattr(value, _MODULES) else None,
        }
        metadata = {"format": "pt", _LAYOUT: json.dumps(layout)}
        save_file(dict(value), directory / _FILE, metadata=metadata)

    def load(self, directory: Path) -> Any:
        """Tensors are mapped copy-on-write."""
        needed("torch")
        with needed("safetensors").safe_open(directory / _FILE, framework="pt") as file:
            layout = json.loads(file.metadata()[_LAYOUT])
            tensors = {name: file.get_tensor(name) for name in layout["names"]}
        if not layout["ordered"]:
            return tensors
        state = OrderedDict(tensors)
        if layout["modules"] is not None:
            vars(state)[_MODULES] = OrderedDict(decode(layout["modules"]))
        return state

    def summary(self, value: Any) -> Mapping[str, object]:
        """How many tensors and numbers, their types, and bytes in memory."""
        return {
            "tensors": len(value),
            "numbers": sum(tensor.numel() for tensor in value.values()),
            "bytes": sum(tensor.numel() * tensor.element_size() for tensor in value.values()),
            "dtypes": sorted({_type_name(tensor) for tensor in value.values()}),
        }

    def preview(self, value: Any) -> Preview | None:
        """The first tensors by name, shape and type."""
        rows = [
            (cut(name, CELL), str(tuple(tensor.shape)), _type_name(tensor))
            for name, tensor in list(value.items())[: 5 * ROWS]
        ]
        columns = (Column("name", "str"), Column("shape", "tuple"), Column("dtype", "str"))
        return Preview("table", columns=columns, rows=tuple(rows), total_rows=len(value))


def _is_plain(tensor: Any) -> bool:
    import torch

    return bool(
        type(tensor) is torch.Tensor
        and lies_in_memory(tensor)
        and tensor.is_contiguous()
        and not tensor.requires_grad
        and not vars(tensor)
        and _type_name(tensor) in _TYPES
    )


def _is_known(state: Any) -> bool:
    """Whether it has no attributes but those that PyTorch gives."""
    attributes = getattr(state, "__dict__", {})
    if not attributes:
        return True
    modules = attributes.get(_MODULES)
    if len(attributes) > 1 or type(modules) is not OrderedDict or vars(modules):
        return False
    try:
        encode(dict(modules))
    except NotPlainError:
        return False
    return True


def _type_name(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")
