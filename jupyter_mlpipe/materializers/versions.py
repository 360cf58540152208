"""Which package, in which release, a value was made with, and which one is here."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from jupyter_mlpipe.model.errors import ValueNotLoadableError


def made_with(value: Any) -> str:
    """Package and release that the class of a value comes from, such as `polars 2.1.0`.

    Empty for values of Python's own, of the notebook, and of packages that tell no release.
    """
    items = value if type(value) is list else [value]
    kind = type(items[0]) if items else list
    package = str(kind.__module__).partition(".")[0]
    if package in sys.stdlib_module_names:
        return ""
    release = getattr(sys.modules.get(package), "__version__", None)
    return f"{package} {release}" if isinstance(release, str) else ""


def difference(made: str) -> str:
    """A sentence where another release of the package is here; empty where it is the same."""
    package, _, release = made.partition(" ")
    here = getattr(sys.modules.get(package), "__version__", None)
    if not release or here == release:
        return ""
    found = f"{here} is" if isinstance(here, str) else "none is"
    return f"It was made with {made}; {found} here. Install {package}=={release} to load it."


def needed(package: str) -> Any:
    """A package without which a stored value cannot be brought back.

    Raises:
        ValueNotLoadableError: It is not installed here.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        root = package.partition(".")[0]
        raise ValueNotLoadableError(
            f"The value needs {root}, which is not installed here ({error}). Install it, then "
            "try again."
        ) from error
