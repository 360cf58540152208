"""What the commands print: aligned tables for people, JSON for machines."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from jupyter_mlpipe.model.wire import to_json

_LINE = "\r\x1b[2K"
"""Goes back to the beginning of the line and empties it."""


def print_json(record: object) -> None:
    """Print a record, or a dict of records, as indented JSON."""
    print_line(json.dumps(to_json(record), indent=2))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as their widest cell; the last one is never padded."""
    cells = [[plain(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headings))]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print_line("  ".join(padded).rstrip())


def print_line(text: str) -> None:
    """Print one line, whatever characters the terminal can show."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """How far something is, in a line of a terminal that goes when it has ended."""
    shown = sys.stderr.isatty()

    def tell(text: str) -> None:
        if shown:
            sys.stderr.write(f"{_LINE}{plain(text)}")
            sys.stderr.flush()

    try:
        yield tell
    finally:
        if shown:
            sys.stderr.write(_LINE)


def plain(text: str) -> str:
    """Text in one line, in which nothing can move the cursor or colour the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def moment(seconds: float) -> str:
    """A time since the epoch, in the local time zone."""
    local = datetime.fromtimestamp(seconds, tz=UTC).astimezone()
    return local.strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """A length of time with as many digits as one reads."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
