"""What stored envelopes call to find the objects in which the process keeps its settings.

The names and parameters here are part of the stored format, as those of `rebuild` are.
"""

from __future__ import annotations

import importlib
import operator
from typing import Any

PROCESS_SETTINGS = ("os.environ", "os.environb", "matplotlib.rcParams", "decimal.getcontext")
"""What `process_settings` can be asked for."""


def process_settings(name: str) -> Any:
    """The object in which all code of this process sets things.

    Raises:
        KeyError: There is none of this name.
    """
    if name not in PROCESS_SETTINGS:
        raise KeyError(name)
    module, _, attribute = name.partition(".")
    found = getattr(importlib.import_module(module), attribute)
    return found() if attribute == "getcontext" else found


def pandas_options(branch: str) -> Any:
    """`pandas.options`, or a branch of it such as `display`."""
    import pandas as pd

    return operator.attrgetter(branch)(pd.options) if branch else pd.options
