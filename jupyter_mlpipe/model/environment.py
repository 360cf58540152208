"""The environment a step ran in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GitState:
    """Where the notebook's repository stood."""

    sha: str
    branch: str | None
    remote: str | None
    """Without user name, password or token."""
    dirty: str | None
    """Digest of the uncommitted difference; None when the work tree is clean."""


@dataclass(frozen=True, slots=True)
class EnvironmentSnapshot:
    """Python, machine, packages and git state; equal ones share a digest and one row."""

    digest: str
    python: str
    platform: str
    cpu: str
    cpu_count: int
    gpus: tuple[str, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict)
    """Distribution name to version."""
    git: GitState | None = None
    image: str | None = None
