"""Exact types of Python's own, told by identity: a class of the user's need not be hashable.

By `is` rather than by `id`, of each call of which Python tells the audit hooks of a session.
"""

from __future__ import annotations

_NONE = type(None)


def is_scalar(kind: type) -> bool:
    """Whether it is that of numbers, truth values or None."""
    return kind is int or kind is float or kind is bool or kind is _NONE or kind is complex


def is_atom(kind: type) -> bool:
    """Whether its objects neither change nor hold others."""
    return kind is str or is_scalar(kind) or kind is bytes


def is_container(kind: type) -> bool:
    """Whether its objects hold any number of others."""
    return kind is list or kind is dict or kind is tuple or kind is set or kind is frozenset
