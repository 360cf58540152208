"""What a verb of `%mlpipe` is, and what it works on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_mlpipe.model.errors import NotebookError
from mlpipe_kernel.session import KernelSession
from mlpipe_kernel.staleness import Staleness
from mlpipe_kernel.workbench import Workbench


@dataclass(frozen=True, slots=True)
class Desk:
    """The session a verb was said in."""

    shell: Any
    session: KernelSession
    bench: Workbench
    staleness: Staleness


def _nothing(_: Desk) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Verb:
    """One word after `%mlpipe`."""

    name: str
    usage: str
    """What follows the verb, such as `STEP`; empty for a verb that stands alone."""
    help: str
    answer: Callable[[Sequence[str], Desk], str]
    """From the words after the verb to the text that is printed."""
    offers: Callable[[Desk], Iterable[str]] = _nothing
    """What Tab completes after the verb."""


def refuse(verb: str, problem: str) -> NotebookError:
    """The error for words that a verb cannot take."""
    return NotebookError(f"%mlpipe {verb}", problem)
