"""`mlpipe trust`: values that others stored are loaded from now on."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from jupyter_mlpipe.cli.printing import print_line
from jupyter_mlpipe.cli.settings import settings_here
from jupyter_mlpipe.engine.trusting import trust_store


def run(parser: argparse.ArgumentParser, argv: Sequence[str]) -> int:
    """Of the artifact store of the working folder's project."""
    parser.usage = "mlpipe trust"
    parser.parse_args(argv)
    print_line(trust_store(settings_here()))
    return 0
