"""What is kept beside a digest so that a later difference can be told in words."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from jupyter_mlpipe.analysis.modules import file_digest, module_file
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.redaction import redact
from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.model.run import Dependency, DependencyKind

_LONGEST = 60
_LARGEST_TEXT = 256 * 1024
"""Bytes; larger modules are made by programs, and nobody reads what changed in them."""


def with_module_texts(
    dependencies: Iterable[Dependency], context: RunContext
) -> tuple[Dependency, ...]:
    """The same, with the text of each local module filed as a blob."""
    return tuple(
        replace(d, detail=_filed(d, context)) if d.kind is DependencyKind.MODULE else d
        for d in dependencies
    )


def literal_text(value: object) -> str:
    """A constant in about 60 characters."""
    shortener = reprlib.Repr()
    shortener.maxstring = shortener.maxother = _LONGEST
    return redact(shortener.repr(value), os.environ)[:_LONGEST]


def file_text(path: str) -> str:
    """Size and time of a file, or how many names a folder holds; empty when it is gone."""
    target = Path(path)
    try:
        if target.is_dir():
            return f"{sum(1 for _ in target.iterdir())} entries"
        found = target.stat()
    except OSError:
        return ""
    modified = datetime.fromtimestamp(found.st_mtime).astimezone()
    return f"{found.st_size} bytes, modified {modified:%Y-%m-%d %H:%M:%S}"


def module_text(name: str, digest: str) -> str:
    """The text of a module that has this digest; empty when its file holds another by now."""
    file = module_file(name)
    path = Path(file) if file else None
    if path is None or path.suffix != ".py" or file_digest(path) != digest:
        return ""
    try:
        text = path.read_bytes()
    except OSError:
        return ""
    return text.decode("utf-8-sig", "replace") if len(text) <= _LARGEST_TEXT else ""


def _filed(module: Dependency, context: RunContext) -> str:
    text = module_text(module.name, module.digest)
    try:
        return context.blobs.put(text.encode()) if text else ""
    except StorageError:  # the text only illustrates
        return ""
