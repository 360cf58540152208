"""The names that compiled code takes from, and leaves in, its global namespace.

The compiler has settled every question of scope, so its instructions are the one exact account.
A name that is bound on every way to the place where it is read is not counted as read there.
What stands in the body of a function is read, bound or deleted when the function is called: it
counts where the cell mentions the function after all, and is kept apart where it does not.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from types import CodeType

from jupyter_mlpipe.analysis.flow import (
    CLASS_LOCAL,
    STORES,
    bound_at_end,
    bound_at_once,
    bound_before,
    guards_in,
)
from jupyter_mlpipe.analysis.instructions import SUPER_ATTRIBUTE, Instruction, instructions_of
from jupyter_mlpipe.analysis.lookups import (
    Lookup,
    evaluated,
    filled_in,
    imported,
    is_callee,
    looked_up,
    mentioned_in_text,
)
from jupyter_mlpipe.analysis.parsing import compile_tree, nodes_in, parse
from jupyter_mlpipe.analysis.receivers import receiver
from jupyter_mlpipe.model.step import Receiver


@dataclass(slots=True)
class GlobalNames:
    """Filled while code is walked through."""

    reads: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    """Names read in the bodies of functions; a value that holds the function may need them."""
    direct: set[str] = field(default_factory=set)
    """Names read outside of all functions."""
    exposed: set[str] = field(default_factory=set)
    """Names read where nothing of the cell hears of it if they are missing."""
    sheltered: set[str] = field(default_factory=set)
    """Names read anywhere else."""
    writes: set[str] = field(default_factory=set)
    certain: frozenset[str] = frozenset()
    """Names that are bound on every way to the end."""
    deletes: set[str] = field(default_factory=set)
    hidden: list[str] = field(default_factory=list)
    """Why more may be read or bound than can be seen, in the user's words."""
    hiding: dict[str, str] = field(default_factory=dict)
    """The same, by name, where the name means what it means to Python itself."""
    receivers: dict[Receiver, str] = field(default_factory=dict)
    """The same, by an object whose class may be one of the notebook's."""
    texts: set[str] = field(default_factory=set)
    """Templates of what is run, or looked up, as code; see `lookups`."""
    imported: set[str] = field(default_factory=set)
    """Modules that are imported, by statement or by a text, and what may be one of theirs."""
    subclasses: bool = False
    """Whether a class is asked for its subclasses, or what is pickled in a file for its class,
    which may be any class of the notebook."""
    deferred: dict[str, GlobalNames] = field(default_factory=dict)
    """By function or class of a cell: what calling it, or its methods, takes and leaves."""

    @property
    def is_open(self) -> bool:
        """Whether more may be read or bound than can be seen."""
        return bool(self.hidden or self.hiding or self.receivers)

    def shelter(self, names: Set[str]) -> None:
        """Read names where the cell may go on if they are missing."""
        self.reads |= names
        self.sheltered |= names


def global_names(code: CodeType) -> GlobalNames:
    """What a cell's code, or a function's, mentions.

    A function counts with all that is nested in it. A cell counts with the functions that it
    defines as far as it mentions them itself.
    """
    is_cell = not code.co_flags & inspect.CO_OPTIMIZED
    read = _Reader()
    bodies = _bodies(code, read) if is_cell else {}
    names = GlobalNames()
    _Walk(names, bodies, read).through(code, frozenset(), is_cell=is_cell)
    for name, codes in bodies.items():
        names.deferred[name] = GlobalNames()
        walk = _Walk(names.deferred[name], bodies, read)
        for body in codes:
            walk.through(body, frozenset())
    return names


_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_LOADS = frozenset({"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"})
_DELETES = frozenset({"DELETE_NAME", "DELETE_GLOBAL"})
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD", SUPER_ATTRIBUTE})
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


class _Reader:
    """Takes code apart, each piece once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[CodeType, list[Instruction]]] = {}

    def __call__(self, code: CodeType) -> list[Instruction]:
        known = self._known.get(id(code))
        if known is None:
            known = self._known[id(code)] = code, instructions_of(code)
        return known[1]


def _bodies(code: CodeType, read: _Reader) -> dict[str, list[CodeType]]:
    """Functions that a cell defines, by the name they are bound to; methods by their class's."""
    bodies: dict[str, list[CodeType]] = {}
    for owner, body in _defined_in(code, "", read):
        bodies.setdefault(owner, []).append(body)
    return bodies


