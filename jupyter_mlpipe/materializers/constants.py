"""Objects of libraries that are made again from what names them, never stored."""

from __future__ import annotations

import struct
import sys
from typing import Any

from jupyter_mlpipe.materializers import live_settings, rebuild

_GENERATORS = {
    "random": ("random", "_inst"),
    "numpy.random": ("numpy.random.mtrand", "_rand"),
    "torch": ("torch", "default_generator"),
}
"""Where each library keeps its global generator, by what `rebuild` calls it."""
_SETTINGS_KINDS = frozenset({"_Environ", "RcParams", "Context"})
_GENERATOR_KINDS = frozenset({"Random", "RandomState", "Generator"})


def constant(obj: Any) -> Any | None:
    """How pickle finds such an object in another process; None for any other."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(obj, numpy.dtype):
        return _dtype(obj, numpy)
    if type(obj) is struct.Struct:
        return struct.Struct, (obj.format,)
    if (branch := pandas_options(obj)) is not None:
        return live_settings.pandas_options, (branch,)
    if (name := process_settings(obj)) is not None:
        return live_settings.process_settings, (name,)
    name = global_generator(obj)
    return (rebuild.global_generator, (name,)) if name is not None else None


def global_generator(obj: Any) -> str | None:
    """Which of the generators that all code of a process draws from; its state is no content.

    A generator of the user's own is content like any other value.
    """
    if type(obj).__name__ not in _GENERATOR_KINDS:
        return None
    return next((name for name in _GENERATORS if obj is _generator(name)), None)


def process_settings(obj: Any) -> str | None:
    """Which of the objects that all code of a process sets things in, such as `os.environ`.

    What is set there goes from step to step in its own way, whoever holds the object.
    """
    if type(obj).__name__ not in _SETTINGS_KINDS:
        return None
    return next((n for n in live_settings.PROCESS_SETTINGS if obj is _settings(n)), None)


def pandas_options(obj: Any) -> str | None:
    """Which branch of pandas' options it is, such as `display`; empty for all of them."""
    kind = type(obj)
    if kind.__name__ != "DictWrapper" or not kind.__module__.startswith("pandas."):
        return None
    return str(object.__getattribute__(obj, "prefix"))


def process_constants() -> list[Any]:
    """Global generators and settings of the libraries that are loaded."""
    found = (*map(_generator, _GENERATORS), *map(_settings, live_settings.PROCESS_SETTINGS))
    return [one for one in found if one is not None]


def _generator(name: str) -> Any:
    module, attribute = _GENERATORS[name]
    return getattr(sys.modules.get(module), attribute, None)


def _settings(name: str) -> Any:
    """None while the library is not loaded, for then nobody holds them."""
    loaded = name.partition(".")[0] in sys.modules
    return live_settings.process_settings(name) if loaded else None


def _dtype(dtype: Any, numpy: Any) -> Any | None:
    """NumPy's own pickles make a new object, for which `asarray(x, float)` is another array."""
    own = dtype.isbuiltin == 1 and numpy.dtype(dtype.str) is dtype
    return (numpy.dtype, (dtype.str,)) if own else None
