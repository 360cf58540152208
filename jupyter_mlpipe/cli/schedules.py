"""`mlpipe schedule`: which pipelines run by themselves."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from jupyter_mlpipe.cli.printing import moment, plain, print_json, print_line, print_table
from jupyter_mlpipe.cli.settings import settings_here
from jupyter_mlpipe.model.views import ScheduleView
from jupyter_mlpipe.orchestrators.registry import available_orchestrators
from jupyter_mlpipe.orchestrators.scheduling import end_schedules, schedule_views
from jupyter_mlpipe.tracking.opening import looking_at

_USAGE = """mlpipe schedule list [--json]
       mlpipe schedule delete PIPELINE [--from TARGET] [--json]"""


def run(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    """What promotions scheduled, and how it stands."""
    parser.usage = _USAGE
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="{list,delete}")
    listing = verbs.add_parser("list", help="schedules, their next runs, and what has changed")
    deleting = verbs.add_parser("delete", help="delete the files of a pipeline's schedules")
    deleting.add_argument("pipeline", metavar="PIPELINE")
    deleting.add_argument("--from", dest="target", metavar="TARGET", help="only there")
    for verb in (listing, deleting):
        verb.add_argument("--json", action="store_true", help="print JSON for machines")
    chosen = parser.parse_args(argv)
    if chosen.verb == "list":
        return _list(as_json=chosen.json)
    return _delete(chosen.pipeline, chosen.target, as_json=chosen.json)


def _list(*, as_json: bool) -> int:
    settings = settings_here()
    with looking_at(settings) as store:
        views = schedule_views(store, settings)
    if as_json:
        print_json({"format": 1, "schedules": views, "total": len(views)})
    elif views:
        _print(views)
    else:
        print_line("Nothing is scheduled. `mlpipe promote NOTEBOOK --to TARGET --schedule CRON")
        print_line("--out DIR` does so, as does Promote in the sidebar.")
    return 0


def _print(views: Iterable[ScheduleView]) -> None:
    heads = ("PIPELINE", "TARGET", "SCHEDULE", "NEXT RUN", "PROMOTED", "BY", "STATE")
    print_table(
        heads,
        [
            (
                *(one.pipeline, one.orchestrator, f"{one.cron} {one.timezone}"),
                *(one.next_fires[0] if one.next_fires else "never", moment(one.created)),
                *(one.user, one.state.value),
            )
            for one in views
        ],
    )


def _delete(pipeline: str, target: str | None, *, as_json: bool) -> int:
    settings = settings_here()
    with looking_at(settings) as store:
        ended = end_schedules(store, pipeline, target)
    if as_json:
        facts = {"deleted": ended.deleted, "missing": ended.missing}
        print_json({"format": 1, "ended": ended.schedules, **facts})
        return 0
    for path in ended.deleted:
        print_line(plain(f"deleted {path}"))
    for path in ended.missing:
        print_line(plain(f"not here: {path}; if it lies on another machine, delete it there"))
    known = available_orchestrators(settings)
    for name in dict.fromkeys(one.orchestrator for one in ended.schedules):
        if name in known and known[name].unscheduling:
            print_line(known[name].unscheduling)
    return 0
