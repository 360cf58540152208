"""Digests of files and folders: taken when a step runs, compared when it is looked up."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from blake3 import blake3

from jupyter_mlpipe.analysis.modules import module_file
from jupyter_mlpipe.engine.databases import log_beside
from jupyter_mlpipe.model.digest import digest_of

_BESIDE = "beside module "
_COMPILED = "__pycache__"
"""Python puts it there when what a step left is imported."""


def name_beside(path: str, module: str, module_path: str) -> str:
    """How a file goes that a local module opens: from the module's folder if it lies there.

    Where steps run elsewhere, the module and its folder lie in another place.
    """
    folder = os.path.dirname(os.path.abspath(module_path)) + os.sep  # noqa: PTH100, PTH120
    return f"{_BESIDE}{module}: {path[len(folder) :]}" if path.startswith(folder) else path


def located(name: str) -> str:
    """The path behind such a name; any other path as it is."""
    if not name.startswith(_BESIDE):
        return name
    module, _, below = name.removeprefix(_BESIDE).partition(": ")
    return os.path.join(os.path.dirname(module_file(module) or ""), below)  # noqa: PTH118, PTH120


def file_digest(path: str) -> str | None:
    """The digest of a file's content, or of a folder's list of names; None when it is gone.

    What a database has in a log beside it is part of its content.
    """
    target = Path(located(path))
    try:
        if target.is_dir():
            return digest_of("folder", sorted(os.listdir(target)))  # noqa: PTH208 - names only
        content = blake3(max_threads=blake3.AUTO).update_mmap(target).hexdigest()
        log = log_beside(str(target))
        return digest_of("logged", [content, _log_digest(log)]) if log else content
    except OSError:
        return None


def _log_digest(path: str) -> str:
    """Read rather than mapped: SQLite may cut it short meanwhile."""
    with open(path, "rb") as file:  # noqa: PTH123
        return hashlib.file_digest(file, "sha256").hexdigest()


def with_content(folder: str) -> str:
    """How a folder goes all of which a step left: it counts which names are below it."""
    return f"{folder}{os.sep}"


def files_below(folder: str) -> Iterator[str]:
    """Paths below a folder, each folder's own with a separator behind it."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != _COMPILED)
        yield from (with_content(os.path.join(place, name)) for name in folders)  # noqa: PTH118
        yield from (os.path.join(place, name) for name in sorted(files))  # noqa: PTH118


def nothing_left() -> str:
    """The digest of a path that a step wrote to, or took away, and that is gone."""
    return digest_of("written", "nothing")


def written_digest(path: str) -> str:
    """Of a file that a step wrote; of a folder or of nothing, that it is there or is gone."""
    if path.endswith(os.sep) and os.path.isdir(path):  # noqa: PTH112 - as in `file_digest`
        return digest_of("written", [found[len(path) :] for found in files_below(path)])
    if os.path.isdir(path):  # noqa: PTH112 - as in `file_digest`
        return digest_of("written", "a folder")
    return file_digest(path) or nothing_left()
