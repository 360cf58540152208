"""Which values share mutable memory, so that they are kept and brought back together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_mlpipe.materializers.attributes import lent
from jupyter_mlpipe.materializers.classes import with_content
from jupyter_mlpipe.materializers.identity import identity
from jupyter_mlpipe.materializers.naming import belongs_to_notebook, found_by_name
from jupyter_mlpipe.materializers.reach import Walker, is_atom
from jupyter_mlpipe.model.errors import ValueNotStorableError


def sharing_groups(values: Mapping[str, Any]) -> tuple[frozenset[str], ...]:
    """Names, two or more to a group, whose values lead to a common mutable object or memory.

    Changing one value of a group in place may change the others. Modules, and functions and
    classes that are found by name, link nothing; only a class of the notebook that is itself
    among the values does. Two pandas objects that look at the same memory are not linked where
    each copies before it writes; an array over the memory of a frame is. Nothing is left out for
    the sake of speed.
    """
    walker = Walker(once=True)  # what lies behind an object links its owner already
    owners: dict[int, str] = {}
    framed: dict[int, list[str]] = {}
    unguarded: set[int] = set()
    links: list[list[str]] = []
    for name, value in values.items():
        followed = with_content(value) if issubclass(type(value), type) else value
        if is_atom(followed):
            continue
        reached = walker.reach(followed)
        places = reached.objects | reached.arrays.keys()
        links += [[owners[place], name] for place in places & owners.keys()]
        owners |= dict.fromkeys(places, name)
        for place in reached.frames:
            framed.setdefault(place, []).append(name)
        unguarded |= reached.unguarded
    links += [framed[place] for place in unguarded & framed.keys()]
    links += [[owners[place], *framed[place]] for place in owners.keys() & framed.keys()]
    return _connected(links, list(values))


def is_of_past_class(value: Any) -> bool:
    """Whether a value leads to an object whose class the notebook has defined anew since.

    Made again it would be of the new class, which other code tells from the old one.
    """
    walker = Walker()
    if not is_atom(value):
        walker.reach(value)
    own = [kind for kind in walker.classes() if belongs_to_notebook(kind)]
    return any("<" not in kind.__qualname__ and not found_by_name(kind) for kind in own)


def is_made_of(value: Any, kinds: Iterable[type]) -> bool:
    """Whether a value leads to an object of one of these classes, or of one derived from them."""
    if is_atom(value):
        return False
    walker = Walker()
    walker.reach(value)
    wanted = set(map(identity, kinds))
    return any(identity(base) in wanted for kind in walker.classes() for base in kind.__mro__)


def leads_to(value: Any, others: Mapping[str, Any]) -> frozenset[str]:
    """Names of the objects that a value leads to."""
    if is_atom(value):
        return frozenset()
    reached = Walker().reach(value).objects
    return frozenset(name for name, other in others.items() if identity(other) in reached)


def shared_memory(value: Any) -> frozenset[int]:
    """What inside one value is shared, though pickle would part it.

    Addresses of memory that several arrays look at, and identities of dicts of attributes that
    something holds beside their object.
    Memory that several pandas objects look at is not among them where they copy before they
    write: they are independent of each other, and would not know of that after loading.

    Raises:
        ValueNotStorableError: An array writes into the memory of several of them: neither
            sharing it nor parting it would be the same after loading.
    """
    reached = Walker().reach(value)
    shared = set()
    for address, arrays in reached.arrays.items():
        frames = reached.frames.get(address, set())
        apart = len(frames) > 1 and address not in reached.unguarded
        if apart and address in reached.writable:
            raise ValueNotStorableError(
                "An array is a view into several pandas objects at once, which cannot be "
                "restored. Make it a copy, such as `array = array.copy()`."
            )
        if not apart and len(arrays) + len(frames) > 1:
            shared.add(address)
    shared |= {place for place in reached.unguarded if len(reached.frames.get(place, ())) > 1}
    return frozenset(shared) | lent(reached.dicts, reached.met)


def _connected(links: Iterable[list[str]], names: list[str]) -> tuple[frozenset[str], ...]:
    leader = {name: name for name in names}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for first, *others in links:
        for other in others:
            leader[find(other)] = find(first)
    groups: dict[str, set[str]] = {}
    for name in names:
        groups.setdefault(find(name), set()).add(name)
    return tuple(frozenset(group) for group in groups.values() if len(group) > 1)
