"""Objects that are given a text by `.execute(text)`, `.eval(text)` and the like.

Where their class is one of the notebook's, which defines the method, the text is mere data: what
is done with it stands in that method's body.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from functools import partialmethod
from types import CodeType, FunctionType
from typing import Any

from jupyter_mlpipe.analysis.instructions import (
    SUPER_ATTRIBUTE,
    Instruction,
    instructions_of,
    places_of,
)
from jupyter_mlpipe.analysis.lookups import call_of, is_callee
from jupyter_mlpipe.analysis.origins import is_of_notebook
from jupyter_mlpipe.model.step import Receiver

_GLOBAL = frozenset({"LOAD_NAME", "LOAD_GLOBAL"})
_WRITES = ("STORE_NAME", "STORE_GLOBAL", "DELETE_NAME", "DELETE_GLOBAL")
_TAKEN_APART = frozenset({"BINARY_SUBSCR", "BINARY_OP"})


def receiver(
    instructions: Sequence[Instruction], index: int, around: Sequence[CodeType]
) -> Receiver | None:
    """On what the method that an instruction loads is called; None where that cannot be told.

    Args:
        instructions: Of the innermost code.
        index: Of the instruction that loads the method.
        around: The code that it stands in, from the outermost on.
    """
    method = instructions[index].argval
    if instructions[index].opname == SUPER_ATTRIBUTE:
        return None  # a base's method, whatever the class itself defines
    before = index - 1
    while before > 0 and instructions[before].opname == "EXTENDED_ARG":
        before -= 1
    loaded = instructions[before]
    if before < 0:
        return None
    if loaded.opname.startswith("CALL"):
        kind = _class_called(instructions, before)
        return Receiver(method, kind=kind) if kind else None
    if loaded.opname in _GLOBAL:
        kinds = set(_given(around[0], loaded.argval, around[0]))
        return _of_one(method, kinds) if kinds else Receiver(method, variable=loaded.argval)
    if "LOAD_" not in loaded.opname or not (names := _locals(loaded)):
        return None
    home = next((code for code in reversed(around) if names[-1] not in code.co_freevars), None)
    return _of_local(method, names[-1], home) if home is not None else None


def _of_local(method: str, name: str, home: CodeType) -> Receiver | None:
    kinds = set(_given(home, name, home))
    owner = home.co_qualname.rpartition(".")[0]
    is_self = name == "self" and home.co_argcount and home.co_varnames[0] == name
    if is_self and not kinds and owner and "<locals>" not in owner:
        return Receiver(method, kind=owner)
    arguments = home.co_varnames[: home.co_argcount + home.co_kwonlyargcount]
    return _of_one(method, kinds) if name not in arguments else None


def _of_one(method: str, kinds: set[str]) -> Receiver | None:
    """Where a variable is given objects of one class and nothing else."""
    kind = next(iter(kinds), "")
    return Receiver(method, kind=kind) if len(kinds) == 1 and kind else None


def _given(code: CodeType, name: str, home: CodeType) -> Iterator[str]:
    """Classes of whose objects the variable is given one, or empty texts for all else.

    It is local to `home`, or global where none has it as a local.
    """
    instructions = instructions_of(code)
    for index, instruction in enumerate(instructions):
        nested = instruction.argval
        if isinstance(nested, CodeType) and (name in nested.co_freevars or _is_global(name, home)):
            yield from _given(nested, name, home)
        if _is_bound_by(instruction, name, is_global=_is_global(name, home)):
            made = index and instructions[index - 1].opname.startswith("CALL")
            yield (_class_called(instructions, index - 1) if made else "") or ""


def _is_global(name: str, home: CodeType) -> bool:
    return name not in (*home.co_varnames, *home.co_cellvars)


def _is_bound_by(instruction: Instruction, name: str, *, is_global: bool) -> bool:
    opname = instruction.opname
    if is_global:
        return opname in _WRITES and instruction.argval == name
    if not (opname.startswith(("STORE_", "DELETE_")) or opname.endswith("CLEAR")):
        return False
    bound = _locals(instruction)
    return name in (bound[:1] if "LOAD" in opname else bound)


def _locals(instruction: Instruction) -> tuple[str, ...]:
    """The local variables that an instruction names; none for most."""
    opname, arg, code = instruction.opname, instruction.arg, instruction.code
    if arg is None or not ("_FAST" in opname or opname.endswith("_DEREF")):
        return ()
    cells = tuple(name for name in code.co_cellvars if name not in code.co_varnames)
    known = (*code.co_varnames, *cells, *code.co_freevars)
    numbers = (arg >> 4, arg & 15) if opname.count("_FAST") > 1 else (arg,)
    return tuple(known[number] for number in numbers)


def _class_called(instructions: Sequence[Instruction], call: int) -> str | None:
    """The global name that a call calls, where it may be that of a class."""
    places = places_of(instructions[call].code)

    def start(index: int) -> tuple[int | None, int | None]:
        line, _, column, _ = places[instructions[index].offset // 2]
        return line, column

    for index in range(call - 1, -1, -1):
        if start(index) != start(call):
            continue
        if instructions[index].opname in _TAKEN_APART:
            return None
        if instructions[index].opname in _GLOBAL:
            direct = is_callee(instructions, index) and call_of(instructions, index) == call
            return str(instructions[index].argval) if direct else None
    return None


def told_by_text(found: Receiver, tree: ast.Module) -> bool:
    """Whether the cell itself defines the class, and the method in it."""
    return bool(found.kind) and found.method in _methods(tree.body, found.kind.split("."))


def _methods(body: Sequence[ast.stmt], path: Sequence[str]) -> frozenset[str]:
    """Of a class whose objects are made as usual."""
    classes = [s for s in body if isinstance(s, ast.ClassDef) and s.name == path[0]]
    if len(classes) != 1 or classes[0].keywords:
        return frozenset()
    inner = classes[0].body
    if path[1:]:
        return _methods(inner, path[1:])
    names = frozenset(
        s.name for s in inner if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return names if "__new__" not in names else frozenset()


def is_of_own_class(
    found: Receiver, namespace: Mapping[str, Any], kinds: Mapping[str, str]
) -> bool:
    """Whether the notebook defines the method.

    Args:
        found: The object.
        namespace: What it is looked up in.
        kinds: Qualified names of the classes of variables that are not in memory yet.
    """
    if found.kind:
        return _defines(_class_named(found.kind, namespace), found.method)
    if found.variable in namespace:
        value = namespace[found.variable]
        own = getattr(value, "__dict__", {}) if is_of_notebook(type(value), namespace) else {}
        return found.method not in own and _defines(type(value), found.method)
    module, _, name = kinds.get(found.variable, "").partition(".")
    return module == "__main__" and _defines(_class_named(name, namespace), found.method)


def _class_named(path: str, namespace: Mapping[str, Any]) -> Any:
    first, *rest = path.split(".")
    value = namespace.get(first)
    for name in rest:
        value = vars(value).get(name) if isinstance(value, type) else None
    return value


def _defines(kind: Any, method: str) -> bool:
    if not isinstance(kind, type) or not is_of_notebook(kind, None):
        return False
    if any("__new__" in vars(base) for base in kind.__mro__ if base.__module__ == "__main__"):
        return False
    value = inspect.getattr_static(kind, method, None)
    value = value.func if isinstance(value, partialmethod) else getattr(value, "__func__", value)
    value = getattr(value, "__wrapped__", value)
    return isinstance(value, FunctionType) and is_of_notebook(value, None)
