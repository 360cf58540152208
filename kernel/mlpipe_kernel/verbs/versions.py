"""Verbs about artifact versions and runs: `lineage`, `diff` and `rollback`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.tracking.compare import compare_runs, compare_versions, comparison_lines
from jupyter_mlpipe.tracking.resolve import find_called
from jupyter_mlpipe.tracking.runs import find_run, numbered_runs
from jupyter_mlpipe.tracking.tree import lineage_lines
from mlpipe_kernel.verbs.verb import Desk, refuse


def lineage(words: Sequence[str], desk: Desk) -> str:
    """What a variable was made from and used for."""
    if len(words) != 1:
        raise refuse("lineage", "name one variable or artifact: %mlpipe lineage NAME[@VERSION].")
    version = _held(words[0], desk) or _find(words[0], desk)
    return "\n".join(lineage_lines(desk.bench.context.metadata, version))


def diff(words: Sequence[str], desk: Desk) -> str:
    """In what two runs, or two artifact versions, differ."""
    if len(words) != 2:
        raise refuse("diff", "name two runs, as in `diff 1 2`, or two versions: `diff df@1 df@2`.")
    store, pipeline = desk.bench.context.metadata, desk.session.pipeline
    try:
        first, second = (find_run(store, word, pipeline) for word in words)
    except NotFoundError:
        if all(word.isdecimal() for word in words):
            raise
        one, two = (_find(word, desk) for word in words)
        return "\n".join(comparison_lines(compare_versions(store, one, two)))
    return "\n".join(comparison_lines(compare_runs(store, first, second)))


def rollback(words: Sequence[str], desk: Desk) -> str:
    """Bind an earlier version to its variable, and put that on record."""
    if len(words) != 1 or "@" not in words[0]:
        raise refuse("rollback", "name a version: %mlpipe rollback NAME@VERSION.")
    if desk.session.in_step:
        raise refuse("rollback", "would change what the step reads; use another cell.")
    version = _find(words[0], desk)
    desk.session.roll_back(version)
    made = "" if version.step_run else " It was made outside a step, so no step is marked."
    return f"{version.variable} is {version.name} {version.label} again.{made}"


def variables(desk: Desk) -> Iterable[str]:
    """What Tab offers: variables that hold a version."""
    return sorted(_names(desk))


def runs_and_versions(desk: Desk) -> Iterable[str]:
    """What Tab offers: numbers of runs, and versions of what is held."""
    runs = numbered_runs(desk.bench.context.metadata, desk.session.pipeline)
    return (*(str(item.number) for item in runs), *versions(desk))


def versions(desk: Desk) -> Iterable[str]:
    """What Tab offers: earlier versions of what is held."""
    held = [(name, desk.bench.variables.version_of(name)) for name in sorted(_names(desk))]
    return [f"{name}@{n}" for name, v in held if v for n in range(v.version, 0, -1)][:100]


def _held(name: str, desk: Desk) -> ArtifactVersion | None:
    desk.bench.variables.look()  # it may have changed since it was last looked at
    return desk.bench.variables.version_of(name)


def _find(called: str, desk: Desk) -> ArtifactVersion:
    return find_called(desk.bench.context.metadata, called, _names(desk))


def _names(desk: Desk) -> dict[str, str]:
    variables = desk.bench.variables
    names = {*variables.names(), *variables.pending}
    held = {name: variables.version_of(name) for name in names}
    return {name: version.name for name, version in held.items() if version is not None}
