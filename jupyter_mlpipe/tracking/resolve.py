"""From what a person calls an artifact to one artifact version."""

from __future__ import annotations

import difflib
import string
from collections.abc import Mapping

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.tracking.store import MetadataStore, Query

_SEEN = 10_000
_SHORTEST_PREFIX = 8


def find_version(
    store: MetadataStore, called: str, version: int | str | None = None
) -> ArtifactVersion:
    """The version of the artifact `called` so; its newest when no version is given.

    An artifact is called by its name, or a version by its id, or by the beginning of either
    where only one begins so.

    Raises:
        NotFoundError: There is none, or several; names those that are close.
    """
    newest = _versions(store, {"name": called}, version)
    if newest:
        return newest
    names = _names(store)
    if called in names:
        raise NotFoundError(f"{called!r} has no version {version!r}. {_known(store, called)}")
    begun = [name for name in names if called and name.startswith(called)]
    if len(begun) == 1 and (found := _versions(store, {"name": begun[0]}, version)):
        return found
    by_id = _by_id(store, called) if version is None else None
    if by_id:
        return by_id
    raise NotFoundError(f"No artifact is called {called!r}. {_suggest(called, names)}")


def find_stated(store: MetadataStore, stated: str) -> ArtifactVersion:
    """The version that `NAME` or `NAME@VERSION` means; a name may hold an @ itself.

    Raises:
        NotFoundError: There is none, or several; names those that are close.
    """
    try:
        return find_version(store, stated)
    except NotFoundError:
        name, separator, version = stated.rpartition("@")
        if not separator:
            raise
        return find_version(store, name, int(version) if version.isdecimal() else version)


def find_called(store: MetadataStore, called: str, names: Mapping[str, str]) -> ArtifactVersion:
    """The version called so, where the name of a variable will do for that of its artifact.

    Args:
        store: Where to look.
        called: `NAME` for the newest version, or `NAME@VERSION`. A name may hold an @ itself.
        names: Variable to the name of the artifact that it holds.

    Raises:
        NotFoundError: There is none, or several; names those that are close.
    """
    name, separator, version = called.rpartition("@")
    if not separator:
        return find_version(store, _artifact(store, called, names))
    try:
        return find_version(store, called)
    except NotFoundError:
        wanted = int(version) if version.isdecimal() else version
        return find_version(store, _artifact(store, name, names), wanted)


def _artifact(store: MetadataStore, name: str, names: Mapping[str, str]) -> str:
    if name in names:
        return names[name]
    found = store.find(Query(ArtifactVersion, {"variable": name}, limit=1, counted=False)).items
    taken = store.find(Query(ArtifactVersion, {"name": name}, limit=1, counted=False)).items
    return found[0].name if found and not taken else name


def _versions(
    store: MetadataStore, where: dict[str, object], version: int | str | None
) -> ArtifactVersion | None:
    if version is not None:
        where["version" if isinstance(version, int) else "version_name"] = version
    query = Query(ArtifactVersion, where, latest_only=version is None, limit=1)
    return next(iter(store.find(query).items), None)


def _by_id(store: MetadataStore, beginning: str) -> ArtifactVersion | None:
    if len(beginning) < _SHORTEST_PREFIX or set(beginning) - set(string.hexdigits):
        return None
    whole = store.find(Query(ArtifactVersion, {"id": beginning.lower()}, limit=1)).items
    if whole:
        return whole[0]
    recent = store.find(Query(ArtifactVersion, limit=_SEEN)).items
    found = [version for version in recent if version.id.startswith(beginning.lower())]
    return found[0] if len(found) == 1 else None


def _names(store: MetadataStore) -> list[str]:
    latest = store.find(Query(ArtifactVersion, latest_only=True, limit=_SEEN)).items
    return [version.name for version in latest]


def _known(store: MetadataStore, name: str) -> str:
    found = store.find(Query(ArtifactVersion, {"name": name}, limit=10))
    words = [
        f"{version.version} ({version.version_name})"
        if version.version_name
        else str(version.version)
        for version in found.items
    ]
    return f"The newest of its {found.total} versions are {', '.join(words)}."


def _suggest(called: str, names: list[str]) -> str:
    """Artifacts named after their variable are easily taken for it."""
    same_variable = [name for name in names if name.rpartition("::")[2] == called]
    begun = [name for name in names if called and name.startswith(called)]
    alike = difflib.get_close_matches(called, names, n=3)
    close = list(dict.fromkeys([*same_variable, *begun, *alike]))[:5]
    if close:
        return f"Close are {', '.join(map(repr, close))}."
    return "Known names: `mlpipe artifact list`." if names else "Nothing is stored yet."
