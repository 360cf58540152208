"""The files of one value, on the way into the store and out of it."""

from __future__ import annotations

import mmap
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_mlpipe.materializers.base import Materializer


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of a file that lie in memory already, often in that of the value itself."""

    data: memoryview
    """Flat bytes."""
    row: int = 0
    """Bytes after which something else begins each time, such as another column."""


class Files:
    """Plain files in a folder; a store keeps large memory without a copy instead."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @property
    def directory(self) -> Path:
        """The folder: empty at first when a value is stored, with all files when it is loaded."""
        return self._directory

    def put(self, name: str, *parts: Memory) -> None:
        """A file that consists of these parts, which must not change until it is stored."""
        with (self._directory / name).open("wb") as file:
            for part in parts:
                file.write(part.data)

    def get(self, name: str) -> Any:
        """The bytes of a file, to be written to as one likes; None where there is no such file."""
        path = self._directory / name
        if not path.exists():
            return None
        if not path.stat().st_size:
            return bytearray()
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


class MemoryMaterializer(Materializer):
    """A materializer of values whose memory is stored, and mapped again, as it is."""

    @abstractmethod
    def write(self, value: Any, files: Files) -> None:
        """Hand out the files of a value, as `save` does."""

    @abstractmethod
    def read(self, files: Files) -> Any:
        """Bring a value back, as `load` does."""

    def save(self, value: Any, directory: Path) -> None:
        """Write all of it into the folder."""
        self.write(value, Files(directory))

    def load(self, directory: Path) -> Any:
        """Large memory is mapped copy-on-write, so that nothing of it is read yet."""
        return self.read(Files(directory))
