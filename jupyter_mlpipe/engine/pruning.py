"""Removes what nobody needs: versions that nothing uses, then content that nothing names."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from jupyter_mlpipe.engine.garbage import named_digests
from jupyter_mlpipe.model.amounts import count_text, size_text
from jupyter_mlpipe.model.artifact import ArtifactVersion, Removal
from jupyter_mlpipe.storage.blobs import BlobStore
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.garbage import collect_garbage
from jupyter_mlpipe.storage.marking import Collected
from jupyter_mlpipe.tracking.joins import grouping
from jupyter_mlpipe.tracking.store import MetadataStore, Query

_MOST = 100_000
_SHOWN = 5


def _ignore(_: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Pruning:
    """What is to be pruned."""

    older_than: float = 0.0
    """Seconds since a version was made."""
    dry_run: bool = True
    """Whether to leave everything and only count."""
    alone: bool = False
    """Whether no other metadata store names files in an artifact store that is elsewhere."""
    tell: Callable[[str], None] = field(default=_ignore, compare=False)
    """Hears, in words, how far it is."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed, or would be."""

    versions: tuple[ArtifactVersion, ...]
    freed: Collected | None
    """Content; None where records of other projects may name it."""
    dry_run: bool
    grouped: Mapping[str, str] = field(default_factory=dict)
    """What nothing but a model version uses, and so stays: its id to the words for it."""

    def sentence(self, place: str, remedy: str) -> str:
        """For people.

        Args:
            place: Where content is kept.
            remedy: How they have done what was only counted.
        """
        verb = "would be removed" if self.dry_run else "removed"
        versions = f"{count_text(len(self.versions), 'version')} {verb}"
        end = f" {remedy}" if self.dry_run and self._anything else ""
        if self.grouped:
            kept = ", ".join(islice(self.grouped.values(), _SHOWN))
            more = len(self.grouped) - _SHOWN
            end = f" {kept}{f' and {more:,} more' if more > 0 else ''} stay for their models.{end}"
        if self.freed is None:
            stays = f"files stay in {place}, where other projects may store theirs"
            return f"{versions}; {stays}. Say --no-other-project if none does.{end}"
        files = f"{size_text(self.freed.nbytes)} of files deleted"
        return f"{versions}, {files} that nothing names and nobody used for a day.{end}"

    @property
    def _anything(self) -> bool:
        return bool(self.versions or (self.freed and self.freed.nbytes))


def prune(blobs: BlobStore, metadata: MetadataStore, home: Path, wanted: Pruning) -> Pruned:
    """Remove versions that no step run uses, then content that nothing names, beside running steps.

    Versions of this project go, content only where no project of the metadata store names it.
    Versions that the user named or tagged stay, those that a model version groups, and the newest
    of each artifact.

    Args:
        blobs: The artifact store.
        metadata: All records of the project.
        home: Folder of the project's own; content elsewhere may be named by other projects.
        wanted: What is to be pruned.

    Raises:
        StorageError: The artifact store cannot be read, or holds what a newer release wrote.
        MetadataError: The records cannot be read or changed.
    """
    wanted.tell("looking for versions that nothing uses")
    unused = tuple(_unused(metadata, before=time.time() - wanted.older_than))
    grouped = grouping(metadata, unused)
    found = tuple(version for version in unused if version.id not in grouped)
    if not wanted.dry_run:
        made = metadata.append([Removal(version.id) for version in found])
        removed = {one.version_id for one in made if isinstance(one, Removal)}
        found = tuple(version for version in found if version.id in removed)
    freed = None
    own = isinstance(blobs, FolderBlobs) and blobs.root.is_relative_to(home)
    if own or wanted.alone:
        gone = frozenset(version.id for version in found)
        named = list(dict.fromkeys(named_digests(metadata, gone, wanted.tell)))
        freed = collect_garbage(blobs, _counted(named, wanted.tell), dry_run=wanted.dry_run)
    return Pruned(found, freed, wanted.dry_run, grouped)


def _unused(metadata: MetadataStore, before: float) -> Iterator[ArtifactVersion]:
    newest = Query(ArtifactVersion, latest_only=True, limit=_MOST, counted=False)
    kept = {version.id for version in metadata.find(newest).items}
    for version in metadata.find(replace(newest, latest_only=False, unused=True)).items:
        said = version.version_name or version.tags
        if version.id not in kept and version.created < before and not said:
            yield version


def _counted(named: list[str], tell: Callable[[str], None]) -> Iterable[str]:
    for place, digest in enumerate(named):
        if place % 100 == 0:
            tell(f"looked at {place:,} of {len(named):,} things that records name")
        yield digest
