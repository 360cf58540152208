"""Paths that a step leaves, and the files that it wrote there."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping, Set
from typing import Any

from jupyter_mlpipe.engine.watch import Sightings
from jupyter_mlpipe.materializers.paths import FilesMaterializer

_MOST = 10_000
"""Files that a folder may have; one with more is hardly what a step is about."""


def kept_with_files(
    values: Mapping[str, Any], seen: Sightings, started: float
) -> Mapping[str, str]:
    """Materializers, by variable, of paths at which there is only what the step wrote.

    Such a path would lead nowhere on another machine. One to anything older stays a name: what
    lies there is the user's, and may be all of a disk.
    """
    paths = {n: v for n, v in values.items() if issubclass(type(v), pathlib.Path)}
    written = {name for name, path in paths.items() if _is_of_step(path, seen.written, started)}
    files = FilesMaterializer()
    return {name: files.name for name in sorted(written) if files.accepts(paths[name])}


def _is_of_step(path: pathlib.Path, written: Set[str], started: float) -> bool:
    try:
        if path.is_file():
            return _wrote(path, written, started)
        count = 0
        for file in path.rglob("*") if path.is_dir() else ():
            count += 1
            if count > _MOST or not (file.is_dir() or _wrote(file, written, started)):
                return False
    except OSError:
        return False
    return count > 0


def _wrote(file: pathlib.Path, written: Set[str], started: float) -> bool:
    """Libraries written in C write unseen; clocks of file systems tick every few milliseconds."""
    seen = os.path.abspath(file) in written  # noqa: PTH100  # as it was heard of
    return seen or file.stat().st_mtime > started - 0.02
