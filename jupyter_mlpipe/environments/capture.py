"""Takes environment snapshots, and knows when the last one still holds."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import sys
import threading
from collections.abc import Mapping
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

from jupyter_mlpipe.environments.git import git_state, watched_files
from jupyter_mlpipe.environments.machine import cpu_count, cpu_name, gpu_names
from jupyter_mlpipe.model import wire
from jupyter_mlpipe.model.digest import digest_of
from jupyter_mlpipe.model.environment import EnvironmentSnapshot

IMAGE_VARIABLE = "MLPIPE_IMAGE"
"""Set inside a container to the image that it was started from."""


class EnvironmentCapture:
    """Snapshots of this process's environment, around one folder.

    The first one takes a good part of a second and may be taken in a background thread; later
    ones cost a few file times. An edit of a tracked file is noticed when git's index is.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._watched = watched_files(directory.absolute())
        self._taking = threading.Lock()
        self._machine: Mapping[str, Any] | None = None
        self._key: object = None
        self._snapshot: EnvironmentSnapshot | None = None
        self.recorded: str | None = None
        """Digest of the snapshot that is known to be in the metadata store."""

    def snapshot(self) -> EnvironmentSnapshot:
        """The environment as it is now; waits for a snapshot that another thread is taking."""
        with self._taking:
            key = self._state()
            if self._snapshot is None or key != self._key:
                self._snapshot, self._key = self._take(), key
            return self._snapshot

    def unrecorded(self, digest: str | None) -> tuple[EnvironmentSnapshot, ...]:
        """The snapshot behind the digest that a record names, if it is to be recorded as well."""
        taken = self._snapshot
        return (taken,) if taken and taken.digest == digest != self.recorded else ()

    def _state(self) -> object:
        """Changes whenever a package is installed or removed, or the repository moves on."""
        places = (*filter(_holds_packages, sys.path), *map(str, self._watched))
        return (places, tuple(map(_modified, places)), os.environ.get(IMAGE_VARIABLE))

    def _take(self) -> EnvironmentSnapshot:
        if self._machine is None:  # does not change while the process lives
            self._machine = {
                "python": platform.python_version(),
                "platform": platform.platform(),
                "cpu": cpu_name(),
                "cpu_count": cpu_count(),
                "gpus": gpu_names(),
            }
        image = os.environ.get(IMAGE_VARIABLE) or None
        packages, git = _packages(), git_state(self._directory)
        return _addressed({**self._machine, "image": image, "packages": packages, "git": git})


def _addressed(facts: Mapping[str, Any]) -> EnvironmentSnapshot:
    return EnvironmentSnapshot(digest=digest_of("environment", wire.to_json(facts)), **facts)


def _packages() -> Mapping[str, str]:
    """The distribution found first on the path is the one that is imported."""
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        headers = _headers(distribution)
        if "Name" in headers:  # a half-removed distribution has a folder but no name
            found.setdefault(headers["Name"], headers.get("Version", ""))
    return dict(sorted(found.items()))


def _headers(distribution: Distribution) -> Mapping[str, str]:
    """`distribution.metadata` would parse the description too, most of the time for nothing.

    The files are those of the packaging guide's core metadata, of wheels and of eggs.
    """
    files = (distribution.read_text(name) for name in ("METADATA", "PKG-INFO", ""))
    head, _, _ = next(filter(None, files), "").partition("\n\n")
    return dict(reversed(_NAME_AND_VERSION.findall(head)))  # the first of a kind is meant


_NAME_AND_VERSION = re.compile(r"(?m)^(Name|Version):[ \t]*(\S.*?)[ \t]*$")


def _holds_packages(path: str) -> bool:
    """Other folders on the path, such as the notebook's, change all the time to no effect."""
    return path.rstrip("/").endswith(("site-packages", "dist-packages"))


def _modified(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 - asked at each step
    except (OSError, ValueError):
        return 0
