"""Classes of the notebook whose own lists, dicts or other objects a variable holds, too.

`options = Conf.defaults` changes with the class, and the class with it. Defined anew beside the
stored value, the class would have a list of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_mlpipe.engine.data import is_own_definition
from jupyter_mlpipe.engine.variables import Variables
from jupyter_mlpipe.materializers.classes import held_by
from jupyter_mlpipe.materializers.reach import is_atom
from jupyter_mlpipe.materializers.sharing import sharing_groups


def lenders(names: frozenset[str], variables: Variables) -> frozenset[str]:
    """Classes that are no data yet and share something with one of these variables."""
    namespace = variables.namespace
    values = {n: namespace[n] for n in names & namespace.keys() if not is_atom(namespace[n])}
    kinds = _holders(variables) if values else {}
    if not kinds:
        return frozenset()
    groups = [group for group in sharing_groups({**values, **kinds}) if group & values.keys()]
    return frozenset().union(*groups) & kinds.keys()


def _holders(variables: Variables) -> Mapping[str, type]:
    data = variables.names()
    return {
        name: value
        for name, value in list(variables.namespace.items())
        if issubclass(type(value), type)
        and name not in data
        and is_own_definition(name, value)
        and any(map(_may_change, held_by(value).values()))
    }


def _may_change(held: Any) -> bool:
    """Methods stand as pairs, of which the second is what they keep."""
    return not is_atom(held) and not (type(held) is tuple and held[1:] == (None,))
