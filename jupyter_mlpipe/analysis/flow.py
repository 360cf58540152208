"""Which names are bound by the time that an instruction runs, on every way that leads to it."""

from __future__ import annotations

import dis
from collections.abc import Mapping, Sequence
from types import CodeType

from jupyter_mlpipe.analysis.instructions import Instruction

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
    instructions: Sequence[Instruction], index: int, *, is_class: bool
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


def bound_before(
    instructions: Sequence[Instruction],
    bound: frozenset[str],
    guards: Mapping[int, Sequence[int]],
    *,
    is_class: bool,
) -> dict[int, frozenset[str]]:
    """For each instruction that can be reached, the names bound on every way to it.

    `guards` are those that `guards_in` gives of the code.
    """
    at_offset = {instruction.offset: index for index, instruction in enumerate(instructions)}
    states = {0: bound}
    waiting = [0]

    def reach(target: int, state: frozenset[str]) -> bool:
        """Whether that is news there."""
        known = states.get(target)
        if known is not None:
            state &= known
        states[target] = state
        return state != known

    while waiting:
        index: int | None = waiting.pop()
        while index is not None:  # as far as it leads straight on
            instruction, before = instructions[index], states[index]
            after = _after(instruction, before, is_class=is_class)
            waiting += [h for h in guards.get(index, ()) if reach(h, before)]
            if instruction.opcode in _JUMPS:
                target = at_offset.get(instruction.argval)
                if target is not None and reach(target, after):
                    waiting.append(target)
            straight = index + 1 < len(instructions) and instruction.opname not in _ENDS
            index = index + 1 if straight and reach(index + 1, after) else None
    return states


def bound_at_end(
    instructions: Sequence[Instruction], states: Mapping[int, frozenset[str]]
) -> frozenset[str]:
    """The names bound on every way to the end of the code."""
    ends = [
        states[index]
        for index, instruction in enumerate(instructions)
        if instruction.opname in ("RETURN_VALUE", "RETURN_CONST") and index in states
    ]
    return frozenset.intersection(*ends) if ends else frozenset()


def _after(instruction: Instruction, state: frozenset[str], *, is_class: bool) -> frozenset[str]:
    opname = instruction.opname
    if opname in STORES:
        name = CLASS_LOCAL + instruction.argval if is_class and opname == "STORE_NAME" else None
        return state | {name or instruction.argval}
    if is_class and opname == "DELETE_NAME":
        return state - {CLASS_LOCAL + instruction.argval}
    return state  # a global that was bound and deleted again no longer leads to its old value


def guards_in(code: CodeType, instructions: Sequence[Instruction]) -> Mapping[int, Sequence[int]]:
    """Instructions whose exceptions a `try` or `with` hears of, and may swallow; with its place."""
    if not code.co_exceptiontable:
        return {}
    at_offset = {instruction.offset: index for index, instruction in enumerate(instructions)}
    handlers: dict[int, list[int]] = {}
    for entry in dis.Bytecode(code).exception_entries:  # type: ignore[attr-defined]
        for offset in range(entry.start, entry.end, 2):
            if offset in at_offset:
                handlers.setdefault(at_offset[offset], []).append(at_offset[entry.target])
    return handlers
