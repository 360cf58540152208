"""How far lineage reaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

Edge: TypeAlias = tuple[str, str, str]
"""Source, target and step run; a record for each would take longer than all the rest."""


def nearest_first(
    edges: Iterable[Edge],
    version_id: str,
    direction: Literal["upstream", "downstream"],
    depth: int,
) -> Sequence[Edge]:
    """Those edges that are up to `depth` away from a version, in the order of their distance.

    A step that reads a version under two names makes an edge but once.
    """
    near, far = (1, 0) if direction == "upstream" else (0, 1)
    beyond: dict[str, dict[str, Edge]] = defaultdict(dict)
    for edge in edges:
        beyond[edge[near]][edge[far]] = edge
    found: list[Edge] = []
    reached = [version_id]
    for _ in range(depth):
        met = [edge for place in reached if place in beyond for edge in beyond.pop(place).values()]
        found += met
        reached = [edge[far] for edge in met]
        if not reached:
            break
    return found
