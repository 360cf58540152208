"""What the families whose values go through the exact codec have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from jupyter_mlpipe.materializers.codec import dump, load
from jupyter_mlpipe.materializers.files import Files, MemoryMaterializer
from jupyter_mlpipe.materializers.previews import text_preview
from jupyter_mlpipe.materializers.sharing import shared_memory
from jupyter_mlpipe.model.artifact import Preview


class ExactMaterializer(MemoryMaterializer):
    """Says what values of its family are and how they look; the codec keeps them as they are."""

    pickled: ClassVar[bool] = True

    def write(self, value: Any, files: Files) -> None:
        """Large memory goes into files of its own."""
        dump(value, files, shared_memory(value))

    def read(self, files: Files) -> Any:
        """With its class, which must be found here."""
        return load(files)

    def preview(self, value: Any) -> Preview | None:
        """Its representation, unless the family has something better."""
        return text_preview(value)


def class_name(value: Any) -> str:
    """Module and name of the class of a value."""
    kind = type(value)
    return f"{kind.__module__}.{kind.__qualname__}"
