"""The names that compiled code takes from, and leaves in, its global namespace.

The compiler has settled every question of scope, so its instructions are the one exact account.
A name that is bound on every way to the place where it is read is not counted as read there.
"""

from __future__ import annotations

import dis
import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType


@dataclass(slots=True)
class GlobalNames:
    """Filled while code is walked through."""

    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    hidden: list[str] = field(default_factory=list)
    """Why more may be read or bound than can be seen, in the user's words."""


def global_names(code: CodeType) -> GlobalNames:
    """What a cell's code, or a function's, mentions; nested functions and classes included."""
    names = GlobalNames()
    _walk(code, frozenset(), names, is_class=False)
    return names


def mentioned_in_text(text: str) -> set[str]:
    """Names that pandas' `@name` or a formula's `y ~ f(x)` looks up in the caller's namespace."""
    if "~" in text:
        return set(_IDENTIFIER.findall(text))
    return set(_AT_NAME.findall(text)) if "@" in text else set()


_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_AT_NAME = re.compile(r"@\s*([^\W\d]\w*)")
_LOADS = frozenset({"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"})
_STORES = frozenset({"STORE_NAME", "STORE_GLOBAL"})
_DELETES = frozenset({"DELETE_NAME", "DELETE_GLOBAL"})
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_ENDS = frozenset(
    {
        *("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"),
        *("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE"),
    }
)
_JUMPS = frozenset({*dis.hasjrel, *dis.hasjabs})
_GIVEN = frozenset({"__name__", "__annotations__", "__debug__", "__conditional_annotations__"})
"""Set by Python itself in every namespace."""
_HIDING_NAMES = {
    "exec": "uses exec",
    "eval": "uses eval",
    "globals": "uses globals()",
    "locals": "uses locals()",
    "vars": "uses vars()",
    "__import__": "imports by name",
    "__builtins__": "reaches into the builtins",
    "input": "asks for input",
    "help": "asks for help",
}
_HIDING_ATTRIBUTES = {
    "exec": "uses exec",
    "globals": "uses globals()",
    "__globals__": "uses __globals__",
    "__import__": "imports by name",
    "import_module": "imports by name",
    "run_path": "runs another file",
    "run_module": "runs another file",
    "_getframe": "looks into the calling code",
    "currentframe": "looks into the calling code",
    "f_globals": "looks into the calling code",
    "f_locals": "looks into the calling code",
    "user_ns": "uses the namespace of IPython",
    "getsource": "reads its own source text",
    "getsourcelines": "reads its own source text",
    "getdoc": "reads docstrings",
    "__doc__": "reads docstrings",
    "__code__": "reads compiled code",
}
_EVALUATORS = frozenset({"eval", "query", "sql", "execute"})
"""Methods that may look up, in their caller's namespace, names inside the text they are given:
pandas' and DuckDB's."""


def _walk(code: CodeType, bound: frozenset[str], names: GlobalNames, *, is_class: bool) -> None:
    instructions = [i for i in dis.get_instructions(code) if i.opname != "CACHE"]
    states = _bound_before(code, instructions, bound, is_class=is_class)
    for index, instruction in enumerate(instructions):
        known = states.get(index, frozenset())
        name = instruction.argval
        if isinstance(name, CodeType):
            nested = frozenset(n for n in known if not n.startswith(_CLASS_LOCAL))
            nested |= _bound_at_once(instructions, index, is_class=is_class)
            _walk(name, nested, names, is_class=not name.co_flags & inspect.CO_OPTIMIZED)
        elif instruction.opname in _LOADS:
            local = is_class and instruction.opname != "LOAD_GLOBAL"
            if name not in known and not (local and _CLASS_LOCAL + name in known):
                _read(name, names)
        elif isinstance(name, str):
            _other(instructions, index, names, is_class=is_class)
            if instruction.opname in _DELETES and not is_class and name not in known:
                names.reads.add(name)  # whether it was bound decides what happens


def _read(name: str, names: GlobalNames) -> None:
    if name in _HIDING_NAMES:
        names.hidden.append(_HIDING_NAMES[name])
    if name not in _GIVEN:
        names.reads.add(name)


def _other(
    instructions: Sequence[dis.Instruction], index: int, names: GlobalNames, *, is_class: bool
) -> None:
    opname, name = instructions[index].opname, instructions[index].argval
    if opname in _STORES and not (is_class and opname == "STORE_NAME"):
        if name not in _GIVEN:
            names.writes.add(name)
    elif opname in _DELETES and not (is_class and opname == "DELETE_NAME"):
        names.deletes.add(name)
    elif opname in _ATTRIBUTES:
        if name in _HIDING_ATTRIBUTES:
            names.hidden.append(_HIDING_ATTRIBUTES[name])
        elif name in _EVALUATORS:
            _evaluator(instructions, index, names)
    elif opname == "IMPORT_NAME" and name == "__main__":
        names.hidden.append("imports __main__")
    elif opname == "LOAD_CONST":
        names.reads |= mentioned_in_text(name)


def _evaluator(instructions: Sequence[dis.Instruction], index: int, names: GlobalNames) -> None:
    following = (i for i in instructions[index + 1 :] if i.opname not in ("PUSH_NULL", "PRECALL"))
    argument = next(following, None)
    if argument is None or (argument.opname.startswith("CALL") and argument.arg == 0):
        return
    if argument.opname == "LOAD_CONST" and isinstance(argument.argval, str):
        text, is_query = argument.argval, instructions[index].argval == "query"
        in_pandas = is_query and not re.search(r"\bfrom\b", text, re.IGNORECASE)
        names.reads |= mentioned_in_text(text) if in_pandas else set(_IDENTIFIER.findall(text))
    else:
        names.hidden.append(f"gives a text made elsewhere to .{instructions[index].argval}()")


_CLASS_LOCAL = "class:"
"""Marks names bound in a class body: the functions inside it do not see them."""


def _bound_at_once(
    instructions: Sequence[dis.Instruction], index: int, *, is_class: bool
) -> frozenset[str]:
    """The name a function is bound to before anything could call it.

    Recursion is thus no read of an earlier value.
    """
    if is_class:
        return frozenset()
    for instruction in instructions[index + 1 :]:
        if instruction.opname in _STORES:
            return frozenset({instruction.argval})
        if instruction.opname not in ("MAKE_FUNCTION", "SET_FUNCTION_ATTRIBUTE", "LOAD_CONST"):
            break
    return frozenset()


def _bound_before(
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


def _after(
    instruction: dis.Instruction, state: frozenset[str], *, is_class: bool
) -> frozenset[str]:
    opname, name = instruction.opname, instruction.argval
    if is_class and opname == "STORE_NAME":
        return state | {_CLASS_LOCAL + name}
    if is_class and opname == "DELETE_NAME":
        return state - {_CLASS_LOCAL + name}
    if opname in _STORES and name not in state:
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
