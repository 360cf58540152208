"""What counts as the content of a figure of Plotly."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_mlpipe.materializers.facts import Token, fact


def plotly_facts(obj: Any, _token: Token) -> tuple[Any, ...] | None:
    """All its properties by name: in which order they were set makes no difference to it."""
    base = getattr(sys.modules.get("plotly.basedatatypes"), "BaseFigure", None)
    if base is None or not isinstance(obj, base):
        return None
    kind, (properties,) = obj.__reduce__()
    return fact("plotly", kind, _by_name(properties))


def _by_name(properties: Any) -> Any:
    if isinstance(properties, dict):
        return [(name, _by_name(properties[name])) for name in sorted(properties)]
    if type(properties) in (list, tuple):
        return type(properties).__name__, [_by_name(item) for item in properties]
    return properties
