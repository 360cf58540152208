"""`mlpipe project`: who shares the metadata store."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from jupyter_mlpipe.cli.printing import moment, print_json, print_table
from jupyter_mlpipe.cli.settings import settings_here
from jupyter_mlpipe.model.project import Project
from jupyter_mlpipe.tracking.opening import looking_at
from jupyter_mlpipe.tracking.store import Query

_MOST = 10_000


def run(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    """The project at hand is marked."""
    parser.usage = "mlpipe project list [--json]"
    parser.add_argument("verb", choices=["list"])
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    chosen = parser.parse_args(argv)
    settings = settings_here()
    with looking_at(settings) as store:
        page = store.find(Query(Project, newest_first=False, limit=_MOST))
    if chosen.json:
        facts = {"projects": page.items, "total": page.total, "active": settings.project}
        print_json({"format": 1, **facts})
    else:
        marks = {settings.project: "here"}
        rows = [(one.name, moment(one.created), marks.get(one.name, "")) for one in page.items]
        print_table(("PROJECT", "CREATED", ""), rows)
    return 0
