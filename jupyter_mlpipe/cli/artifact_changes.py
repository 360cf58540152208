"""`mlpipe artifact download`, `tag` and `prune`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from jupyter_mlpipe.analysis.quantities import parse_seconds
from jupyter_mlpipe.cli.labels import add_label_options, stated_labels
from jupyter_mlpipe.cli.printing import (
    moment,
    plain,
    print_json,
    print_line,
    print_table,
    progress,
)
from jupyter_mlpipe.cli.settings import settings_here
from jupyter_mlpipe.client import Client
from jupyter_mlpipe.engine.pruning import Pruning, prune
from jupyter_mlpipe.model.amounts import size_text
from jupyter_mlpipe.model.artifact import Artifact, ArtifactVersion
from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.model.labels import Subject
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.tracking.opening import changing, looking_at
from jupyter_mlpipe.tracking.resolve import find_stated


def _download(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("artifact", metavar="NAME[@VERSION]")
    parser.add_argument("file", nargs="?", metavar="FILE.zip", help="called after the artifact")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    chosen = parser.parse_args(argv)
    settings = settings_here()
    with looking_at(settings) as store:
        version = find_stated(store, chosen.artifact)
    with Client(settings) as client:
        found = client.get_artifact_version(version.id)
        file = found.download_files(
            chosen.file or _file_name(version), overwrite_if_exists=chosen.force
        )
    if chosen.json:
        print_json({"format": 1, "artifact": version, "file": str(file)})
    else:
        print_line(plain(f"wrote {file} ({size_text(file.stat().st_size)})"))
    return 0


def _file_name(version: ArtifactVersion) -> str:
    plain_name = re.sub(r"[^\w.-]+", "-", version.name).strip("-.") or "artifact"
    return f"{plain_name}-{version.version}.zip"


def _tag(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("artifact", metavar="NAME[@VERSION]")
    parser.add_argument("--all-versions", action="store_true", help="tag the artifact itself")
    add_label_options(parser)
    chosen = parser.parse_args(argv)
    with changing(settings_here()) as store:
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
    settings, wanted = settings_here(), _pruning(chosen)
    with changing(settings) as store, progress() as tell:
        blobs = open_blobs(settings.artifact_store, settings.home / "cache")
        pruned = prune(blobs, store, settings.home, replace(wanted, tell=tell))
    found, freed = pruned.versions, pruned.freed
    if chosen.json:
        facts = {"removed" if chosen.yes else "unused": found, "kept": pruned.grouped}
        print_json({"format": 1, **facts, "freed": freed})
        return 0
    print_table(
        ("ARTIFACT", "VERSION", "SIZE", "CREATED"),
        [(v.name, str(v.version), size_text(v.nbytes), moment(v.created)) for v in found],
    )
    print_line(plain(pruned.sentence(settings.artifact_store, "Say --yes to do it.")))
    return 0


def _pruning(chosen: argparse.Namespace) -> Pruning:
    return Pruning(_age(chosen.older_than), not chosen.yes, chosen.no_other_project)


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
