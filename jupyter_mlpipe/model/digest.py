"""Digests of structured facts, and identifiers."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Plain: TypeAlias = "str | bytes | bool | float | Sequence[Plain] | Mapping[str, Plain] | None"
"""What `digest_of` takes: JSON's values, bytes, and sequences or mappings of them."""


def digest_of(kind: str, fact: Plain) -> str:
    """Hash a fact under a kind; 64 hexadecimal digits.

    Every part is type-tagged and length-prefixed, so that no two different facts share an
    encoding: `["ab", "c"]` is not `["a", "bc"]`, and `1` is neither `True` nor `"1"`.
    """
    hasher = hashlib.blake2b(digest_size=32)
    _feed(hasher, kind)
    _feed(hasher, fact)
    return hasher.hexdigest()


def new_id() -> str:
    """A fresh identifier of 32 hexadecimal digits; later ones sort after earlier ones."""
    return f"{time.time_ns() // 1000:014x}{os.urandom(9).hex()}"


def _feed(hasher: hashlib.blake2b, fact: Plain) -> None:
    if isinstance(fact, Mapping):
        hasher.update(b"m%d:" % len(fact))
        for key in sorted(fact):
            _feed(hasher, key)
            _feed(hasher, fact[key])
    elif isinstance(fact, Sequence) and not isinstance(fact, str | bytes):
        hasher.update(b"l%d:" % len(fact))
        for item in fact:
            _feed(hasher, item)
    else:
        tag, payload = _atom(fact)
        hasher.update(b"%s%d:" % (tag, len(payload)))
        hasher.update(payload)


def _atom(fact: str | bytes | bool | float | None) -> tuple[bytes, bytes]:
    if isinstance(fact, str):
        return b"s", fact.encode("utf-8", "surrogatepass")
    if isinstance(fact, bytes):
        return b"b", fact
    if isinstance(fact, bool):
        return b"t", b"1" if fact else b"0"
    if isinstance(fact, int):
        return b"i", str(fact).encode()
    if isinstance(fact, float):
        return b"f", fact.hex().encode()
    return b"n", b""
