"""Names a file system, an engine and a label take, made from what the user wrote."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MAX_LENGTH = 48
"""Kubernetes takes 63 and engines append to it."""


def slug(name: str, fallback: str) -> str:
    """Lowercase letters, digits and single dashes, beginning with a letter; never empty."""
    ascii_text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    text = re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")
    if not text:
        return fallback
    if not text[0].isalpha():
        text = f"{fallback}-{text}"
    return text[:MAX_LENGTH].rstrip("-")


def unique_slugs(names: Iterable[str], fallback: str) -> tuple[str, ...]:
    """One slug per name, in order; the second of two alike gets `-2`."""
    taken: list[str] = []
    for name in names:
        base = candidate = slug(name, fallback)
        number = 1
        while candidate in taken:
            number += 1
            ending = f"-{number}"
            candidate = base[: MAX_LENGTH - len(ending)].rstrip("-") + ending
        taken.append(candidate)
    return tuple(taken)
