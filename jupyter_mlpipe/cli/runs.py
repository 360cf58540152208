"""`mlpipe run NOTEBOOK`, `mlpipe run list` and `mlpipe run show`."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jupyter_mlpipe.cli.labels import add_label_options, metadata_filter, stated_labels
from jupyter_mlpipe.cli.printing import (
    duration,
    moment,
    plain,
    print_json,
    print_line,
    print_table,
)
from jupyter_mlpipe.cli.settings import assignments, settings_beside, settings_here
from jupyter_mlpipe.model.artifact import version_label
from jupyter_mlpipe.model.labels import Subject
from jupyter_mlpipe.model.run import Run, Status
from jupyter_mlpipe.model.views import OutputView, RunDetails, StepRunView
from jupyter_mlpipe.tracking.compare import compare_runs, comparison_lines
from jupyter_mlpipe.tracking.opening import changing, looking_at
from jupyter_mlpipe.tracking.reading import LATEST, run_details, run_view
from jupyter_mlpipe.tracking.runs import find_run
from jupyter_mlpipe.tracking.store import Query

_LISTS = ("list", "show", "diff", "tag")
_USAGE = """mlpipe run NOTEBOOK [-p NAME=VALUE ...] [--no-cache] [--json]
       mlpipe run list [--limit N] [--tag TAG] [--meta K=V] [--json]
       mlpipe run show [RUN|latest] [--json]
       mlpipe run diff RUN RUN [--json]
       mlpipe run tag RUN [TAG ...] [--remove TAG] [--meta K=V] [--json]"""


def run(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    """Whatever is not `list`, `show`, `diff` or `tag` is a notebook's path."""
    parser.usage = _USAGE
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    verb = argv[0] if argv and argv[0] in _LISTS else ""
    commands: Mapping[str, Callable[[argparse.ArgumentParser, Sequence[str]], int]] = {
        "list": _list,
        "show": _show,
        "diff": _diff,
        "tag": _tag,
        "": _start,
    }
    return commands[verb](parser, argv[1:] if verb else argv)


def _start(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("notebook", type=Path)
    parser.add_argument("-p", action="append", default=[], metavar="NAME=VALUE", dest="parameters")
    parser.add_argument("--no-cache", action="store_true", help="run every step")
    chosen = parser.parse_args(argv)
    parameters = assignments(chosen.parameters)
    settings = settings_beside(chosen.notebook)
    # Loaded here, for listing runs needs no orchestrator.
    local = importlib.import_module("jupyter_mlpipe.orchestrators.local")
    progress = _ignore if chosen.json else _print_step
    details: RunDetails = local.run_notebook(
        chosen.notebook, parameters, settings, progress, not chosen.no_cache
    )
    if chosen.json:
        print_json(details)
    else:
        print_line(f"run {details.run.id} {details.run.status}")
    return 0 if details.run.status == Status.SUCCEEDED else 1


def _list(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("--limit", type=int, default=20, help="how many, newest first")
    parser.add_argument("--tag", action="append", default=[], help="may be given several times")
    parser.add_argument("--meta", action="append", default=[], metavar="KEY=VALUE")
    chosen = parser.parse_args(argv)
    query = Query(
        Run,
        tags=tuple(chosen.tag),
        metadata=metadata_filter(chosen.meta),
        limit=max(chosen.limit, 0),
    )
    with looking_at(settings_here()) as store:
        runs = [run_view(run) for run in store.find(query).items]
    if chosen.json:
        print_json({"format": 1, "runs": runs})
        return 0
    print_table(
        ("RUN", "PIPELINE", "KIND", "STATUS", "STARTED"),
        [(run.id, run.pipeline, run.kind, run.status, moment(run.started)) for run in runs],
    )
    return 0


def _show(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("run", nargs="?", default=LATEST, help="its id; the latest when left out")
    chosen = parser.parse_args(argv)
    with looking_at(settings_here()) as store:
        details = run_details(store, chosen.run)
    if chosen.json:
        print_json(details)
        return 0
    run = details.run
    print_line(f"run {run.id} of {plain(run.pipeline)}, {run.status}, {moment(run.started)}")
    if run.tags:
        print_line(plain(f"tags: {', '.join(run.tags)}"))
    for key, value in run.metadata.items():
        print_line(plain(f"{key} = {value}"))
    print_table(
        ("STEP", "STATUS", "TIME", "OUTPUTS", "REASON"),
        [
            (step.step, step.status, duration(step.seconds), _outputs(step.outputs), step.reason)
            for step in details.steps
        ],
    )
    return 0


def _diff(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("first", metavar="RUN", help="number, id, its beginning, or latest~1")
    parser.add_argument("second", metavar="RUN")
    parser.add_argument("--pipeline", help="whose runs are meant; all when left out")
    chosen = parser.parse_args(argv)
    with looking_at(settings_here()) as store:
        first, second = (find_run(store, c, chosen.pipeline) for c in (chosen.first, chosen.second))
        found = compare_runs(store, first, second)
    if chosen.json:
        print_json(found)
    else:
        for line in comparison_lines(found):
            print_line(plain(line))
    return 0


def _tag(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    parser.add_argument("run", metavar="RUN", help="number, id, its beginning, or latest")
    add_label_options(parser)
    chosen = parser.parse_args(argv)
    with changing(settings_here()) as store:
        run = find_run(store, chosen.run)
        store.append((stated_labels(chosen, Subject.RUN, run.id),))
        run = store.get(Run, run.id)
    if chosen.json:
        print_json({"format": 1, "run": run_view(run)})
    else:
        print_line(plain(f"run {run.id}: {', '.join(run.tags) or 'no tags'}"))
        for key, value in run.metadata.items():
            print_line(plain(f"  {key} = {value}"))
    return 0


def _print_step(step: StepRunView) -> None:
    """Told of starts too, which are not worth a line."""
    if step.status == Status.RUNNING:
        return
    outputs = _outputs(step.outputs)
    facts = (step.status, duration(step.seconds), outputs, step.reason, step.error)
    print_line(plain(f"{step.step}: {', '.join(fact for fact in facts if fact)}"))


def _ignore(step: StepRunView) -> None:
    """Machines get the whole run at its end."""


def _outputs(outputs: Sequence[OutputView]) -> str:
    return ", ".join(
        f"{output.variable} {version_label(output.version, output.version_name)}"
        if output.version
        else f"{output.variable} (not kept)"
        for output in outputs
    )
