"""Where live objects come from: the notebook, a local module, a package, or Python itself."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import sys
from pathlib import Path
from types import FunctionType
from typing import Any

_OURS = frozenset({"jupyter_mlpipe", "mlpipe_kernel"})
_INSTALLED = frozenset({"site-packages", "dist-packages"})


def qualified_name(value: Any) -> str | None:
    """`module.name` of what an import would bring back as the very same object, else None."""
    try:
        module, name = value.__module__, getattr(value, "__qualname__", None) or value.__name__
    except Exception:  # noqa: BLE001 - attributes of a user's object may do anything
        return None
    if not isinstance(name, str) or not (module is None or isinstance(module, str)):
        return None
    module = module or type(value).__module__
    found: Any = sys.modules.get(module)
    if module == "__main__" or found is None:
        return None
    for part in name.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    return f"{module}.{name}" if found is value else None


def is_of_notebook(value: FunctionType | type, namespace: object) -> bool:
    """Whether a function or class was defined by a cell."""
    if isinstance(value, type):
        return value.__module__ == "__main__"
    return value.__globals__ is namespace or value.__globals__.get("__name__") == "__main__"


@functools.lru_cache(maxsize=8192)
def is_local_file(path: str | None) -> bool:
    """Whether a module's file belongs to the user, and not to Python or an installed package."""
    if not path or path in ("built-in", "frozen"):
        return False
    file = Path(path)
    if _INSTALLED.intersection(file.parts):
        return False
    return not any(file.is_relative_to(folder) for folder in _standard_library())


def is_ours(module: str) -> bool:
    """Whether a module is part of this project, which a step's result never depends on."""
    return module.partition(".")[0] in _OURS


@functools.cache
def package_version(package: str) -> str | None:
    """The version behind a top-level import name; None for what no distribution brought.

    What is installed is asked first, so that the answer is the same before the package is
    imported and after it. Asked once in a process: a package that is upgraded while loaded stays
    what it was.
    """
    try:
        return importlib.metadata.version(package)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        versions = sorted(
            f"{name} {importlib.metadata.version(name)}" for name in _distributions(package)
        )
    stated = getattr(sys.modules.get(package), "__dict__", {}).get("__version__")
    return ", ".join(versions) or (stated if isinstance(stated, str) else None)


@functools.cache
def _distributions(package: str) -> frozenset[str]:
    return frozenset(importlib.metadata.packages_distributions().get(package, ()))


@functools.cache
def _standard_library() -> tuple[Path, ...]:
    """Without `sysconfig`, which may be half made when the first import is heard of."""
    folder = Path(os.__file__).parent
    return folder, Path(sys.base_exec_prefix, sys.platlibdir, folder.name)
