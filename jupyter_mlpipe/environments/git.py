"""Where the repository around a folder stands, asked of the `git` command."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from jupyter_mlpipe.model.digest import digest_of
from jupyter_mlpipe.model.environment import GitState

_SECONDS = 5.0
_UNKNOWN_FILES = (
    "ls-files",
    "--others",
    "--exclude-standard",
    "--exclude=.mlpipe",  # what we write ourselves must not make each snapshot a new one
    "--directory",
    "--no-empty-directory",
    ":/",
)
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def git_state(folder: Path) -> GitState | None:
    """None where there is no git, no repository or no commit, or where git takes too long."""
    sha = _git(folder, "rev-parse", "HEAD")
    if sha is None:
        return None
    branch = _git(folder, "symbolic-ref", "--short", "--quiet", "HEAD")
    remote = _git(folder, "remote", "get-url", "origin")
    return GitState(
        sha=sha.decode().strip(),
        branch=branch.decode(errors="replace").strip() if branch else None,
        remote=without_credentials(remote.decode(errors="replace").strip()) if remote else None,
        dirty=_dirty(folder),
    )


def without_credentials(remote: str) -> str:
    """A remote's address without user name, password, token or query."""
    if "://" not in remote:  # a path, or `user@host:path`
        host, colon, path = remote.partition(":")
        return f"{host.rpartition('@')[2]}:{path}" if colon else remote
    scheme, _, rest = remote.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path.partition('?')[0]}"


def watched_files(folder: Path) -> tuple[Path, ...]:
    """The files that change whenever a commit is made, checked out or staged; may be absent."""
    for parent in (folder, *folder.parents):
        marker = parent / ".git"
        if marker.is_dir():
            return (marker / "HEAD", marker / "index", marker / "logs" / "HEAD")
        if marker.is_file():  # a work tree or submodule, whose files lie elsewhere
            return (marker, *_linked(marker))
    return ()


def _linked(marker: Path) -> tuple[Path, ...]:
    try:
        target = marker.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
    except (OSError, UnicodeDecodeError):
        return ()
    folder = marker.parent / target
    return (folder / "HEAD", folder / "index", folder / "logs" / "HEAD")


def _dirty(folder: Path) -> str | None:
    """Digest of the tracked changes, and of the names of files that git does not know."""
    changes = _git(folder, "diff", "HEAD", "--no-ext-diff", "--no-textconv", "--full-index")
    unknown = _git(folder, *_UNKNOWN_FILES)
    if changes is None or unknown is None:
        return "unknown"
    if not changes and not unknown:
        return None
    return digest_of("difference", [changes, unknown])


def _git(folder: Path, *arguments: str) -> bytes | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            check=True,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **_QUIET},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
