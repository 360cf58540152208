"""All verbs of `%mlpipe`, in the order in which help lists them."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable, Sequence

from mlpipe_kernel.verbs import garbage, past, restoring, stale, trusting, versions
from mlpipe_kernel.verbs.verb import Desk, Verb, refuse

VERBS: tuple[Verb, ...] = (
    Verb("status", "", "the steps of this session and how they stand", past.status),
    Verb("why", "STEP", "why a step was run or skipped", past.why, past.known_steps),
    Verb("run-stale", "", "run the steps whose results no longer stand", stale.run_stale),
    Verb(
        "restore",
        "[NAME ...] [--run RUN]",
        "bring names back now, or as they were at the end of a run",
        restoring.restore,
        restoring.runs_and_names,
    ),
    Verb(
        "rollback",
        "NAME@VERSION",
        "bind an earlier version to its variable",
        versions.rollback,
        versions.versions,
    ),
    Verb(
        "lineage",
        "NAME",
        "what a variable was made from and used for",
        versions.lineage,
        versions.variables,
    ),
    Verb(
        "diff",
        "A B",
        "in what two runs, or two versions, differ",
        versions.diff,
        versions.runs_and_versions,
    ),
    Verb(
        "gc",
        "[--older-than D] [--yes]",
        "what nobody needs any more, and with --yes remove it",
        garbage.gc,
        garbage.options,
    ),
    Verb("trust", "", "let values that others stored be loaded", trusting.trust),
    Verb("runs", "", "the newest runs of this pipeline", past.runs),
)


def answer(line: str, desk: Desk) -> str:
    """What `%mlpipe LINE` prints.

    Raises:
        NotebookError: The line is not understood; near matches are named.
    """
    words = _words(line) or ["status"]
    return _find(words[0]).answer(words[1:], desk)


def offers(said: str, desk: Desk) -> Iterable[str]:
    """What Tab completes after `%mlpipe SAID`, where the last word has only begun."""
    words = said.split()
    if not said[-1:].isspace():
        words = words[:-1]
    if not words:
        return [verb.name for verb in VERBS]
    known = [verb for verb in VERBS if verb.name == words[0]]
    return known[0].offers(desk) if known else ()


def help_text() -> str:
    """What `%mlpipe?` shows."""
    lines = "\n".join(f"  {f'{verb.name} {verb.usage}':<28} {verb.help}" for verb in VERBS)
    return f"%mlpipe VERB: ask and act on what is on record.\n\n{lines}\n"


def _words(line: str) -> Sequence[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise refuse(
            line.strip(), f"cannot be read ({error}); close or escape the quote."
        ) from None


def _find(name: str) -> Verb:
    known = {verb.name: verb for verb in VERBS}
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise refuse(name, f"not a verb; there are {', '.join(known)}.{hint}")
