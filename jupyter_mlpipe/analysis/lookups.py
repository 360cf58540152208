"""Code that finds names by text: `eval("a + b")`, `globals()["x"]`, `__import__("m")`.

A text that is put together from literals and variables is told as a template: the names of the
variables stand in braces, and their values are filled in once they are there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from string import Formatter
from typing import Any

from jupyter_mlpipe.analysis.instructions import Instruction, places_of


@dataclass(frozen=True, slots=True)
class Lookup:
    """What one mention of `eval`, `globals` and the like comes to."""

    code: str | None = None
    """Template of the code that is run, or of the name that is looked up."""
    module: str | None = None
    """The module that is imported."""
    writes: frozenset[str] = frozenset()


def looked_up(
    instructions: Sequence[Instruction],
    index: int,
    bound: Set[str],
    *,
    in_function: bool,
) -> Lookup | None:
    """What the name that the instruction loads is used for; None where that cannot be told.

    Args:
        instructions: Of one code object, without its caches.
        index: Of the instruction that loads the name.
        bound: Names that the code itself binds before: they do not hold yet what they will.
        in_function: Whether the code has local variables, to which `locals()` leads then.
    """
    name, following = instructions[index].argval, _without_stack_work(instructions[index + 1 :])
    if name in ("eval", "exec"):
        text, rest = _text(following, bound)
        return Lookup(code=text) if text is not None and _calls_with(1, rest) else None
    if name == "__import__":
        module = imported(following)
        return Lookup(module=module) if module is not None else None
    if name not in ("globals", "locals", "vars"):
        return None
    if _calls_with(0, following):
        if in_function and name != "globals":
            return Lookup()
        return _in_namespace(_without_stack_work(instructions[:index]), following[1:], bound)
    return Lookup() if name == "vars" and _arguments(instructions, index) == 1 else None


def imported(following: Sequence[Instruction]) -> str | None:
    """The module that a call with one literal argument imports."""
    rest = _without_stack_work(following)
    if len(rest) < 2 or not _calls_with(1, rest[1:]) or rest[0].opname != "LOAD_CONST":
        return None
    name = rest[0].argval
    return name if isinstance(name, str) and name != "__main__" and name[:1] != "." else None


def filled_in(template: str, namespace: Mapping[str, Any]) -> str | None:
    """The text; None where one of its variables is not bound to a text."""
    parts = []
    for literal, name, _, _ in Formatter().parse(template):
        parts.append(literal)
        if name is not None:
            value = namespace.get(name)
            if type(value) is not str:
                return None
            parts.append(value)
    return "".join(parts)


def mentioned_in_text(text: str) -> set[str]:
    """Names that pandas' `@name` or a formula's `y ~ f(x)` looks up in the caller's namespace."""
    if "~" in text:
        return set(_IDENTIFIER.findall(text))
    return set(_AT_NAME.findall(text)) if "@" in text else set()


def evaluated(instructions: Sequence[Instruction], index: int) -> tuple[set[str], list[str]]:
    """Names that `df.query("x > @y")` and the like look up, and why there may be more of them."""
    method = instructions[index].argval
    argument = next(iter(_without_stack_work(instructions[index + 1 :])), None)
    if argument is None or (argument.opname.startswith("CALL") and argument.arg == 0):
        return set(), []
    if _gives_no_text(instructions, index):
        return set(), []
    if argument.opname != "LOAD_CONST" or not isinstance(argument.argval, str):
        return set(), [f"gives a text made elsewhere to .{method}()"]
    text = argument.argval
    in_pandas = method == "query" and not re.search(r"\bfrom\b", text, re.IGNORECASE)
    return mentioned_in_text(text) if in_pandas else set(_IDENTIFIER.findall(text)), []


def _gives_no_text(instructions: Sequence[Instruction], index: int) -> bool:
    """Whether a method is given keywords alone, none of them one that these methods know."""
    call = call_of(instructions, index)
    before = _without_stack_work(instructions[index + 1 : call]) if call is not None else []
    names = before[-1].argval if before and before[-1].opname in _KEYWORDS else None
    if call is None or not isinstance(names, tuple) or instructions[call].arg != len(names):
        return False
    return not _TEXTS.intersection(names)


