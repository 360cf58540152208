"""Objects of libraries that are made again from what names them, never stored."""

from __future__ import annotations

import random
import struct
import sys
from typing import Any

from jupyter_mlpipe.materializers import rebuild

_GENERATORS = {
    "random": ("random", "_inst"),
    "numpy.random": ("numpy.random.mtrand", "_rand"),
    "torch": ("torch", "default_generator"),
}
"""Where each library keeps its global generator, by what `rebuild` calls it."""


def constant(obj: Any) -> Any | None:
    """How pickle finds such an object in another process; None for any other."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(obj, numpy.dtype):
        return _dtype(obj, numpy)
    if type(obj) is struct.Struct:
        return struct.Struct, (obj.format,)
    name = global_generator(obj)
    return (rebuild.global_generator, (name,)) if name is not None else None


def global_generator(obj: Any) -> str | None:
    """Which of the generators that all code of a process draws from; its state is no content.

    A generator of the user's own is content like any other value.
    """
    if not _may_be_generator(type(obj)):
        return None
    return next((name for name in _GENERATORS if obj is _in_process(name)), None)


def global_generators() -> list[Any]:
    """Those of the libraries that are loaded."""
    return [one for one in map(_in_process, _GENERATORS) if one is not None]


def _in_process(generator: str) -> Any:
    module, attribute = _GENERATORS[generator]
    return getattr(sys.modules.get(module), attribute, None)


def _may_be_generator(kind: type) -> bool:
    return kind is random.Random or kind.__name__ in ("RandomState", "Generator")


def _dtype(dtype: Any, numpy: Any) -> Any | None:
    """NumPy's own pickles make a new object, for which `asarray(x, float)` is another array."""
    own = dtype.isbuiltin == 1 and numpy.dtype(dtype.str) is dtype
    return (numpy.dtype, (dtype.str,)) if own else None