def _defined_in(code: CodeType, owner: str, read: _Reader) -> Iterator[tuple[str, CodeType]]:
    previous: Instruction | None = None
    for instruction in read(code):
        nested = instruction.argval
        if isinstance(nested, CodeType):
            if _is_class(nested) or _is_scope_of_types(nested):
                yield from _defined_in(nested, owner or _own_name(nested), read)
            elif not nested.co_name.startswith("<"):
                yield owner or nested.co_name, nested
        made = previous.argval if previous is not None else None
        if isinstance(made, CodeType) and made.co_name == "<lambda>":
            if instruction.opname in _BETWEEN:
                continue
            if instruction.opname in STORES:
                yield owner or str(instruction.argval), made
        previous = instruction


_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>"})
_BETWEEN = frozenset({"MAKE_FUNCTION", "SET_FUNCTION_ATTRIBUTE"})


def _is_class(code: CodeType) -> bool:
    return not code.co_flags & inspect.CO_OPTIMIZED


def _is_scope_of_types(code: CodeType) -> bool:
    """Python 3.12 puts a function with type parameters into a scope of its own."""
    return code.co_name.startswith("<generic parameters of ")


def _own_name(code: CodeType) -> str:
    return code.co_name.removeprefix("<generic parameters of ").removesuffix(">")


class _Walk:
    """Through the code of a cell or a function, and into the functions that it mentions."""

    def __init__(
        self, names: GlobalNames, bodies: Mapping[str, list[CodeType]], read: _Reader
    ) -> None:
        self._names = names
        self._bodies = bodies
        self._read = read
        self._deferred = {id(body) for codes in bodies.values() for body in codes}
        self._entered: set[tuple[str, frozenset[str]]] = set()
        self._depth = 0
        self._around: tuple[CodeType, ...] = ()

    def through(self, code: CodeType, bound: frozenset[str], *, is_cell: bool = False) -> None:
        """Take up all names of `code`, where those in `bound` are bound before it runs."""
        names, is_class = self._names, not is_cell and _is_class(code)
        around, self._around = self._around, (*self._around, code)
        instructions = self._read(code)
        guards = guards_in(code, instructions)
        states = bound_before(instructions, bound, guards, is_class=is_class)
        sheltered = guards if is_cell else range(len(instructions))
        for index, instruction in enumerate(instructions):
            known = states.get(index, frozenset())
            name = instruction.argval
            if isinstance(name, CodeType):
                if id(name) not in self._deferred:
                    nested = frozenset(n for n in known if not n.startswith(CLASS_LOCAL))
                    nested |= bound_at_once(instructions, index, is_class=is_class)
                    self._into(name, nested)
            elif instruction.opname in _LOADS:
                local = is_class and instruction.opname != "LOAD_GLOBAL"
                if local and CLASS_LOCAL + name in known:
                    self._call_in_class(name, known, is_callee(instructions, index))
                else:
                    self._mention(name, known, sheltered=index in sheltered)
                    if name in _HIDING_NAMES and name not in known:
                        scoped = is_class or bool(code.co_flags & inspect.CO_OPTIMIZED)
                        found = looked_up(instructions, index, known, in_function=scoped)
                        self._take_up(name, found, known)
            elif isinstance(name, str):
                _other(instructions, index, names, is_class=is_class)
                self._evaluate(instructions, index)
                if instruction.opname in _DELETES and not is_class and name not in known:
                    names.shelter({name})  # whether it was bound decides what happens
        if is_cell:
            names.certain = bound_at_end(instructions, states)
        self._around = around

    def _evaluate(self, instructions: Sequence[Instruction], index: int) -> None:
        """A method that may look up names inside the text it is given."""
        method = instructions[index]
        if method.opname not in _ATTRIBUTES or method.argval not in _EVALUATORS:
            return
        reads, hidden = evaluated(instructions, index)
        self._names.shelter(reads)
        found = receiver(instructions, index, self._around) if hidden else None
        if found is None:
            self._names.hidden += hidden
        else:
            self._names.receivers |= dict.fromkeys([found], *hidden)

    def _call_in_class(self, name: str, known: frozenset[str], called: bool) -> None:
        """A class body may call the functions that it has just defined."""
        if called and ((name, known) not in self._entered):
            self._entered.add((name, known))
            bodies = [b for codes in self._bodies.values() for b in codes if b.co_name == name]
            for body in bodies:
                self._into(body, frozenset(n for n in known if not n.startswith(CLASS_LOCAL)))

    def _take_up(self, name: str, found: Lookup | None, known: frozenset[str]) -> None:
        """What looking names up by text comes to; code that is known counts as if it stood here."""
        names = self._names
        if found is None:
            names.hiding[name] = _HIDING_NAMES[name]
            return
        names.writes |= found.writes
        names.imported |= {found.module} if found.module is not None else set()
        if found.code is None:
            return
        inner = _names_in(filled_in(found.code, {}))
        if inner is None:
            names.hiding[name] = _HIDING_NAMES[name]
            names.texts.add(found.code)
        else:
            self._merge(inner, known)

    def _merge(self, inner: GlobalNames, known: frozenset[str]) -> None:
        names = self._names
        for part in (inner, *inner.deferred.values()):
            names.shelter(part.reads - known)
            names.writes |= part.writes
            names.deletes |= part.deletes
            names.hidden += part.hidden
            names.hiding |= part.hiding
            names.receivers |= part.receivers
            names.texts |= part.texts
            names.imported |= part.imported
            names.subclasses |= part.subclasses
        (names.held if self._depth else names.direct).update(inner.reads - known)

    def _into(self, code: CodeType, bound: frozenset[str]) -> None:
        """Into nested code; comprehensions and classes run where they stand."""
        depth = int(not (_is_class(code) or code.co_name in _COMPREHENSIONS))
        self._depth += depth
        self.through(code, bound)
        self._depth -= depth

    def _mention(self, name: str, known: frozenset[str], *, sheltered: bool) -> None:
        names = self._names
        (names.held if self._depth else names.direct).add(name)
        if name not in known and name not in _GIVEN:
            names.reads.add(name)
            (names.sheltered if sheltered else names.exposed).add(name)
        if name in self._bodies and (name, known) not in self._entered:
            self._entered.add((name, known))
            for body in self._bodies[name]:
                self._into(body, frozenset(n for n in known if not n.startswith(CLASS_LOCAL)))


