"""Failures of disks, folders and remote stores, in one sentence that says what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from jupyter_mlpipe.model.errors import StorageError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@contextmanager
def explained(location: str) -> Iterator[None]:
    """Turn whatever a file system raises inside into a StorageError about `location`."""
    try:
        yield
    except StorageError:
        raise
    except Exception as error:  # each remote driver has an error tree of its own
        raise StorageError(_sentence(error, location)) from error


def _sentence(error: Exception, location: str) -> str:
    number = getattr(error, "errno", None)
    if number in _FULL:
        return (
            f"No space is left to store {location}. "
            "Free some, or set artifact_store to a place with more."
        )
    if isinstance(error, FileNotFoundError):
        return (
            f"{location} is missing from the artifact store. "
            "Run the step that made it again with --no-cache."
        )
    if isinstance(error, PermissionError) or number in _FORBIDDEN:
        return (
            f"{location} may not be read or written by this user. "
            "Change its permissions, or set artifact_store to a folder of yours."
        )
    if isinstance(error, ImportError):
        return f"{location} needs a driver that is not installed: {error}."
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    return f"The artifact store failed at {location} ({reason}). Check that it is reachable."
