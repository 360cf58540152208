"""`mlpipe model`: models, their versions and stages."""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable, Mapping, Sequence

from jupyter_mlpipe.cli.printing import moment, plain, print_json, print_line, print_table
from jupyter_mlpipe.cli.settings import settings_here
from jupyter_mlpipe.environments.machine import user_name
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.model.models import Model, ModelStages, ModelVersion, Promotion
from jupyter_mlpipe.model.run import Run
from jupyter_mlpipe.tracking.joins import by_ids
from jupyter_mlpipe.tracking.model_versions import find_model, find_stated_model
from jupyter_mlpipe.tracking.opening import changing, looking_at
from jupyter_mlpipe.tracking.store import Query

_MOST = 10_000
_USAGE = """mlpipe model list [--tag TAG] [--json]
       mlpipe model show NAME[@VERSION] [--json]
       mlpipe model version list NAME [--stage STAGE] [--tag TAG] [--json]
       mlpipe model version create NAME ROLE=ARTIFACT[@VERSION] ... [--version NAME] [--tag TAG]
                                   [--description TEXT] [--json]
       mlpipe model promote NAME[@VERSION] --to STAGE [--reason TEXT] [--force] [--json]
       mlpipe model history NAME [--json]

VERSION is a number, a version name, an alias, latest, staging or production."""
_NAMED = "NAME[@VERSION]"


