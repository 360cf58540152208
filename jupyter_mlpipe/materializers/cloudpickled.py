"""Anything that no other family takes, in the exact codec."""

from __future__ import annotations

from typing import Any, ClassVar

from jupyter_mlpipe.materializers.codec import dump, load
from jupyter_mlpipe.materializers.files import Files, MemoryMaterializer
from jupyter_mlpipe.materializers.previews import text_preview
from jupyter_mlpipe.materializers.sharing import shared_memory
from jupyter_mlpipe.model.artifact import Preview


class CloudpickleMaterializer(MemoryMaterializer):
    """Python objects; what cannot be stored says so when it is saved."""

    name: ClassVar[str] = "cloudpickle"
    pickled: ClassVar[bool] = True

    def accepts(self, value: Any) -> bool:
        """Everything: only taking a value apart shows whether that is possible."""
        return True

    def write(self, value: Any, files: Files) -> None:
        """Arrays inside that look at one memory do so again after loading."""
        dump(value, files, shared_memory(value))

    def read(self, files: Files) -> Any:
        """Definitions of the notebook are looked up in the namespace at hand."""
        return load(files)

    def preview(self, value: Any) -> Preview | None:
        """Its representation, cut short."""
        return text_preview(value)
