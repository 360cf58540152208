"""Objects as places in memory, and those that belong to a library rather than to a value."""

from __future__ import annotations

import sys
from pathlib import PurePath
from typing import Any

from jupyter_mlpipe.materializers.constants import process_constants
from jupyter_mlpipe.materializers.naming import INSTALLED

_here = object.__hash__
_CONSTANTS = {
    "matplotlib": ("rcParams",),
    "matplotlib.markers": ("MarkerStyle", "__dict__"),
    "matplotlib.transforms": ("IdentityTransform",),
    "matplotlib.legend": ("Legend",),
    "matplotlib.units": ("registry",),
    "seaborn.cm": ("__dict__",),
}
"""Classes and dicts of modules, whose values belong to no figure of the user's."""


def identity(value: Any) -> int:
    """What stands for an object as long as it lives; never the address of a block of memory.

    As `id` does, but of each call of that Python tells every audit hook.
    """
    return ~_here(value)


def shared_constants() -> frozenset[int]:
    """Identities of what all figures refer to, such as settings and markers, and all draws do.

    The path of a marker lends its codes to each scatter plot.
    """
    found: set[int] = set()
    for module, names in _CONSTANTS.items():
        library = sys.modules.get(module)
        for holder in (getattr(library, name, None) for name in names):
            held = vars(holder) if isinstance(holder, type) else dict(holder or {})
            found.update(map(identity, held.values()))
            lent = (getattr(value, "codes", None) for value in held.values())
            found.update(identity(codes) for codes in lent if codes is not None)
    return frozenset(found | set(map(identity, process_constants())))


def library_constants(kind: type) -> frozenset[int]:
    """Identities of the objects that the module of a class has made of it, if it is installed.

    They are the same for all who use it, as a class is, and belong to no value of the user's.
    """
    name = kind.__module__  # of a class that is made at run time it may be anything
    module = sys.modules.get(name) if isinstance(name, str) else None
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or INSTALLED.isdisjoint(PurePath(file).parts):
        return frozenset()
    return frozenset(identity(v) for v in list(vars(module).values()) if type(v) is kind)
