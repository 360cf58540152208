"""Which names a cell mentions, as far as bringing them back is concerned."""

from __future__ import annotations

import re
from dataclasses import replace

from jupyter_mlpipe.analysis.dataflow import analyze
from jupyter_mlpipe.analysis.options import parse_step_line
from jupyter_mlpipe.analysis.signatures import step_signature
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.model.errors import StepOptionError
from jupyter_mlpipe.model.step import StepSignature, StepSource
from mlpipe_kernel.gate import split_mark

_OURS = re.compile(r"\s*%(mlpipe|pipeline)\b")
_SHELL_OR_HELP = re.compile(r"\s*!|\s*\?|.*\?\s*$")
"""Lines in which IPython fills in, or explains, just the variables that they name."""
_SHELL_CELL = re.compile(
    r"%%(!|(bash|sh|script|system|sx|html|HTML|javascript|js|latex|markdown|svg)\b)"
)
_NAME = re.compile(r"[^\W\d]\w*")


def mentioned(cell: str) -> StepSignature:
    """Of a cell as the user wrote it, the expressions on its `%%step` line included."""
    first, _, rest = cell.partition("\n")
    marked = split_mark(first)
    if marked is not None and marked[0] == "%%step":
        return _of_step(marked[1], rest)
    body = rest if marked is not None else cell
    if _SHELL_CELL.match(body):
        return StepSignature(reads=_names(first))
    return _of_lines(body)


def names_before(text: str) -> frozenset[str]:
    """Names on a line up to the cursor, without one that is still being typed."""
    return _names(re.sub(r"[^\W\d]\w*\Z", "", text)) if text else frozenset()


def _of_step(line: str, body: str) -> StepSignature:
    try:
        name, options = parse_step_line(line, "")
    except StepOptionError:
        return StepSignature()
    return step_signature(StepSource(name, body, options))


def _of_lines(body: str) -> StepSignature:
    lines = body.splitlines(keepends=True)
    plain = "".join(n for n in lines if not (_OURS.match(n) or _SHELL_OR_HELP.match(n)))
    asked = [n for n in lines if _SHELL_OR_HELP.match(n)]
    signature = analyze(python_source(plain))
    return replace(signature, reads=signature.reads.union(*map(_names, asked)))


def _names(text: str) -> frozenset[str]:
    return frozenset(_NAME.findall(text))
