"""Several values that share memory, kept as one."""

from __future__ import annotations

from typing import Any, ClassVar

from jupyter_mlpipe.materializers.classes import with_content
from jupyter_mlpipe.materializers.codec import dump, load
from jupyter_mlpipe.materializers.files import Files, MemoryMaterializer
from jupyter_mlpipe.materializers.sharing import shared_memory


class BundleMaterializer(MemoryMaterializer):
    """A dict of values by name: aliases stay aliases, and views look at one memory again."""

    name: ClassVar[str] = "bundle"
    pickled: ClassVar[bool] = True

    def accepts(self, value: Any) -> bool:
        """Only what a group of variables looks like; it is asked for by name."""
        return type(value) is dict and all(type(name) is str for name in value)

    def write(self, value: Any, files: Files) -> None:
        """One envelope for all of them, classes first: objects ask for theirs by name."""
        classes = {n: with_content(v) for n, v in value.items() if issubclass(type(v), type)}
        dump({**classes, **value, **classes}, files, shared_memory({**value, **classes}))

    def read(self, files: Files) -> Any:
        """All of them; each alone would have lost what it shares."""
        return load(files)
