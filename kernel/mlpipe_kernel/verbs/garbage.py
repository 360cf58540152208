"""`%mlpipe gc`: remove what nobody needs any more, as `mlpipe artifact prune` does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from jupyter_mlpipe.analysis.quantities import parse_seconds
from jupyter_mlpipe.engine.pruning import Pruning, prune
from jupyter_mlpipe.model.amounts import size_text
from jupyter_mlpipe.model.artifact import ArtifactVersion
from mlpipe_kernel.display import ProgressLine
from mlpipe_kernel.verbs.verb import Desk, refuse

_YES, _OLDER, _ALONE = "--yes", "--older-than", "--no-other-project"
_SHOWN = 20


def gc(words: Sequence[str], desk: Desk) -> str:
    """Tell what could go; with `--yes`, remove it."""
    if desk.session.in_step:
        raise refuse("gc", "removes what the step may be about to use; use another cell.")
    wanted = _parse(words)
    context, line = desk.bench.context, ProgressLine("gc", desk.shell)
    settings = context.settings
    wanted = replace(wanted, tell=line.tell)
    pruned = prune(context.blobs, context.metadata, settings.home, wanted)
    line.end("done")
    more = len(pruned.versions) - _SHOWN
    told = [f"  {_describe(version)}" for version in pruned.versions[:_SHOWN]]
    told += [f"  and {more:,} more"] if more > 0 else []
    sentence = pruned.sentence(settings.artifact_store, "Say `%mlpipe gc --yes` to do it.")
    return "\n".join((*told, sentence))


def options(_: Desk) -> Iterable[str]:
    """What Tab offers."""
    return (_YES, _OLDER, _ALONE)


def _describe(version: ArtifactVersion) -> str:
    return f"{version.name} {version.label} ({size_text(version.nbytes)})"


def _parse(words: Sequence[str]) -> Pruning:
    wanted = Pruning()
    rest = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if word == _YES:
            wanted = replace(wanted, dry_run=False)
        elif word == _ALONE:
            wanted = replace(wanted, alone=True)
        elif option == _OLDER:
            wanted = replace(wanted, older_than=_age(value if equals else next(rest, "")))
        else:
            raise refuse("gc", f"does not know {word}; use gc [{_OLDER} DURATION] [{_YES}].")
    return wanted


def _age(text: str) -> float:
    try:
        return parse_seconds(text)
    except ValueError as error:
        raise refuse("gc", f"{_OLDER}: {error}") from None
