"""`mlpipe artifact download`, `tag` and `prune`."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Mapping, Sequence

from jupyter_mlpipe.analysis.quantities import parse_seconds
from jupyter_mlpipe.cli.labels import add_label_options, stated_labels
from jupyter_mlpipe.cli.printing import moment, plain, print_json, print_line, print_table, size
from jupyter_mlpipe.cli.project import settings_here
from jupyter_mlpipe.client import Client
from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.garbage import collect
from jupyter_mlpipe.model.artifact import Artifact, ArtifactVersion, Removal
from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.model.labels import Subject
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.marking import Collected
from jupyter_mlpipe.tracking.opening import changing, looking_at
from jupyter_mlpipe.tracking.resolve import find_stated
from jupyter_mlpipe.tracking.store import MetadataStore, Query

_MOST = 100_000


def _download(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("artifact", metavar="NAME[@VERSION]")
    parser.add_argument("file", nargs="?", metavar="FILE.zip", help="called after the artifact")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    chosen = parser.parse_args(argv)
    settings = settings_here()
    with looking_at(settings.metadata_store) as store:
        version = find_stated(store, chosen.artifact)
    with Client(settings) as client:
        found = client.get_artifact_version(version.id)
        file = found.download_files(
            chosen.file or _file_name(version), overwrite_if_exists=chosen.force
        )
    if chosen.json:
        print_json({"format": 1, "artifact": version, "file": str(file)})
    else:
        print_line(plain(f"wrote {file} ({size(file.stat().st_size)})"))
    return 0


def _file_name(version: ArtifactVersion) -> str:
    plain_name = re.sub(r"[^\w.-]+", "-", version.name).strip("-.") or "artifact"
    return f"{plain_name}-{version.version}.zip"


def _tag(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("artifact", metavar="NAME[@VERSION]")
    parser.add_argument("--all-versions", action="store_true", help="tag the artifact itself")
    add_label_options(parser)
    chosen = parser.parse_args(argv)
    with changing(settings_here().metadata_store) as store:
        version = find_stated(store, chosen.artifact)
        subject = Subject.ARTIFACT if chosen.all_versions else Subject.VERSION
        id_ = version.name if chosen.all_versions else version.id
        store.append((stated_labels(chosen, subject, id_),))
        found: Artifact | ArtifactVersion = (
            store.get(Artifact, id_) if chosen.all_versions else store.get(ArtifactVersion, id_)
        )
    if chosen.json:
        print_json({"format": 1, "artifact": found})
    else:
        which = "all versions" if chosen.all_versions else version.label
        print_line(plain(f"{version.name} {which}: {', '.join(found.tags) or 'no tags'}"))
        for key, value in found.metadata.items():
            print_line(plain(f"  {key} = {value}"))
    return 0


def _prune(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("--older-than", metavar="DURATION", help="such as 30d")
    parser.add_argument("--yes", action="store_true", help="remove them; else they are listed")
    parser.add_argument(
        "--no-other-project",
        action="store_true",
        help="delete files also in an artifact store elsewhere, as no other project uses it",
    )
    chosen = parser.parse_args(argv)
    settings = settings_here()
    with changing(settings.metadata_store) as store:
        found = _unused(store, before=time.time() - _age(chosen.older_than))
        if chosen.yes:
            made = store.append([Removal(version.id) for version in found])
            removed = {one.version_id for one in made if isinstance(one, Removal)}
            found = [version for version in found if version.id in removed]
        freed = _collect(settings, store, chosen)
    if chosen.json:
        print_json({"format": 1, "removed" if chosen.yes else "unused": found, "freed": freed})
        return 0
    print_table(
        ("ARTIFACT", "VERSION", "SIZE", "CREATED"),
        [(v.name, str(v.version), size(v.nbytes), moment(v.created)) for v in found],
    )
    done = "removed" if chosen.yes else "would be removed; say --yes to do it"
    print_line(f"{len(found)} versions {done}")
    print_line(_told(freed, settings, done=chosen.yes))
    return 0


def _collect(
    settings: Settings, store: MetadataStore, chosen: argparse.Namespace
) -> Collected | None:
    """Delete content that no record names; None where records of other projects may name it."""
    blobs = open_blobs(settings.artifact_store, settings.home / "cache")
    own = isinstance(blobs, FolderBlobs) and blobs.root.is_relative_to(settings.home)
    if not (own or chosen.no_other_project):
        return None
    return collect(blobs, store, dry_run=not chosen.yes)


def _told(freed: Collected | None, settings: Settings, *, done: bool) -> str:
    if freed is None:
        return plain(
            f"files stay in {settings.artifact_store}, where other projects may store theirs; "
            "say --no-other-project if none does"
        )
    return f"{size(freed.nbytes)} of files, unused for a day, {'deleted' if done else 'could go'}"


def _unused(store: MetadataStore, before: float) -> list[ArtifactVersion]:
    """Without what the user named or tagged, and without the newest of each artifact."""
    newest = store.find(Query(ArtifactVersion, latest_only=True, limit=_MOST, counted=False)).items
    kept = {version.id for version in newest}
    found = store.find(Query(ArtifactVersion, unused=True, limit=_MOST, counted=False)).items
    return [
        version
        for version in found
        if version.id not in kept
        and version.created < before
        and not (version.version_name or version.tags)
    ]


def _age(text: str | None) -> float:
    try:
        return parse_seconds(text) if text else 0.0
    except ValueError as error:
        raise MetadataError(f"--older-than: {error}") from error


COMMANDS: Mapping[str, Callable[[argparse.ArgumentParser, Sequence[str]], int]] = {
    "download": _download,
    "tag": _tag,
    "prune": _prune,
}
