"""Amounts as people read them."""

from __future__ import annotations


def size_text(nbytes: float) -> str:
    """`999 B`, `1.2 kB`, `3.4 MB`: decimal units, as storage is billed."""
    size = float(nbytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def count_text(count: int, thing: str) -> str:
    """`1 version`, `2,000 versions`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
