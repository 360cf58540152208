"""`mlpipe run-step`: what every orchestrator calls for each step."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from jupyter_mlpipe.engine.worker import run_steps_command


def run(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    """Run one step of an archived pipeline; the exit status tells the engine what happened."""
    parser.add_argument("--pipeline", required=True, metavar="URI", help="of the code archive")
    parser.add_argument("--sha256", required=True, metavar="HASH", help="of the code archive")
    parser.add_argument(
        "--step",
        required=True,
        action="append",
        dest="steps",
        metavar="ID",
        help="given several times, the steps run one after the other in this process",
    )
    chosen = parser.parse_args(argv)
    return run_steps_command(chosen.pipeline, chosen.sha256, chosen.steps, os.environ)
