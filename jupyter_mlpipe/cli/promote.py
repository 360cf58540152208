"""`mlpipe promote`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from jupyter_mlpipe.cli.printing import plain, print_json, print_line
from jupyter_mlpipe.cli.settings import assignments, settings_beside
from jupyter_mlpipe.model.amounts import size_text
from jupyter_mlpipe.model.errors import PipelineError
from jupyter_mlpipe.model.pipeline import Schedule
from jupyter_mlpipe.model.views import PromotePlan
from jupyter_mlpipe.orchestrators.promotion import PromoteOptions, promote


def run(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    """Compile a notebook for a target, and write the files when a folder is given."""
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--to", required=True, metavar="TARGET", help="such as local or airflow")
    parser.add_argument("--schedule", metavar="CRON", help='such as "0 6 * * *"')
    parser.add_argument("--timezone", metavar="TZ", help="of the schedule; UTC when left out")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write here; else only preview")
    parser.add_argument("-p", action="append", default=[], metavar="NAME=VALUE", dest="parameters")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    chosen = parser.parse_args(argv)
    options = PromoteOptions(
        target=chosen.to,
        schedule=_schedule(chosen.schedule, chosen.timezone),
        parameters=assignments(chosen.parameters),
        out=chosen.out,
    )
    plan = promote(chosen.notebook, settings_beside(chosen.notebook), options)
    if chosen.json:
        print_json(plan)
    else:
        _print(plan)
    return 0


def _schedule(cron: str | None, timezone: str | None) -> Schedule | None:
    if cron is None and timezone is not None:
        raise PipelineError("--timezone says nothing without --schedule; give both.")
    return None if cron is None else Schedule(cron, timezone or "UTC")


def _print(plan: PromotePlan) -> None:
    for path in plan.written:
        print_line(plain(f"wrote {path}"))
    if not plan.written:
        for file in plan.files:
            print_line(plain(f"would write {file.path} ({size_text(len(file.content.encode()))})"))
        print_line("nothing was written: give --out DIR")
    for warning in plan.warnings:
        print_line(plain(f"warning: {warning}"))
    if plan.next_fires:
        print_line(f"next runs {', '.join(plan.next_fires[:3])}")
    if plan.written:
        print_line(f"run it with: {plan.command}")
