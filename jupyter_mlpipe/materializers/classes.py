"""Classes of the notebook, where what they hold is data: stored and compared by content.

Everywhere else a class counts by its name, for its instances need the very class that the
namespace has.
"""

from __future__ import annotations

import abc
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CellType, FunctionType
from typing import Any

from jupyter_mlpipe.materializers.naming import (
    belongs_to_notebook,
    found_by_name,
    is_of_past,
    is_written_by_user,
)
from jupyter_mlpipe.materializers.type_names import has_its_name, is_type_name


@dataclass(frozen=True, slots=True)
class OwnClass:
    """Stands for a class together with all that it holds, or for a type variable or new type."""

    kind: Any


def with_content(value: Any) -> Any:
    """A class of the notebook as one with content; any other value as it is."""
    if is_type_name(value):
        return OwnClass(value) if has_its_name(value) else value
    is_own = isinstance(value, type) and belongs_to_notebook(value) and found_by_name(value)
    return OwnClass(value) if is_own else value


def held_by(kind: type | FunctionType) -> Mapping[str, Any]:
    """What may change of a class while its definition stays: attributes and added methods.

    Methods and the like count by identity, and by what their defaults, attributes and closures
    hold; of a function nothing else does. A descriptor whose class the user wrote
    is a value like any other: it may keep what it is told. Of an
    abstract class it counts which classes were registered.
    """
    if not isinstance(kind, type):
        return {} if (kept := _remembered(kind)) is None else {"": kept}
    return members_of(kind) if issubclass(kind, enum.Enum) else dict(_attributes(kind))


def members_of(kind: type[enum.Enum]) -> Mapping[str, Any]:
    """The attributes of each member of an enumeration, its value among them.

    Without what `~member` of a flag made Python remember.
    """
    return {
        name: {n: value for n, value in vars(member).items() if n != _INVERTED}
        for name, member in kind.__members__.items()
    }


_INVERTED = "_inverted_"


def virtual_subclasses(kind: type) -> tuple[type, ...]:
    """Classes registered with an abstract one, in order of their names; of any other, none.

    One that the notebook has defined anew since is left out: it stays registered for as long as
    it happens to live.
    """
    if not isinstance(kind, abc.ABCMeta):
        return ()
    registry, *_caches = abc._get_dump(kind)  # type: ignore[attr-defined]  # noqa: SLF001
    alive = [one for one in (reference() for reference in registry) if one is not None]
    now = [one for one in alive if not is_of_past(one)]
    return tuple(sorted(now, key=lambda one: (one.__module__, one.__qualname__)))


def functions_in(value: Any) -> tuple[FunctionType | None, ...]:
    """The function of a method, or those of a property: getter, setter and deleter.

    None for those that a property lacks; empty where anything else stands behind it.
    """
    kind = type(value)
    parts: tuple[Any, ...] = (value,)
    if kind is staticmethod or kind is classmethod:
        parts = (value.__func__,)
    elif kind is property:
        parts = (value.fget, value.fset, value.fdel)
    known = all(part is None or type(part) is FunctionType for part in parts)
    return parts if known and value is not None else ()


def _attributes(kind: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(kind).items():
        if name == "_abc_impl":
            yield name, virtual_subclasses(kind)
        elif hasattr(type(value), "__get__"):
            own = is_written_by_user(type(value))
            yield name, value if own else (id(value), _remembered(value))
        elif not (name.startswith("__") and name.endswith("__")) and name not in _INCIDENTAL:
            yield name, value


def _remembered(value: Any) -> Any:
    """What a method or its like may have stored away; None for most."""
    kept = [_kept(function) for function in functions_in(value) if function is not None]
    return kept if any(kept) else None


def _kept(function: FunctionType) -> Any:
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    kept = [default for default in defaults if isinstance(default, list | dict | set)]
    captured = [cell.cell_contents for cell in captured_by(function)]
    found = kept, vars(function), captured
    return found if any(found) else None


def captured_by(function: FunctionType) -> list[CellType]:
    """Its closure, but for the class that `super()` needs, and what is not assigned yet.

    Comparing with an empty cell asks nothing of what another holds.
    """
    named = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return [cell for name, cell in named if name != "__class__" and cell != CellType()]


def wrapped_by(value: Any) -> tuple[type, tuple[Any, ...]] | None:
    """The functions behind a property or the like, which pickle would leave out, and which it is.

    None but for objects of classes that derive from these.
    """
    if not isinstance(value, _WRAPPERS) or type(value) in _WRAPPERS:
        return None
    if isinstance(value, property):
        return property, (value.fget, value.fset, value.fdel, value.__doc__)
    base = classmethod if isinstance(value, classmethod) else staticmethod
    return base, (value.__func__,)


_WRAPPERS = (property, classmethod, staticmethod)


_INCIDENTAL = frozenset({"_is_protocol", "_is_runtime_protocol"})
