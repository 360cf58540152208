"""Instructions of compiled code, as `dis` tells them, at a tenth of its price.

What it makes up for people to read is left out, and positions are looked up where they are asked.
"""

from __future__ import annotations

import dis
import opcode
import sys
from dataclasses import dataclass
from types import CodeType
from typing import Any, TypeAlias

SUPER_ATTRIBUTE = "LOAD_SUPER_ATTR"
"""Takes an attribute or method of `super()` at once, from Python 3.12 on."""


@dataclass(slots=True)
class Instruction:
    """One instruction; those that only extend the argument of the next count too."""

    opname: str
    opcode: int
    arg: int | None
    argval: Any
    """A constant, a global name or attribute, where a jump leads to; of others the argument."""
    offset: int
    code: CodeType
    """What it is part of."""

    @property
    def operator(self) -> str:
        """What a binary operation looks like, such as `+`."""
        return _OPERATORS[self.arg or 0] if self.opname == "BINARY_OP" else ""


def instructions_of(code: CodeType) -> list[Instruction]:
    """All instructions of one code object, without their caches."""
    found: list[Instruction] = []
    words, extended = code.co_code, 0
    for offset in range(0, len(words), 2):
        op = words[offset]
        if op == _CACHE:
            continue
        arg = words[offset + 1] | extended if op in _HAVE_ARGUMENT else None
        extended = arg << 8 if op == _EXTENDED and arg is not None else 0
        argval: Any = arg
        if arg is None:
            pass
        elif op in _CONSTANTS:
            argval = code.co_consts[arg]
        elif op in _NAMES:
            argval = code.co_names[arg >> _NAMES[op]]
        elif op in _JUMPS:
            argval = offset + 2 + 2 * (_JUMPS[op] - arg if op in _BACKWARD else _JUMPS[op] + arg)
        found.append(Instruction(_OPNAMES[op], op, arg, argval, offset, code))
    return found


_Place: TypeAlias = tuple[int | None, int | None, int | None, int | None]
"""Line, last line, column, last column."""


def places_of(code: CodeType) -> list[_Place]:
    """Where each instruction stands in the text, by half of its offset."""
    return list(code.co_positions())


def _caches(op: int) -> int:
    """How many words that follow are no instructions."""
    entries: Any = dis._inline_cache_entries  # type: ignore[attr-defined]  # noqa: SLF001
    known: int = entries.get(dis.opname[op], 0) if isinstance(entries, dict) else entries[op]
    return known


def _shift(name: str) -> int:
    """Bits of an argument below the number of the name."""
    if name == SUPER_ATTRIBUTE:
        return 2
    return int(name == "LOAD_GLOBAL" or (name == "LOAD_ATTR" and sys.version_info >= (3, 12)))


_OPNAMES = tuple(dis.opname)
_CACHE, _EXTENDED = dis.opmap["CACHE"], dis.opmap["EXTENDED_ARG"]
_HAVE_ARGUMENT = frozenset(getattr(dis, "hasarg", range(dis.HAVE_ARGUMENT, 256)))
_CONSTANTS = frozenset({*dis.hasconst, *(dis.opmap[n] for n in ("KW_NAMES",) if n in dis.opmap)})
_NAMES = {op: _shift(dis.opname[op]) for op in dis.hasname}
_JUMPS = {op: _caches(op) for op in dis.hasjrel if op < 256}  # others exist on paper only
_BACKWARD = frozenset(op for op in _JUMPS if "JUMP_BACKWARD" in dis.opname[op])
_OPERATORS = tuple(sign for _, sign in opcode._nb_ops)  # type: ignore[attr-defined]  # noqa: SLF001
