"""Verbs that bind what is on record: `restore` and `rollback`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jupyter_mlpipe.tracking.runs import LATEST, find_run, numbered_runs
from jupyter_mlpipe.tracking.store import MetadataStore
from mlpipe_kernel.earlier import state_after
from mlpipe_kernel.restore import Brought
from mlpipe_kernel.verbs.verb import Desk, refuse


def restore(words: Sequence[str], desk: Desk) -> str:
    """Bring names back now; with `--run`, as they were at the end of that run."""
    names, called = _parse(words)
    if called is None:
        return _from_last_session(names, desk)
    session, metadata = desk.session, desk.bench.context.metadata
    run = find_run(metadata, called, session.pipeline, but=session.run.id)
    state = state_after(run, metadata)
    known = frozenset(state.versions) | state.definitions.names() | frozenset(state.parameters)
    absent = [f"{name} was not there at the end of that run" for name in names if name not in known]
    brought = session.rewind(state, frozenset(names) or None)
    return "\n".join([f"As at the end of run {run.id[:12]}:", *_lines(brought, desk), *absent])


def runs_and_names(desk: Desk) -> Iterable[str]:
    """What Tab offers: names that wait, and numbers of runs."""
    numbers = (str(item.number) for item in numbered_runs(_store(desk), desk.session.pipeline))
    return ("--run", *sorted(desk.session.waiting), LATEST, *numbers)


def _from_last_session(names: Sequence[str], desk: Desk) -> str:
    session = desk.session
    waiting = session.waiting
    bound = desk.shell.user_ns.keys()
    told = [
        f"{name} is there already" if name in bound else f"{name} is not on record"
        for name in names
        if name not in waiting
    ]
    brought = session.bring(names or None)
    lines = _lines(brought, desk)
    return "\n".join([*lines, *told]) or "Nothing waits to be brought back."


def _lines(brought: Brought, desk: Desk) -> list[str]:
    variables = ", ".join(desk.bench.describe(name) for name in sorted(brought.loaded))
    defined = ", ".join(sorted({name for s in brought.ran for name in s.names}))
    lines = [f"variables: {variables}"] if variables else []
    lines += [f"definitions: {defined}"] if defined else []
    return [*lines, *brought.problems]


def _parse(words: Sequence[str]) -> tuple[list[str], str | None]:
    names: list[str] = []
    called: str | None = None
    rest = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if option == "--run":
            called = value if equals else next(rest, "")
            if not called:
                raise refuse("restore", "--run needs a run: a number of `%mlpipe runs`, or latest.")
        elif word.startswith("-") or not word.isidentifier():
            raise refuse("restore", f"{word} is no name; use restore [NAME ...] [--run RUN].")
        else:
            names.append(word)
    return names, called


def _store(desk: Desk) -> MetadataStore:
    return desk.bench.context.metadata
