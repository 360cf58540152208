"""Functions and classes that are found again by their name: referred to, never stored."""

from __future__ import annotations

import sys
from pathlib import PurePath
from types import FunctionType
from typing import Any

INSTALLED = frozenset({"site-packages", "dist-packages"})
"""Folders of packages that are nobody's own."""
MADE_OF_TEXT = "<string>"
"""The file that code names which `exec` was given as a text."""


def found_by_name(definition: Any) -> bool:
    """Whether the module that a function or class names leads back to this very object.

    A lambda, a function made inside another, or a class that was defined anew since: no.
    """
    found: Any = sys.modules.get(getattr(definition, "__module__", None) or "")
    for part in getattr(definition, "__qualname__", "<unnamed>").split("."):
        found = getattr(found, part, None)
    return found is definition


def is_of_own_namespace(function: FunctionType) -> bool:
    """Whether it was defined in a dict that `exec` was given, whose names nobody else knows.

    Not the methods of a class, such as libraries make of texts.
    """
    namespace, name = function.__globals__, function.__globals__.get("__name__")
    module = sys.modules.get(name) if isinstance(name, str) else None
    known = name == "__main__" or (module is not None and vars(module) is namespace)
    return not known and "." not in function.__qualname__ and not found_by_name(function)


def belongs_to_notebook(definition: Any) -> bool:
    """Whether it was defined in a cell, or in the script that runs as the main program."""
    return getattr(definition, "__module__", None) == "__main__"


def is_written_by_user(definition: Any) -> bool:
    """Whether it is the notebook's, or of a module that lies beside it rather than installed."""
    if belongs_to_notebook(definition):
        return True
    name = str(getattr(definition, "__module__", None))
    if name.partition(".")[0] in sys.stdlib_module_names:
        return False
    file = getattr(sys.modules.get(name), "__file__", None)
    return isinstance(file, str) and INSTALLED.isdisjoint(PurePath(file).parts)


def is_of_past(kind: type) -> bool:
    """Whether the notebook has another class under the name of this one by now."""
    name = kind.__qualname__
    now = vars(sys.modules["__main__"]).get(name)
    return (
        belongs_to_notebook(kind)
        and now is not kind
        and isinstance(now, type)
        and now.__qualname__ == name
    )
