"""What Tab and Shift-Tab know besides what IPython does: our own words, and names that wait.

A name that an earlier session left is offered without being loaded. Its value is loaded when Tab
or Shift-Tab asks what is in it, unless that would take long.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from jupyter_mlpipe.analysis.options import OPTIONS
from jupyter_mlpipe.model.errors import MlpipeError
from mlpipe_kernel.mentions import names_before
from mlpipe_kernel.restore import Brought

MOST_BYTES = 32_000_000
"""Larger values are not loaded for a hint: a tenth of a second is what one waits for it."""
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*\Z")


class Sleepers(Protocol):
    """Where names of earlier sessions wait."""

    @property
    def waiting(self) -> frozenset[str]:
        """All of them."""

    def bring(self, names: Iterable[str] | None, most_bytes: int | None = None) -> Brought:
        """Load some, unless they are larger than that."""

    def describe(self, name: str) -> str:
        """One that is not loaded, in a line."""


class Completion:
    """One matcher in IPython's list, the first to be asked, and a look at inspected names."""

    def __init__(
        self, shell: Any, verbs: Callable[[str], Iterable[str]], sleepers: Sleepers
    ) -> None:
        self._shell = shell
        self._verbs = verbs
        self._sleepers = sleepers

    def hook(self) -> Callable[[], None]:
        """Add both to the shell; returns what takes them away again."""
        from IPython.core.completer import context_matcher

        def match(context: Any) -> dict[str, Any]:  # IPython marks it, so it is no method
            return self._match(context)

        matcher = context_matcher(identifier="mlpipe")(match)
        matchers = self._shell.Completer.custom_matchers
        matchers.insert(0, matcher)
        inspect = self._shell.object_inspect_mime
        self._shell.object_inspect_mime = lambda name, *args, **given: self._inspect(
            name, lambda: inspect(name, *args, **given)
        )

        def undo() -> None:
            matchers.remove(matcher)
            self._shell.__dict__.pop("object_inspect_mime", None)

        return undo

    def _match(self, context: Any) -> dict[str, Any]:
        from IPython.core.completer import SimpleCompletion

        said = context.text_until_cursor.lstrip()
        begun = "" if said[-1:].isspace() else said.split()[-1] if said else ""
        ours = [text for text in self._words(said) if text.startswith(begun)]
        if ours:
            words = [SimpleCompletion(text=text, type="keyword") for text in ours]
            return {"completions": words, "matched_fragment": begun, "suppress": True}
        word = _WORD.search(said)
        begun = word.group() if word else ""
        names = [SimpleCompletion(text=n, type="instance") for n in self._names(said, begun)]
        return {"completions": names, "matched_fragment": begun}

    def _words(self, said: str) -> Iterable[str]:
        magic, space, rest = said.partition(" ")
        if magic == "%mlpipe" and space:
            try:
                return tuple(self._verbs(rest.lstrip()))
            except MlpipeError:  # Tab is no place for complaints
                return ()
        return [option.name for option in OPTIONS] if magic == "%%step" and space else ()

    def _names(self, said: str, begun: str) -> Iterator[str]:
        self._wake(names_before(said))
        if begun:
            yield from sorted(n for n in self._sleepers.waiting if n.startswith(begun))

    def _inspect(self, name: str, inspect: Callable[[], Any]) -> Any:
        root = name.partition(".")[0].partition("[")[0].strip()
        self._wake({root})
        if root in self._sleepers.waiting:
            return {"text/plain": self._sleepers.describe(root)}
        return inspect()

    def _wake(self, names: Iterable[str]) -> None:
        """Only between cells: what runs in another thread must not find names appear."""
        if threading.current_thread() is not threading.main_thread():
            return
        wanted = self._sleepers.waiting & frozenset(names)
        if wanted:
            self._sleepers.bring(wanted, MOST_BYTES)
