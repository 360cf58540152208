"""PyTorch's modules and tensors, in the exact codec."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.exact import ExactMaterializer, class_name
from jupyter_mlpipe.materializers.tensors import is_tensor
from jupyter_mlpipe.model.artifact import ArtifactType


class ModuleMaterializer(ExactMaterializer):
    """With weights, buffers, gradients and hooks; tied weights stay tied."""

    name: ClassVar[str] = "torch-module"
    artifact_type: ClassVar[ArtifactType] = ArtifactType.MODEL

    def accepts(self, value: Any) -> bool:
        """Networks of the user's too, whose classes the notebook defines."""
        kind = getattr(sys.modules.get("torch.nn"), "Module", None)
        return kind is not None and isinstance(value, kind)

    def summary(self, value: Any) -> Mapping[str, object]:
        """The class, how many weights there are and are trained, their types and places."""
        weights = list(value.parameters())
        return {
            "class": class_name(value),
            "parameters": sum(weight.numel() for weight in weights),
            "trained": sum(weight.numel() for weight in weights if weight.requires_grad),
            "bytes": sum(weight.numel() * weight.element_size() for weight in weights),
            "dtypes": sorted({str(weight.dtype) for weight in weights}),
            "devices": sorted({str(weight.device) for weight in weights}),
            "training": bool(value.training),
        }


class TensorMaterializer(ExactMaterializer):
    """Tensors and parameters of every layout; one with the graph that computed it is refused."""

    name: ClassVar[str] = "torch-tensor"

    def accepts(self, value: Any) -> bool:
        """Derived classes too, which the codec keeps."""
        return is_tensor(value)

    def summary(self, value: Any) -> Mapping[str, object]:
        """Shape, dtype, device and bytes."""
        return {
            "class": class_name(value),
            "shape": list(value.shape),
            "dtype": str(value.dtype),
            "device": str(value.device),
            "bytes": value.numel() * value.element_size(),
            "requires_grad": bool(value.requires_grad),
        }
