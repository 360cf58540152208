"""How far lineage reaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

from jupyter_mlpipe.tracking.store import LineageEdge


def nearest_first(
    edges: Iterable[LineageEdge],
    version_id: str,
    direction: Literal["upstream", "downstream"],
    depth: int,
) -> tuple[LineageEdge, ...]:
    """Those edges that are up to `depth` away from a version, in the order of their distance.

    A step that reads a version under two names makes an edge but once.
    """
    upstream = direction == "upstream"
    beyond: dict[str, dict[str, LineageEdge]] = defaultdict(dict)
    for edge in edges:
        near, far = (edge.target, edge.source) if upstream else (edge.source, edge.target)
        beyond[near][far] = edge
    found: list[LineageEdge] = []
    reached = [version_id]
    for _ in range(depth):
        met = [edge for near in reached for edge in beyond.pop(near, {}).values()]
        found += met
        reached = [edge.source if upstream else edge.target for edge in met]
        if not reached:
            break
    return tuple(found)