def run(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    """Choose the verb."""
    parser.usage = _USAGE
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    verb = " ".join(argv[:2]) if argv[:1] == ["version"] else "".join(argv[:1])
    if verb not in _COMMANDS:
        parser.add_argument("verb", choices=(*_COMMANDS,))
        parser.parse_args([verb])
    return _COMMANDS[verb](parser, argv[len(verb.split()) :])


def _list(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("--tag", action="append", default=[], help="may be given several times")
    chosen = parser.parse_args(argv)
    query = Query(Model, tags=tuple(chosen.tag), newest_first=False, limit=_MOST)
    with looking_at(settings_here()) as store:
        page = store.find(query)
        held = store.find(Query(ModelVersion, {"stage": _HELD}, limit=_MOST)).items
    if chosen.json:
        print_json({"format": 1, "models": page.items, "total": page.total})
        return 0
    stages = {(version.model, version.stage): version.label for version in held}
    print_table(
        ("MODEL", "VERSIONS", "PRODUCTION", "STAGING", "CREATED", "TAGS"),
        [
            (
                *(model.name, str(model.last_version)),
                *(stages.get((model.name, stage), "") for stage in _HELD),
                *(moment(model.created), ", ".join(model.tags)),
            )
            for model in page.items
        ],
    )
    return 0


def _show(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("model", metavar=_NAMED)
    chosen = parser.parse_args(argv)
    with looking_at(settings_here()) as store:
        version = find_stated_model(store, chosen.model)
        model = find_model(store, version.model)
        ids = frozenset(version.artifacts.values())
        grouped = {found.id: found for found in by_ids(store, ArtifactVersion, ids)}
        run_ = store.get(Run, version.run_id) if version.run_id else None
    artifacts = {role: grouped[id_] for role, id_ in version.artifacts.items()}
    if chosen.json:
        print_json({"format": 1, "model": model, "version": version, "artifacts": artifacts})
        return 0
    print_line(plain(f"{model.name}: {model.description}" if model.description else model.name))
    facts = {
        "version": f"{_number(version)} of {model.last_version}",
        "stage": version.stage.value,
        "aliases": ", ".join(version.aliases),
        "description": version.description,
        "created": moment(version.created),
        "run": f"{run_.id} of {run_.pipeline}" if run_ else "",
        "tags": ", ".join((*model.tags, *version.tags)),
        **{key: str(value) for key, value in {**model.metadata, **version.metadata}.items()},
        **{role: f"{found.name} {found.label}" for role, found in artifacts.items()},
    }
    print_table(("", ""), [(key, value) for key, value in facts.items() if value])
    return 0


def _versions(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("model", metavar="NAME")
    parser.add_argument("--stage", choices=[stage.value for stage in ModelStages])
    parser.add_argument("--tag", action="append", default=[], help="may be given several times")
    chosen = parser.parse_args(argv)
    where = {"model": chosen.model, **({"stage": chosen.stage} if chosen.stage else {})}
    with looking_at(settings_here()) as store:
        page = store.find(Query(ModelVersion, where, tags=tuple(chosen.tag), limit=_MOST))
        if not page.items:
            find_model(store, chosen.model)  # names what is close
    if chosen.json:
        print_json({"format": 1, "versions": page.items, "total": page.total})
        return 0
    print_table(
        ("VERSION", "STAGE", "ALIASES", "ARTIFACTS", "CREATED", "TAGS"),
        [
            (
                *(_number(v), v.stage.value, ", ".join(v.aliases), ", ".join(v.artifacts)),
                *(moment(v.created), ", ".join(v.tags)),
            )
            for v in page.items
        ],
    )
    return 0


def _create(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("model", metavar="NAME")
    parser.add_argument("artifacts", nargs="+", metavar="ROLE=ARTIFACT[@VERSION]")
    parser.add_argument("--version", metavar="NAME", help="a name beside the number")
    parser.add_argument("--description", default="", metavar="TEXT")
    parser.add_argument("--tag", action="append", default=[], help="may be given several times")
    chosen = parser.parse_args(argv)
    # Loaded here, for looking needs none of what stores and loads values.
    client = importlib.import_module("jupyter_mlpipe.client")
    with client.Client(settings_here()) as opened:
        id_: str = opened.create_model_version(
            chosen.model,
            _roles(chosen.artifacts),
            chosen.version,
            description=chosen.description,
            tags=chosen.tag,
        ).id
    with looking_at(settings_here()) as store:
        return _print_version(store.get(ModelVersion, id_), as_json=chosen.json)


def _promote(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    stages = [stage.value for stage in ModelStages]
    parser.add_argument("model", metavar=_NAMED)
    parser.add_argument("--to", required=True, choices=stages, metavar="STAGE")
    parser.add_argument("--reason", default="", metavar="TEXT")
    parser.add_argument("--force", action="store_true", help="archive the one that has the stage")
    chosen = parser.parse_args(argv)
    with changing(settings_here()) as store:
        version = find_stated_model(store, chosen.model)
        wanted = Promotion(
            *(new_id(), version.id, ModelStages(chosen.to), user_name(), chosen.reason),
            *(time.time(), chosen.force),
        )
        store.append((wanted,))
        return _print_version(store.get(ModelVersion, version.id), as_json=chosen.json)


def _history(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("model", metavar="NAME")
    chosen = parser.parse_args(argv)
    with looking_at(settings_here()) as store:
        model = find_model(store, chosen.model)
        page = store.find(Query(Promotion, {"model": model.name}, limit=_MOST))
    if chosen.json:
        print_json({"format": 1, "history": page.items, "total": page.total})
        return 0
    print_table(
        ("WHEN", "VERSION", "FROM", "TO", "BY", "REASON"),
        [
            (
                *(moment(p.created), str(p.version), p.from_stage.value, p.to_stage.value),
                *(p.user, p.reason),
            )
            for p in page.items
        ],
    )
    return 0


def _roles(pairs: Sequence[str]) -> Mapping[str, str]:
    roles: dict[str, str] = {}
    for pair in pairs:
        role, separator, artifact = pair.partition("=")
        if not separator or not role or not artifact:
            raise MetadataError(f"{pair}: expected ROLE=ARTIFACT, such as weights=train::model.")
        if role in roles:
            raise MetadataError(f"{pair}: the role {role!r} is given twice.")
        roles[role] = artifact
    return roles


def _print_version(version: ModelVersion, *, as_json: bool) -> int:
    if as_json:
        print_json({"format": 1, "version": version})
    else:
        stage = "" if version.stage is ModelStages.NONE else f" is in {version.stage}"
        roles = f": {', '.join(version.artifacts)}" if not stage else ""
        print_line(plain(f"{version.model} {_number(version)}{stage}{roles}"))
    return 0


def _number(version: ModelVersion) -> str:
    name = f" ({version.version_name})" if version.version_name else ""
    return f"{version.version}{name}"


_HELD = (ModelStages.PRODUCTION, ModelStages.STAGING)
_COMMANDS: Mapping[str, Callable[[argparse.ArgumentParser, Sequence[str]], int]] = {
    "list": _list,
    "show": _show,
    "version list": _versions,
    "version create": _create,
    "promote": _promote,
    "history": _history,
}
