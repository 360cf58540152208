"""Matplotlib figures, in the exact codec."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.codec import dump, load
from jupyter_mlpipe.materializers.files import Files, MemoryMaterializer
from jupyter_mlpipe.materializers.previews import image_preview
from jupyter_mlpipe.materializers.sharing import shared_memory
from jupyter_mlpipe.model.artifact import ArtifactType, Preview


class FigureMaterializer(MemoryMaterializer):
    """Figures that can be drawn on again; a loaded one is not opened in pyplot."""

    name: ClassVar[str] = "matplotlib"
    artifact_type: ClassVar[ArtifactType] = ArtifactType.DATA_ANALYSIS
    pickled: ClassVar[bool] = True

    def accepts(self, value: Any) -> bool:
        """Instances of Figure."""
        kind = getattr(sys.modules.get("matplotlib.figure"), "Figure", None)
        return kind is not None and isinstance(value, kind)

    def write(self, value: Any, files: Files) -> None:
        """With all its axes and data."""
        dump(value, files, shared_memory(value))

    def read(self, files: Files) -> Any:
        """It can be saved to a file, changed, or shown when the notebook says so."""
        return load(files)

    def summary(self, value: Any) -> Mapping[str, object]:
        """Size in inches, and the titles of its axes."""
        titles = [axes.get_title() for axes in value.axes[:20]]
        return {"inches": [float(side) for side in value.get_size_inches()], "titles": titles}

    def preview(self, value: Any) -> Preview | None:
        """A small PNG."""
        return image_preview(value)
