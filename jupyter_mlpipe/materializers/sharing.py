"""Which values share mutable memory, so that they are kept and brought back together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_mlpipe.materializers.reach import reach
from jupyter_mlpipe.model.errors import ValueNotStorableError


def sharing_groups(values: Mapping[str, Any]) -> tuple[frozenset[str], ...]:
    """Names, two or more to a group, whose values lead to a common mutable object or memory.

    Changing one value of a group in place may change the others. Modules, and functions and
    classes that are found by name, link nothing. Two pandas objects that look at the same
    memory are not linked, because each copies before it writes; an array over the memory of
    a frame is. Nothing is left out for the sake of speed.
    """
    owners: dict[int, list[str]] = {}
    framed: dict[int, list[str]] = {}
    for name, value in values.items():
        reached = reach(value)
        for place in {*reached.objects, *reached.arrays}:
            owners.setdefault(place, []).append(name)
        for place in reached.frames:
            framed.setdefault(place, []).append(name)
    links = [names + framed.get(place, []) for place, names in owners.items()]
    return _connected(links, list(values))


def shared_memory(value: Any) -> frozenset[int]:
    """Addresses of memory that several arrays inside one value look at.

    Memory that several pandas objects look at is not among them: they are independent of each
    other, and would not know after loading that they must copy before they write.

    Raises:
        ValueNotStorableError: An array writes into the memory of several of them: neither
            sharing it nor parting it would be the same after loading.
    """
    reached = reach(value)
    shared = set()
    for address, arrays in reached.arrays.items():
        frames = reached.frames.get(address, set())
        if len(frames) > 1 and address in reached.writable:
            raise ValueNotStorableError(
                "An array is a view into several pandas objects at once, which cannot be "
                "restored. Make it a copy, such as `array = array.copy()`."
            )
        if len(frames) <= 1 and len(arrays) + len(frames) > 1:
            shared.add(address)
    return frozenset(shared)


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
