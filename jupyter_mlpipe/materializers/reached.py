"""What was met on the way from a value, and how to tell what is what there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

place_of = object.__hash__
"""Tells objects that are alive at the same time; may be asked of anything."""
ATOMS = frozenset(
    map(place_of, (int, float, complex, bool, str, bytes, type(None), type(...), range, type))
)
"""Places of exact types that hold nothing and cannot change, or are stored by name. A type of the
user's need not be hashable."""


@dataclass(slots=True)
class Reached:
    """What one value leads to, by identities of objects and addresses of memory.

    No identity is an address: those that `identity` gives are negative, or higher than any.
    """

    objects: set[int] = field(default_factory=set)
    """Identities of mutable objects."""
    arrays: dict[int, set[int]] = field(default_factory=dict)
    """Address of each block of memory, and the identities of the arrays that look at it."""
    writable: set[int] = field(default_factory=set)
    """Addresses at which at least one of these arrays may be written to."""
    frames: dict[int, set[int]] = field(default_factory=dict)
    """As `arrays`, for pandas objects: among themselves they copy before they write. Identities of
    their indexes and of what they have as `attrs` are here, too."""
    dicts: dict[int, list[Any]] = field(default_factory=dict)
    """Identities of dicts of attributes that others refer to as well, and the objects whose they
    are."""
    met: set[int] = field(default_factory=set)
    """Identities of everything, what cannot change included."""
    unguarded: set[int] = field(default_factory=set)
    """Addresses at which a pandas object writes without a copy, for it knows of nobody else."""


Step: TypeAlias = Callable[[Any, Reached], Iterable[Any]]
"""Notes an object, and gives what it leads to."""


def derives(kind: type, bases: tuple[type | None, ...]) -> bool:
    """As `issubclass`, which some abstract classes answer for hashable classes only."""
    return any(one is base for one in kind.__mro__ for base in bases)


def is_a(kind: type, module: str, *names: str) -> bool:
    """Whether it is a class of a library, or derives from it; the library is never imported."""
    library = sys.modules.get(module)
    return derives(kind, tuple(getattr(library, name, None) for name in names))


def held_objects(array: Any) -> Iterable[Any]:
    """The objects in an array, unless all of them are atoms."""
    if not array.dtype.hasobject:
        return ()
    found = array.ravel().tolist()
    return () if set(map(place_of, map(type, found))) <= ATOMS else found