def _names_in(text: str | None) -> GlobalNames | None:
    """What a text that is run as code mentions; None where it does not tell that by itself."""
    try:
        tree = parse(text.strip()) if text is not None else None
        imports = tree and any(isinstance(n, ast.Import | ast.ImportFrom) for n in nodes_in(tree))
        return None if tree is None or imports else global_names(compile_tree(tree))
    except SyntaxError:
        return None


def _other(
    instructions: Sequence[Instruction],
    index: int,
    names: GlobalNames,
    *,
    is_class: bool,
) -> None:
    opname, name = instructions[index].opname, instructions[index].argval
    if opname in STORES and not (is_class and opname == "STORE_NAME"):
        if name not in _GIVEN:
            names.writes.add(name)
    elif opname in _DELETES and not (is_class and opname == "DELETE_NAME"):
        names.deletes.add(name)
    elif opname in _ATTRIBUTES:
        _attribute(instructions, index, names)
    elif opname in _IMPORTS:
        _import(instructions, index, names)
    elif opname == "LOAD_CONST" and not _is_docstring(instructions, index):
        names.shelter(mentioned_in_text(name))


def _is_docstring(instructions: Sequence[Instruction], index: int) -> bool:
    """A text that stands by itself on top of a cell is for people."""
    following = instructions[index + 1 : index + 2]
    return any(i.opname == "STORE_NAME" and i.argval == "__doc__" for i in following)


def _attribute(instructions: Sequence[Instruction], index: int, names: GlobalNames) -> None:
    name = instructions[index].argval
    if name == "import_module" and (module := imported(instructions[index + 1 :])):
        names.imported.add(module)
    elif name in _FINDING_CLASSES or (
        name in ("load", "loads") and _owner(instructions, index) in _PICKLERS
    ):
        names.subclasses = True
    elif name in _HIDING_ATTRIBUTES:
        names.hidden.append(_HIDING_ATTRIBUTES[name])


_FINDING_CLASSES = frozenset({"__subclasses__", "read_pickle", "Unpickler"})
_PICKLERS = frozenset({"pickle", "cloudpickle", "dill", "joblib"})
"""Modules whose objects in files say of which class they are, by its name."""


def _owner(instructions: Sequence[Instruction], index: int) -> object:
    return instructions[index - 1].argval if index else None


_IMPORTS = frozenset({"IMPORT_NAME", "IMPORT_FROM"})


def _import(instructions: Sequence[Instruction], index: int, names: GlobalNames) -> None:
    name = instructions[index].argval
    if instructions[index].opname == "IMPORT_FROM":  # the name may be that of a submodule
        before = reversed(instructions[:index])
        package = next((i.argval for i in before if i.opname == "IMPORT_NAME"), "")
        names.imported.add(f"{package}.{name}")
    elif name == "__main__":
        names.hidden.append("imports __main__")
    else:
        names.imported.add(name)
