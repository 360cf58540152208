"""`mlpipe artifact`: what is stored, and what is said of it."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Mapping, Sequence

from jupyter_mlpipe.cli.labels import metadata_filter
from jupyter_mlpipe.cli.printing import moment, plain, print_json, print_line, print_table
from jupyter_mlpipe.cli.settings import settings_here
from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.model.amounts import size_text
from jupyter_mlpipe.model.artifact import ArtifactType, ArtifactVersion, Preview
from jupyter_mlpipe.model.views import ArtifactDetails
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.tracking.opening import looking_at
from jupyter_mlpipe.tracking.previews import stored_preview
from jupyter_mlpipe.tracking.reading import artifact_details
from jupyter_mlpipe.tracking.resolve import find_stated
from jupyter_mlpipe.tracking.store import Page, Query

_MOST = 10_000
_USAGE = """mlpipe artifact list [--name PATTERN] [--type TYPE] [--tag TAG] [--meta K=V] [--json]
       mlpipe artifact version list [NAME] [the same]
       mlpipe artifact show NAME[@VERSION] [--json]
       mlpipe artifact download NAME[@VERSION] [FILE.zip] [--force] [--json]
       mlpipe artifact tag NAME[@VERSION] [TAG ...] [--remove TAG] [--meta K=V] [--json]
       mlpipe artifact prune [--older-than DURATION] [--yes] [--json]"""
_CHANGING = ("download", "tag", "prune")


def run(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    """Verbs that do more than look are in a module of their own."""
    parser.usage = _USAGE
    known: Mapping[str, Callable[[argparse.ArgumentParser, Sequence[str]], int]] = {
        "list": _list,
        "version": _versions,
        "show": _show,
    }
    verb = argv[0] if argv and argv[0] in (*known, *_CHANGING) else ""
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    if not verb:
        parser.add_argument("verb", choices=(*known, *_CHANGING))
        parser.parse_args(argv)
    if verb in known:
        return known[verb](parser, argv[1:])
    # Loaded here, for looking needs none of what stores and loads values.
    changing = importlib.import_module("jupyter_mlpipe.cli.artifact_changes")
    status: int = changing.COMMANDS[verb](parser, argv[1:])
    return status


def _list(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("--name", metavar="PATTERN", help="such as 'study::*'")
    chosen = _filters(parser, argv)
    page = _find(chosen, latest_only=True)
    _print_versions(page, as_json=chosen.json)
    return 0


def _versions(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("verb", choices=["list"])
    parser.add_argument("name", nargs="?", metavar="NAME", help="of an artifact, or a pattern")
    chosen = _filters(parser, argv)
    page = _find(chosen, latest_only=False)
    if not page.items and chosen.name:
        with looking_at(settings_here()) as store:
            find_stated(store, chosen.name)  # names what is close
    _print_versions(page, as_json=chosen.json)
    return 0


def _filters(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    types = [kind.value for kind in ArtifactType]
    parser.add_argument("--type", type=str.upper, choices=types, metavar="TYPE")
    parser.add_argument("--tag", action="append", default=[], help="may be given several times")
    parser.add_argument("--meta", action="append", default=[], metavar="KEY=VALUE")
    return parser.parse_args(argv)


def _find(chosen: argparse.Namespace, *, latest_only: bool) -> Page[ArtifactVersion]:
    query = Query(
        ArtifactVersion,
        {"type": chosen.type} if chosen.type else {},
        name_pattern=chosen.name,
        tags=tuple(chosen.tag),
        metadata=metadata_filter(chosen.meta),
        latest_only=latest_only,
        limit=_MOST,
    )
    with looking_at(settings_here()) as store:
        return store.find(query)


def _print_versions(page: Page[ArtifactVersion], *, as_json: bool) -> None:
    if as_json:
        print_json({"format": 1, "artifacts": page.items, "total": page.total})
        return
    print_table(
        ("ARTIFACT", "VERSION", "TYPE", "SIZE", "CREATED", "TAGS"),
        [
            (
                *(v.name, _number(v), v.type.value, size_text(v.nbytes)),
                *(moment(v.created), ", ".join(v.tags)),
            )
            for v in page.items
        ],
    )


def _show(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("artifact", metavar="NAME[@VERSION]")
    chosen = parser.parse_args(argv)
    settings = settings_here()
    with looking_at(settings) as store:
        version = find_stated(store, chosen.artifact)
        details = artifact_details(store, version.id, _preview(settings, version))
    if chosen.json:
        print_json(details)
    else:
        _print_details(details)
    return 0


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
        "size": size_text(version.nbytes),
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
