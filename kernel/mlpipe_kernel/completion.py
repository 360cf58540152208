"""What Tab offers besides IPython's own: verbs, and options of `%%step`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jupyter_mlpipe.analysis.options import OPTIONS
from jupyter_mlpipe.model.errors import MlpipeError


class Completion:
    """One matcher in IPython's list, the first to be asked."""

    def __init__(self, shell: Any, verbs: Callable[[str], Iterable[str]]) -> None:
        self._shell = shell
        self._verbs = verbs

    def hook(self) -> Callable[[], None]:
        """Add the matcher to the shell; returns what takes it away again."""
        from IPython.core.completer import context_matcher

        def match(context: Any) -> dict[str, Any]:  # IPython marks it, so it is no method
            return self._match(context)

        matcher = context_matcher(identifier="mlpipe")(match)
        matchers = self._shell.Completer.custom_matchers
        matchers.insert(0, matcher)
        return lambda: matchers.remove(matcher)

    def _match(self, context: Any) -> dict[str, Any]:
        from IPython.core.completer import SimpleCompletion

        said = context.text_until_cursor.lstrip()
        begun = "" if said[-1:].isspace() else said.split()[-1] if said else ""
        offered = [text for text in self._offered(said) if text.startswith(begun)]
        return {
            "completions": [SimpleCompletion(text=text, type="keyword") for text in offered],
            "matched_fragment": begun,
            "suppress": bool(offered),
        }

    def _offered(self, said: str) -> Iterable[str]:
        magic, space, rest = said.partition(" ")
        if magic == "%mlpipe" and space:
            try:
                return tuple(self._verbs(rest.lstrip()))
            except MlpipeError:  # Tab is no place for complaints
                return ()
        return [option.name for option in OPTIONS] if magic == "%%step" and space else ()
