"""Classes of the notebook, where what they hold is data: stored and compared by content.

Everywhere else a class counts by its name, for its instances need the very class that the
namespace has.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from jupyter_mlpipe.materializers.naming import belongs_to_notebook, found_by_name


@dataclass(frozen=True, slots=True)
class OwnClass:
    """Stands for a class together with all that it holds."""

    kind: type


def with_content(value: Any) -> Any:
    """A class of the notebook as one with content; any other value as it is."""
    is_own = isinstance(value, type) and belongs_to_notebook(value) and found_by_name(value)
    return OwnClass(value) if is_own else value


def held_by(kind: type | FunctionType) -> Mapping[str, Any]:
    """What may change of a class while its definition stays: attributes and added methods.

    Methods and the like count by identity, and by what their defaults and attributes hold; of a
    function nothing else does.
    """
    if not isinstance(kind, type):
        return {} if (kept := _remembered(kind)) is None else {"": kept}
    return members_of(kind) if issubclass(kind, enum.Enum) else dict(_attributes(kind))


def members_of(kind: type[enum.Enum]) -> Mapping[str, Any]:
    """The attributes of each member of an enumeration, its value among them."""
    return {name: dict(vars(member)) for name, member in kind.__members__.items()}


def _attributes(kind: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(kind).items():
        if _is_code(value):
            yield name, (id(value), _remembered(value))
        elif not (name.startswith("__") and name.endswith("__")) and name not in _INCIDENTAL:
            yield name, value


def _remembered(value: Any) -> Any:
    """What a method may have stored away: mutable defaults, attributes; None for most."""
    function = getattr(value, "__func__", value)
    if type(function) is not FunctionType:
        return None
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    kept = [default for default in defaults if isinstance(default, list | dict | set)]
    return (kept, vars(function)) if kept or vars(function) else None


def _is_code(value: Any) -> bool:
    kind = type(value)
    return kind is FunctionType or kind in _WRAPPERS or hasattr(kind, "__get__")


_WRAPPERS = frozenset({staticmethod, classmethod, property})
_INCIDENTAL = frozenset({"_abc_impl", "_is_protocol", "_is_runtime_protocol"})