_KEYWORDS = frozenset({"KW_NAMES", "LOAD_CONST"})
_TEXTS = frozenset({"expr", "query", "sql"})
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_AT_NAME = re.compile(r"@\s*([^\W\d]\w*)")
_STACK_WORK = frozenset({"PUSH_NULL", "PRECALL", "NOP", "EXTENDED_ARG", "RESUME"})
_NAMED = frozenset({"LOAD_NAME", "LOAD_GLOBAL"})
_MOST = 40
"""Instructions that are looked at."""


def _without_stack_work(instructions: Sequence[Instruction]) -> list[Instruction]:
    return [i for i in instructions if i.opname not in _STACK_WORK]


def _calls_with(arguments: int, following: Sequence[Instruction]) -> bool:
    return bool(following) and following[0].opname == "CALL" and following[0].arg == arguments


def is_callee(instructions: Sequence[Instruction], index: int) -> bool:
    """Whether the loaded name itself is called, whatever its arguments are."""
    following = _without_stack_work(instructions[index + 1 : index + 6])
    attribute = bool(following) and following[0].opname in ("LOAD_ATTR", "LOAD_METHOD")
    return not attribute and _arguments(instructions, index) is not None


def _arguments(instructions: Sequence[Instruction], index: int) -> int | None:
    """How many the call of a loaded name has; None if it is not called."""
    call = call_of(instructions, index)
    return instructions[call].arg if call is not None else None


def call_of(instructions: Sequence[Instruction], index: int) -> int | None:
    """Which instruction calls what is loaded, by where both stand in the text."""
    loaded = instructions[index]
    places = places_of(loaded.code)
    start = places[loaded.offset // 2]
    for number, later in enumerate(instructions[index + 1 :], index + 1):
        line, _, column, _ = places[later.offset // 2]
        same = line is not None and (line, column) == (start[0], start[2])
        if same and later.opname.startswith("CALL"):
            return number
    return None


def _in_namespace(
    before: Sequence[Instruction], following: Sequence[Instruction], bound: Set[str]
) -> Lookup | None:
    """What is done with the dict of all variables that was just put on the stack."""
    first = following[0] if following else None
    if first is not None and first.opname == "CONTAINS_OP":
        name = _literal(before[-1]) if before else None
        return Lookup(code=name) if name is not None else None
    if first is not None and first.opname in ("LOAD_ATTR", "LOAD_METHOD") and first.argval == "get":
        name = _literal(following[1])
        default = int(len(following) > 2 and following[2].opname == "LOAD_CONST")
        called = _calls_with(1 + default, following[2 + default :])
        return Lookup(code=name) if name is not None and called else None
    text, rest = _text(following, bound)
    if text is None or not rest:
        return None
    if rest[0].opname == "BINARY_SUBSCR" or rest[0].operator == "[]":
        return Lookup(code=text)
    if rest[0].opname == "STORE_SUBSCR" and text.isidentifier():
        return Lookup(writes=frozenset({text}))
    return None


def _literal(instruction: Instruction) -> str | None:
    if instruction.opname == "LOAD_CONST" and isinstance(instruction.argval, str):
        return _escaped(instruction.argval)
    return None


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _text(
    following: Sequence[Instruction], bound: Set[str]
) -> tuple[str | None, Sequence[Instruction]]:
    """The template of one argument made of literals, variables, `+` and f-strings; what follows.

    The template is None for anything else.
    """
    stack: list[str] = []
    for number, instruction in enumerate(following[:_MOST]):
        opname = instruction.opname
        if (literal := _literal(instruction)) is not None:
            stack.append(literal)
        elif opname in _NAMED:
            if instruction.argval in bound:
                return None, ()
            stack.append(f"{{{instruction.argval}}}")
        elif opname == "BINARY_OP" and instruction.operator == "+" and len(stack) > 1:
            stack[-2:] = ["".join(stack[-2:])]
        elif opname == "BUILD_STRING" and len(stack) >= (instruction.arg or 0):
            count = instruction.arg or 0
            stack[len(stack) - count :] = ["".join(stack[len(stack) - count :])]
        elif not (opname == "FORMAT_SIMPLE" or (opname == "FORMAT_VALUE" and not instruction.arg)):
            return (stack[0] if len(stack) == 1 else None), following[number:]
    return None, ()
