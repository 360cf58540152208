"""Which names are bound by the time that an instruction runs, on every way that leads to it."""

from __future__ import annotations

import dis
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType

STORES = frozenset({"STORE_NAME", "STORE_GLOBAL"})
"""Instructions that bind a global name, or one of a class body."""
CLASS_LOCAL = "class:"
"""Marks names bound in a class body: the functions inside it do not see them."""
_ENDS = frozenset(
    {
        *("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"),
        *("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE"),
    }
)
_JUMPS = frozenset({*dis.hasjrel, *dis.hasjabs})


def bound_at_once(
    instructions: Sequence[dis.Instruction], index: int, *, is_class: bool
) -> frozenset[str]:
    """The name a function is bound to before anything could call it.

    Recursion is thus no read of an earlier value.
    """
    if is_class:
        return frozenset()
    for instruction in instructions[index + 1 :]:
        if instruction.opname in STORES:
            return frozenset({instruction.argval})
        if instruction.opname not in ("MAKE_FUNCTION", "SET_FUNCTION_ATTRIBUTE", "LOAD_CONST"):
            break
    return frozenset()


def guarded(code: CodeType, instructions: Sequence[dis.Instruction]) -> frozenset[int]:
    """Instructions whose exceptions a `try` or `with` of this code hears of, and may swallow."""
    return frozenset(_handlers(code, instructions))


def bound_before(
    code: CodeType,
    instructions: Sequence[dis.Instruction],
    bound: frozenset[str],
    *,
    is_class: bool,
) -> dict[int, frozenset[str]]:
    """For each instruction that can be reached, the names bound on every way to it."""
    handlers = _handlers(code, instructions)
    at_offset = {instruction.offset: index for index, instruction in enumerate(instructions)}
    states = {0: bound}
    waiting = [0]
    while waiting:
        index = waiting.pop()
        before = states[index]
        after = _after(instructions[index], before, is_class=is_class)
        reached = [(next_, after) for next_ in _next(instructions, index, at_offset)]
        for target, state in [*reached, *((h, before) for h in handlers.get(index, ()))]:
            known = states.get(target)
            merged = state if known is None else known & state
            if merged != known:
                states[target] = merged
                waiting.append(target)
    return states


def bound_at_end(
    instructions: Sequence[dis.Instruction], states: Mapping[int, frozenset[str]]
) -> frozenset[str]:
    """The names bound on every way to the end of the code."""
    ends = [
        states[index]
        for index, instruction in enumerate(instructions)
        if instruction.opname in ("RETURN_VALUE", "RETURN_CONST") and index in states
    ]
    return frozenset.intersection(*ends) if ends else frozenset()


def _after(
    instruction: dis.Instruction, state: frozenset[str], *, is_class: bool
) -> frozenset[str]:
    opname, name = instruction.opname, instruction.argval
    if is_class and opname == "STORE_NAME":
        return state | {CLASS_LOCAL + name}
    if is_class and opname == "DELETE_NAME":
        return state - {CLASS_LOCAL + name}
    if opname in STORES and name not in state:
        return state | {name}
    return state  # a global that was bound and deleted again no longer leads to its old value


def _next(
    instructions: Sequence[dis.Instruction], index: int, at_offset: dict[int, int]
) -> Iterator[int]:
    instruction = instructions[index]
    if instruction.opname not in _ENDS and index + 1 < len(instructions):
        yield index + 1
    if instruction.opcode in _JUMPS and instruction.argval in at_offset:
        yield at_offset[instruction.argval]


def _handlers(code: CodeType, instructions: Sequence[dis.Instruction]) -> dict[int, list[int]]:
    at_offset = {instruction.offset: index for index, instruction in enumerate(instructions)}
    handlers: dict[int, list[int]] = {}
    for entry in dis.Bytecode(code).exception_entries:  # type: ignore[attr-defined]
        for offset in range(entry.start, entry.end, 2):
            if offset in at_offset:
                handlers.setdefault(at_offset[offset], []).append(at_offset[entry.target])
    return handlers
