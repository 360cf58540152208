"""Which variables share memory, as something a step depends on.

`b = a` and `b = list(a)` leave equal values behind, but a step that changes `a` in place, or reads
both after changing one, does something else after each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Set
from dataclasses import dataclass
from typing import TypeAlias

from jupyter_mlpipe.model.digest import digest_of

Groups: TypeAlias = tuple[frozenset[str], ...]
ONLY_READ = "read"
"""Of a step that changed nothing in place and left nothing shared: only what it reads counts."""
_ALL = "all"
_ALL_BUT = "all but "


@dataclass(slots=True)
class Aliases:
    """Which variables share memory, found out when it is first asked for: a hit may do without.

    It must be asked for before the step runs, which may change it.
    """

    find: Callable[[], Groups]
    found: Groups | None = None

    @property
    def groups(self) -> Groups:
        """Those with a variable that the step reads."""
        if self.found is None:
            self.found = self.find()
        return self.found


def all_but(names: Iterable[str]) -> str:
    """Every variable counts except those which the step binds anew without reading them."""
    listed = ", ".join(sorted(names))
    return f"{_ALL_BUT}{listed}" if listed else _ALL


def aliasing_digest(groups: Iterable[Set[str]], read: Set[str], counted: str) -> str:
    """Of the groups of variables that share memory with something that is read.

    Args:
        groups: Variables that share memory with each other.
        read: Variables that the step reads.
        counted: `ONLY_READ`, or what `all_but` gave.
    """
    apart = frozenset(counted.removeprefix(_ALL_BUT).split(", "))
    met = [group & read if counted == ONLY_READ else group - apart for group in groups]
    found = sorted(sorted(group) for group in met if len(group) > 1 and group & read)
    return digest_of("sharing", found)


def relinked(
    before: Collection[Set[str]], after: Collection[Set[str]], names: Set[str]
) -> frozenset[str]:
    """Those of the names that share memory with others of them than before.

    `d["v"] = xs` leaves `d` equal where it held such a list already, yet `xs` shows in it now.
    """
    found = {name for group in (*before, *after) for name in group & names}
    return frozenset(n for n in found if _partners(n, before, names) != _partners(n, after, names))


def _partners(name: str, groups: Collection[Set[str]], names: Set[str]) -> frozenset[str]:
    shared = frozenset().union(*(group & names for group in groups if name in group))
    return shared - {name}
