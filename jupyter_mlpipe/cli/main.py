"""`mlpipe`: finds the verb's module, and turns our errors into one line."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from jupyter_mlpipe.model.errors import MlpipeError

_FAILED = 2
_INTERRUPTED = 130
_VERBS: Mapping[str, tuple[str, str]] = {
    "run": ("runs", "run a notebook; list, show, compare and tag runs"),
    "why": ("why", "tell why a step was run or skipped"),
    "artifact": ("artifacts", "list, show, tag, download and prune artifacts"),
    "model": ("models", "list, show, make and promote versions of models"),
    "project": ("projects", "list the projects that share the metadata store"),
    "trust": ("trusting", "let values that others stored be loaded"),
    "pipeline": ("pipelines", "show a notebook as a pipeline"),
    "promote": ("promote", "write a notebook's files for an orchestrator"),
    "schedule": ("schedules", "list and delete the schedules of promoted pipelines"),
    "run-step": ("workers", "run one step of a stored pipeline; orchestrators call this"),
}
"""Verb to its module, which is loaded only when it is called, and its help."""


class Parser(argparse.ArgumentParser):
    """Complains in one line, like every other error."""

    def error(self, message: str) -> NoReturn:
        """Exit with the status of a bad command line."""
        self.exit(_FAILED, f"mlpipe: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except SystemExit as exit_:  # argparse's way to end after --help or a bad option
        return exit_.code if isinstance(exit_.code, int) else 0
    except MlpipeError as error:
        return _complain(str(error), _FAILED)
    except KeyboardInterrupt:
        return _complain("interrupted", _INTERRUPTED)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _complain(str(error), _FAILED)


def _run(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] not in _VERBS:
        _top_parser().parse_args(arguments)
        _top_parser().print_help()
        return 0
    verb, *rest = arguments
    module = importlib.import_module(f"jupyter_mlpipe.cli.{_VERBS[verb][0]}")
    parser = Parser(prog=f"mlpipe {verb}", description=_capital(_VERBS[verb][1]))
    status: int = module.run(parser, rest)
    return status


def _top_parser() -> Parser:
    lines = [f"  {verb:<10} {words}" for verb, (_, words) in _VERBS.items()]
    parser = Parser(
        prog="mlpipe",
        usage="mlpipe [--version] VERB ...",
        description="The notebook is the pipeline.\n\nverbs:\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    parser.add_argument("verb", choices=list(_VERBS), help=argparse.SUPPRESS, nargs="?")
    return parser


class _Version(argparse.Action):
    """Asks the installed distribution only when it is wanted."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        package = importlib.import_module("jupyter_mlpipe")
        sys.stdout.write(f"mlpipe {package.__version__}\n")
        parser.exit()


def _complain(message: str, status: int) -> int:
    sys.stderr.write(f"mlpipe: {' '.join(message.split())}\n")
    return status


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:] + "."
