"""`mlpipe why STEP`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing

from jupyter_mlpipe.cli.printing import plain, print_json, print_line
from jupyter_mlpipe.cli.settings import settings_here
from jupyter_mlpipe.engine.context import open_context
from jupyter_mlpipe.engine.explain import explain_step, explanation_lines


def run(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    """Tell why a step's newest run was executed or skipped."""
    parser.add_argument("step")
    parser.add_argument("--pipeline", help="where several pipelines have a step of this name")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    chosen = parser.parse_args(argv)
    context = open_context(settings_here())
    with closing(context.metadata):
        told = explain_step(chosen.step, chosen.pipeline, context)
    if chosen.json:
        print_json(told)
    else:
        for line in explanation_lines(told):
            print_line(plain(line))
    return 0
