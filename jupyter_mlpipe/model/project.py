"""Projects: who shares a metadata store keeps names and lists apart by them."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_mlpipe.model.html import record_html

DEFAULT_PROJECT = "default"
"""Where nobody says another."""


@dataclass(frozen=True, slots=True)
class Project:
    """A name below which runs are listed, steps are looked up and artifact versions counted."""

    name: str
    created: float = 0.0
    """When its first record was written, in seconds since the epoch, UTC."""

    _repr_html_ = record_html
