"""Several values that share memory, kept as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.base import Materializer
from jupyter_mlpipe.materializers.codec import dump, load
from jupyter_mlpipe.materializers.sharing import shared_memory


class BundleMaterializer(Materializer):
    """A dict of values by name: aliases stay aliases, and views look at one memory again."""

    name: ClassVar[str] = "bundle"
    pickled: ClassVar[bool] = True

    def accepts(self, value: Any) -> bool:
        """Only what a group of variables looks like; it is asked for by name."""
        return type(value) is dict and all(type(name) is str for name in value)

    def save(self, value: Any, directory: Path) -> None:
        """One envelope for all of them."""
        dump(value, directory, shared_memory(value))

    def load(self, directory: Path) -> Any:
        """All of them; each alone would have lost what it shares."""
        return load(directory)
