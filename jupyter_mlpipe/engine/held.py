"""What is known of a variable since it was last looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from jupyter_mlpipe.materializers.identity import identity
from jupyter_mlpipe.model.artifact import ArtifactVersion


@dataclass(frozen=True, slots=True)
class LetGo:
    """Stands for a value that only the user's own code holds on to now, if anybody does."""

    place: int


@dataclass(frozen=True, slots=True)
class Held:
    """A variable as it was when it was last looked at."""

    value: Any
    """Itself, or `LetGo`."""
    fingerprint: bytes | None
    """None for a value that cannot be compared, so never counts as unchanged."""
    version: ArtifactVersion | None = None
    parts: tuple[Any, ...] | None = None
    """Of a small container of numbers and texts, the objects in it."""

    def holds(self, value: Any) -> bool:
        """Whether it was this very object; of one that is no more, whether it could have been."""
        if type(self.value) is LetGo:
            return self.value.place == identity(value)
        return self.value is value

    def same_as(self, other: Held) -> bool:
        """The same object with, provably, the same content."""
        return (
            self.holds(other.value)
            and self.fingerprint is not None
            and self.fingerprint == other.fingerprint
        )

    def let_go(self) -> Held:
        """The same, so that the object ends when the user's code takes away its last name.

        What watches over objects, such as weak references and `__del__`, can tell.
        """
        gone = type(self.value) is LetGo or self.parts is not None
        return self if gone else replace(self, value=LetGo(identity(self.value)))


def found_again(held: Held, value: Any) -> Held | None:
    """What is known of a value that was let go and is there still."""
    known = type(held.value) is LetGo and held.holds(value)
    return replace(held, value=value) if known else None


def without(names: frozenset[str], held: Mapping[str, Held]) -> dict[str, Held]:
    """The same, holding on to none of these names' values."""
    return {**held, **{name: held[name].let_go() for name in names & held.keys()}}
