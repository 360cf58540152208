"""Objects of classes that are defined anew: elsewhere they would be of the new class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from jupyter_mlpipe.analysis.statements import Statement, StatementKind

_Versions: TypeAlias = dict[tuple[str, str], str]
"""Name and source of a class, to the step that may have made objects of it."""


class PastClasses:
    """Follows, step by step, which classes the value of each variable may be made of."""

    def __init__(self) -> None:
        self._behind: dict[str, _Versions] = {}

    def note(
        self, step: str, reads: frozenset[str], makes: frozenset[str], code: Iterable[Statement]
    ) -> Mapping[str, str]:
        """Take up the next step.

        Returns:
            Classes that mean something else to this step than to an earlier one whose objects
            it reads, and the id of that one.
        """
        now = {n: s.source for s in code if s.kind is StatementKind.CLASS for n in s.names}
        read = [self._behind[name] for name in reads & self._behind.keys()]
        past = {
            name: maker
            for versions in read
            for (name, source), maker in versions.items()
            if now.get(name, source) != source
        }
        for name in makes:
            kept = self._behind.get(name, {}) if name in reads else {}
            self._behind[name] = dict.fromkeys(now.items(), step) | kept
        return past
