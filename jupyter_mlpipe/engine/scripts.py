"""Functions and classes that a step left without a text of the notebook that defines them.

`%run` binds what a script defines. No other process could define it, for no cell says how.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from types import FunctionType
from typing import Any

from jupyter_mlpipe.engine.data import is_data, is_own_definition
from jupyter_mlpipe.model.run import Immovable


def own_code(namespace: Mapping[str, Any]) -> Mapping[str, Any]:
    """Functions and classes of the notebook that are no data, by name."""
    found = [(n, v) for n, v in list(namespace.items()) if is_own_definition(n, v)]
    return {name: value for name, value in found if not is_data(name, value)}


def left_untold(
    before: Mapping[str, Any], namespace: Mapping[str, Any], told: Set[str]
) -> Iterator[Immovable]:
    """Those that are there since, but for names that the text of the cell binds."""
    for name, value in sorted(own_code(namespace).items()):
        if name not in told and before.get(name) is not value:
            kind = "function" if type(value) is FunctionType else "class"
            yield Immovable(name, "variable", f"a {kind} that no cell defines")
