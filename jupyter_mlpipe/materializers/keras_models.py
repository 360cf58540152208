"""Models of Keras, in the exact codec, which holds Keras' own format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.exact import ExactMaterializer, class_name
from jupyter_mlpipe.materializers.keras_facts import is_keras_model
from jupyter_mlpipe.materializers.previews import COLUMNS, ROWS
from jupyter_mlpipe.model.artifact import ArtifactType, Column, Preview


class KerasMaterializer(ExactMaterializer):
    """With weights, what they were compiled with, and the state of the optimizer."""

    name: ClassVar[str] = "keras"
    artifact_type: ClassVar[ArtifactType] = ArtifactType.MODEL

    def accepts(self, value: Any) -> bool:
        """Of every backend."""
        return is_keras_model(value)

    def summary(self, value: Any) -> Mapping[str, object]:
        """The class, the number of weights, and the layers."""
        return {
            "class": class_name(value),
            "parameters": _count(value),
            "layers": [type(layer).__name__ for layer in value.layers[:COLUMNS]],
        }

    def preview(self, value: Any) -> Preview | None:
        """The layers, one a row."""
        columns = (Column("name", "str"), Column("layer", "str"), Column("parameters", "int"))
        rows = tuple(
            (layer.name, type(layer).__name__, str(_count(layer)))
            for layer in value.layers[: 5 * ROWS]
        )
        return Preview("table", columns=columns, rows=rows, total_rows=len(value.layers))


def _count(layer: Any) -> int:
    return int(layer.count_params()) if layer.built else 0
