"""`mlpipe artifact list` and `mlpipe artifact show`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from jupyter_mlpipe.cli.printing import moment, plain, print_json, print_line, print_table, size
from jupyter_mlpipe.cli.project import settings_here
from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.model.artifact import ArtifactVersion, Preview
from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.model.views import ArtifactDetails
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.tracking.opening import looking_at
from jupyter_mlpipe.tracking.previews import stored_preview
from jupyter_mlpipe.tracking.reading import artifact_details
from jupyter_mlpipe.tracking.resolve import find_version
from jupyter_mlpipe.tracking.store import MetadataStore, Query

_MOST = 10_000


def run(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    """List the newest version of each artifact, or show one version."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|show")
    listing = verbs.add_parser("list", help="the newest version of each artifact")
    showing = verbs.add_parser("show", help="one version with its neighbours and preview")
    showing.add_argument("artifact", metavar="NAME[@VERSION]")
    for each in (listing, showing):
        each.add_argument("--json", action="store_true", help="print JSON for machines")
    chosen = parser.parse_args(argv)
    if chosen.verb == "list":
        return _list(as_json=chosen.json)
    return _show(chosen.artifact, as_json=chosen.json)


def _list(*, as_json: bool) -> int:
    with looking_at(settings_here().metadata_store) as store:
        page = store.find(Query(ArtifactVersion, latest_only=True, limit=_MOST))
    if as_json:
        print_json({"format": 1, "artifacts": page.items, "total": page.total})
        return 0
    print_table(
        ("ARTIFACT", "VERSION", "TYPE", "SIZE", "CREATED"),
        [(v.name, _number(v), v.type.value, size(v.nbytes), moment(v.created)) for v in page.items],
    )
    return 0


def _show(artifact: str, *, as_json: bool) -> int:
    settings = settings_here()
    with looking_at(settings.metadata_store) as store:
        version = _find(store, artifact)
        details = artifact_details(store, version.id, _preview(settings, version))
    if as_json:
        print_json(details)
    else:
        _print_details(details)
    return 0


def _find(store: MetadataStore, artifact: str) -> ArtifactVersion:
    """A name may hold an @ itself, so the whole text is tried first."""
    try:
        return find_version(store, artifact)
    except NotFoundError:
        name, separator, version = artifact.rpartition("@")
        if not separator:
            raise
        return find_version(store, name, int(version) if version.isdecimal() else version)


def _preview(settings: Settings, version: ArtifactVersion) -> Preview | None:
    blobs = open_blobs(settings.artifact_store, settings.home / "cache")
    return stored_preview(ArtifactStore(blobs), version)


def _number(version: ArtifactVersion) -> str:
    name = f" ({version.version_name})" if version.version_name else ""
    return f"{version.version}{name}"


def _print_details(details: ArtifactDetails) -> None:
    version = details.version
    facts = {
        "version": f"{_number(version)} of {len(details.versions)}",
        "type": f"{version.type.value} {version.python_type}",
        "size": size(version.nbytes),
        "created": moment(version.created),
        "digest": version.digest,
        "made by": details.producer or "outside a step",
        "read by": ", ".join(details.consumers),
        "tags": ", ".join(version.tags),
        **{key: str(value) for key, value in {**version.summary, **version.metadata}.items()},
    }
    print_line(plain(version.name))
    print_table(("", ""), [(key, value) for key, value in facts.items() if value])
    if details.preview and details.preview.text:
        print_line("")
        for line in details.preview.text.splitlines():
            print_line(plain(line))
