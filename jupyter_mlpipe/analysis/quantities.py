"""Sizes, durations and counts as people write them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType


def parse_bytes(text: str) -> int:
    """`4GB`, `512Mi` or `1000` as bytes.

    Raises:
        ValueError: It is no positive size; the message says so in the user's words.
    """
    number, unit = _split(text)
    if number is None or unit not in _BYTES or number * _BYTES[unit] < 1:
        raise ValueError(f"expected a size such as 4GB or 512Mi, found {text!r}.")
    return int(number * _BYTES[unit])


def parse_seconds(text: str) -> float:
    """`90`, `30s`, `5m`, `2h`, `1d` or `2w` as seconds.

    Raises:
        ValueError: It is no positive duration.
    """
    number, unit = _split(text)
    if not number or unit not in _SECONDS:
        raise ValueError(f"expected a duration such as 30s, 5m, 2h or 7d, found {text!r}.")
    return number * _SECONDS[unit]


def format_seconds(seconds: float) -> str:
    """In the largest unit that leaves a number above 1: `7 d`, `1.5 h`, `30 s`."""
    for unit in ("d", "h", "min"):
        if seconds >= _SECONDS[unit]:
            return f"{seconds / _SECONDS[unit]:.3g} {unit}"
    return f"{seconds:.3g} s"


def parse_number(text: str) -> float:
    """A positive number, such as `0.5` cores.

    Raises:
        ValueError: It is none.
    """
    number, unit = _split(text)
    if not number or unit:
        raise ValueError(f"expected a number above 0, found {text!r}.")
    return number


def parse_count(text: str) -> int:
    """A whole number, 0 or more.

    Raises:
        ValueError: It is none.
    """
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError(f"expected a whole number, found {text!r}.")
    return int(text)


def _split(text: str) -> tuple[float | None, str]:
    found = re.fullmatch(r"\s*([0-9]{1,15}(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*", text)
    if not found:
        return None, ""
    number = float(found.group(1))
    return (number if math.isfinite(number) else None), found.group(2).lower()


_POWERS = "kmgtp"
_BYTES: Mapping[str, int] = MappingProxyType(
    {"": 1, "b": 1}
    | {f"{letter}{end}": 1000 ** (i + 1) for i, letter in enumerate(_POWERS) for end in ("", "b")}
    | {f"{letter}i{end}": 1024 ** (i + 1) for i, letter in enumerate(_POWERS) for end in ("", "b")}
)
_SECONDS: Mapping[str, float] = MappingProxyType(
    {"": 1.0, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0}
    | {"h": 3600.0, "d": 86400.0, "w": 604800.0}
)
