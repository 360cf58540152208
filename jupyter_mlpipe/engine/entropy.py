"""Whether numpy draws from the system's entropy, as it does for generators without a seed."""

from __future__ import annotations

import ast
import linecache
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from types import FrameType
from typing import Any

from jupyter_mlpipe.engine.environ import is_importing

_MODULE = "numpy.random.bit_generator"
_DRAWS_FIRST = "RandomState"
"""Draws from the entropy even if it is given a seed, which it uses in place of what it drew."""


@dataclass(slots=True)
class NumpyEntropy:
    """Listens to the one function through which numpy gets at it, whoever asks for a generator."""

    drawn: bool = False
    _draw: Callable[[int], int] | None = None

    def start(self) -> None:
        """Begin to listen; nothing is heard where numpy is not loaded yet."""
        module: Any = sys.modules.get(_MODULE)
        self._draw = getattr(module, "randbits", None)
        if self._draw is not None:
            module.randbits = self._hear

    def stop(self) -> None:
        """Leave numpy as it was."""
        module: Any = sys.modules.get(_MODULE)
        if self._draw is not None:
            module.randbits = self._draw
            self._draw = None

    def _hear(self, bits: int) -> int:
        assert self._draw is not None
        frame = sys._getframe(1)  # noqa: SLF001
        # What a library draws when it is loaded, it draws once in a process, for whomever.
        needless = _is_given_a_state(frame) or is_importing(frame) or _is_seeded_later(frame)
        self.drawn = self.drawn or not needless
        return self._draw(bits)


def _is_given_a_state(frame: FrameType) -> bool:
    """Whether a generator is copied or unpickled: it is made without a seed first."""
    return frame.f_globals.get("__name__") == "numpy.random._pickle"


def _is_seeded_later(frame: FrameType) -> bool:
    """Whether the code that runs in the frame calls `RandomState` with a seed."""
    if _DRAWS_FIRST not in frame.f_code.co_names:
        return False
    call = _call_in(frame)
    if call is None:
        return True
    if not ast.unparse(call.func).endswith(_DRAWS_FIRST):
        return False
    seeds = [*call.args, *(keyword.value for keyword in call.keywords)]
    return bool(seeds) and not _is_none(seeds[0], frame)


def _call_in(frame: FrameType) -> ast.Call | None:
    """The call that the frame is at; None where its text is not known."""
    places = islice(frame.f_code.co_positions(), frame.f_lasti // 2, None)
    line, end_line, column, end_column = next(places, (None,) * 4)
    if line is None or end_line is None or column is None or end_column is None:
        return None
    lines = linecache.getlines(frame.f_code.co_filename)[line - 1 : end_line]
    encoded = [text.encode() for text in lines]
    if not encoded:
        return None
    encoded[-1] = encoded[-1][:end_column]
    encoded[0] = encoded[0][column:]
    try:
        text = textwrap.dedent(b"".join(encoded).decode())
        found = ast.parse(f"({text})", mode="eval").body
    except (SyntaxError, UnicodeDecodeError):
        return None
    return found if isinstance(found, ast.Call) else None


def _is_none(seed: ast.expr, frame: FrameType) -> bool:
    if isinstance(seed, ast.Name):
        return frame.f_locals.get(seed.id, frame.f_globals.get(seed.id, seed)) is None
    return isinstance(seed, ast.Constant) and seed.value is None
