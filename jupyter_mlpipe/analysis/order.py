"""The steps that `--after` names."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence


def steps_named(after: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """The names in the values of `--after`; a comma parts two, unless a step's name holds it."""
    names: list[str] = []
    for value in after:
        parts = [value] if value in known else value.split(",")
        names += (part.strip() for part in parts if part.strip())
    return tuple(dict.fromkeys(names))


def suggest_step(name: str, known: Collection[str]) -> str:
    """What the user may have meant, as a sentence."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Its steps are {', '.join(known)}."
