"""`mlpipe pipeline show`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from jupyter_mlpipe.analysis.notebook import read_notebook
from jupyter_mlpipe.cli.printing import plain, print_json, print_line, print_table
from jupyter_mlpipe.cli.settings import settings_beside
from jupyter_mlpipe.model.pipeline import Pipeline
from jupyter_mlpipe.pipelines.compile import compile_notebook
from jupyter_mlpipe.tracking.opening import looking_at


def run(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    """Show the notebook in the form that every orchestrator takes."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="show")
    showing = verbs.add_parser("show", help="steps, edges and parameters of a notebook")
    showing.add_argument("notebook", type=Path)
    showing.add_argument("--json", action="store_true", help="print JSON for machines")
    chosen = parser.parse_args(argv)
    with looking_at(settings_beside(chosen.notebook)) as store:
        pipeline = compile_notebook(read_notebook(chosen.notebook), store)
    if chosen.json:
        print_json(pipeline)
    else:
        _print(pipeline)
    return 0


def _print(pipeline: Pipeline) -> None:
    print_line(f"pipeline {plain(pipeline.name)} {pipeline.version[:12]}")
    print_table(
        ("STEP", "AFTER", "READS", "LEAVES"),
        [
            (
                step.name,
                ", ".join(step.depends_on),
                ", ".join(read.variable for read in step.inputs),
                ", ".join(step.outputs),
            )
            for step in pipeline.steps
        ],
    )
    for parameter in pipeline.parameters:
        print_line(plain(f"parameter {parameter.name}: {parameter.type} = {parameter.default!r}"))
    for warning in pipeline.warnings:
        print_line(plain(f"warning: {warning}"))
