"""Paths together with the files that they name."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from jupyter_mlpipe.materializers.base import Materializer
from jupyter_mlpipe.materializers.previews import CELL, COLUMNS, cut
from jupyter_mlpipe.model.artifact import ArtifactType, Column, Preview
from jupyter_mlpipe.model.errors import ValueNotLoadableError, ValueNotStorableError

_INDEX = "path.json"
_NAME = 100
"""Characters of its own name that a stored file keeps, for people who look."""


class FilesMaterializer(Materializer):
    """A file, or a folder with all that is in it, under the path that is the value.

    Only asked for by name: most paths name what nobody wants a copy of. Loaded where the files
    are not, they are put there again; what lies there already is never written over.
    """

    name: ClassVar[str] = "files"
    artifact_type: ClassVar[ArtifactType] = ArtifactType.DATA
    pickled: ClassVar[bool] = True
    """Not that it were, but who loads it lets it write files anywhere."""

    def accepts(self, value: Any) -> bool:
        """A path at which there are plain files, and nothing that leads elsewhere."""
        if type(value) not in (pathlib.PosixPath, pathlib.WindowsPath):
            return False
        try:
            return _is_plain(value) and all(map(_is_plain, value.rglob("*")))
        except OSError:
            return False

    def save(self, value: Any, directory: Path) -> None:
        """Each file as it is, under a number and its name."""
        entries: list[list[object]] = []
        try:
            for number, file in enumerate(_files(value)):
                stored = f"{number}-{quote(file.name, safe='')[-_NAME:]}"
                shutil.copyfile(file, directory / stored)
                within = file.relative_to(value).as_posix()
                entries.append([within, stored, file.stat().st_mode & 0o777])
            folders = [one.relative_to(value).as_posix() for one in _folders(value)]
        except OSError as error:
            raise ValueNotStorableError(
                f"{error.filename or value} cannot be read while it is stored: {error.strerror}. "
                "Let the step finish writing before it ends."
            ) from error
        index = {"path": os.fspath(value), "files": entries, "folders": folders}
        (directory / _INDEX).write_text(json.dumps(index), encoding="ascii")

    def load(self, directory: Path) -> Any:
        """The path; files that are missing below it are written first.

        Raises:
            ValueNotLoadableError: They cannot be written here.
        """
        return self.load_without(directory, frozenset())

    def load_without(self, directory: Path, gone: Set[str]) -> Any:
        """The same, but for absolute paths that were taken away since, and all below them.

        Raises:
            ValueNotLoadableError: The others cannot be written here.
        """
        index = json.loads((directory / _INDEX).read_bytes())
        path, changed = Path(index["path"]), []
        try:
            for within in index["folders"]:
                if not _is_at(_below(path, within), gone):
                    _below(path, within).mkdir(parents=True, exist_ok=True)
            for within, stored, mode in index["files"]:
                target = _below(path, within)
                if _is_at(target, gone):
                    continue
                if not os.path.lexists(target):
                    _place(directory / stored, target, mode)
                elif not _same(directory / stored, target):
                    changed.append(str(target))
        except OSError as error:
            raise ValueNotLoadableError(
                f"The files of {path} cannot be put there again: {error.strerror}. Make the folder "
                "writable, or download the artifact version to another place."
            ) from error
        if changed:
            warnings.warn(_changed(changed), stacklevel=2)
        return path

    def summary(self, value: Any) -> Mapping[str, object]:
        """The path, how many files, and their bytes."""
        sizes = [file.stat().st_size for file in _files(value)]
        return {"path": str(value), "files": len(sizes), "bytes": sum(sizes)}

    def preview(self, value: Any) -> Preview | None:
        """The first files with their sizes."""
        files = list(_files(value))
        rows = tuple(
            (cut(str(file.relative_to(value.parent)), CELL), str(file.stat().st_size))
            for file in files[:COLUMNS]
        )
        columns = (Column("file", "str"), Column("bytes", "int"))
        return Preview("table", columns=columns, rows=rows, total_rows=len(files))


def _is_plain(path: Path) -> bool:
    return not path.is_symlink() and (path.is_file() or path.is_dir())


def _files(path: Path) -> Iterator[Path]:
    yield from [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())


def _folders(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield path
        yield from sorted(p for p in path.rglob("*") if p.is_dir())


def _below(path: Path, within: str) -> Path:
    """Where a stored file goes; never beside the path, whatever the index says."""
    parts = pathlib.PurePosixPath(within).parts
    if ".." in parts or within.startswith("/"):
        raise ValueNotLoadableError(
            f"The stored files of {path} name {within!r}, which lies elsewhere. Make them again."
        )
    return path.joinpath(*parts)


def _is_at(target: Path, paths: Set[str]) -> bool:
    """Whether it is one of them, or lies below one."""
    place = Path(os.path.abspath(target))  # noqa: PTH100 - follows no links, as paths are heard of
    return any(str(found) in paths for found in (place, *place.parents)) if paths else False


def _place(stored: Path, target: Path, mode: int) -> None:
    """All of it or nothing, so that nobody meets half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".mlpipe-", dir=target.parent)
    os.close(descriptor)
    try:
        shutil.copyfile(stored, name)
        os.chmod(name, mode)  # noqa: PTH101
        os.replace(name, target)  # noqa: PTH105
    except OSError:
        os.unlink(name)  # noqa: PTH108
        raise


def _same(stored: Path, target: Path) -> bool:
    if not target.is_file() or target.stat().st_size != stored.stat().st_size:
        return False
    with stored.open("rb") as one, target.open("rb") as other:
        while block := one.read(1 << 20):
            if other.read(1 << 20) != block:
                return False
    return True


def _changed(files: list[str]) -> str:
    shown = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
    return (
        f"{shown}: there is something else by now than what the step left, and it stays. "
        "To have what was stored, move it away and load again."
    )
