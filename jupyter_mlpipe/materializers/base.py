"""What every materializer can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from jupyter_mlpipe.model.artifact import ArtifactType, Preview


class Materializer(ABC):
    """Keeps values of one family in files.

    What `load` returns equals what was saved, type, index, flags and all, or `accepts` said no.
    Every implementation passes `jupyter_mlpipe.testing.materializers.MaterializerContract`.
    """

    name: ClassVar[str]
    """Recorded with each artifact version; never reused for another format."""
    artifact_type: ClassVar[ArtifactType] = ArtifactType.DATA
    pickled: ClassVar[bool] = False
    """Loading runs code that is in the files, so only the user's own stores are loaded from."""

    @abstractmethod
    def accepts(self, value: Any) -> bool:
        """Whether this value comes back exactly; cheap, and never imports the value's library."""

    @abstractmethod
    def save(self, value: Any, directory: Path) -> None:
        """Write files, and no folders, below the empty `directory`.

        Raises:
            ValueNotStorableError: The value cannot be kept after all.
        """

    @abstractmethod
    def load(self, directory: Path) -> Any:
        """Bring the value back. The files are read-only: map them copy-on-write or copy.

        Raises:
            ValueNotLoadableError: A class or package that the value needs is missing here.
        """

    def summary(self, value: Any) -> Mapping[str, object]:
        """Automatic metadata such as shape and dtype; JSON values only, cheap at any size."""
        return {}

    def preview(self, value: Any) -> Preview | None:
        """What a person sees of the value; bounded in size whatever the value's."""
        return None
