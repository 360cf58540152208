"""State that no other process can be given: named where it is made, found where it is used."""

from __future__ import annotations

import ast
import gc
import re
import threading
import types
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, cast

from jupyter_mlpipe.analysis.dataflow import analyze
from jupyter_mlpipe.analysis.dotted import dotted_names
from jupyter_mlpipe.analysis.handed import HANDED, handed_by_call, kept_by
from jupyter_mlpipe.analysis.origins import is_of_notebook
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.statements import Statement, StatementKind
from jupyter_mlpipe.analysis.touches import touches_process
from jupyter_mlpipe.analysis.variable_hints import KEPT_HINTS, asks_for_hints
from jupyter_mlpipe.engine.data import is_data
from jupyter_mlpipe.engine.open_figures import FIGURES
from jupyter_mlpipe.materializers.identity import identity
from jupyter_mlpipe.materializers.meaningless import ends_with_code
from jupyter_mlpipe.materializers.places import holds_place
from jupyter_mlpipe.materializers.reach import Walker, is_atom
from jupyter_mlpipe.model.run import Immovable

_WORDS: Mapping[str, str] = types.MappingProxyType(
    {
        "generator": "a generator",
        "async_generator": "a generator",
        "coroutine": "a coroutine",
        "TextIOWrapper": "an open file",
        "BufferedReader": "an open file",
        "BufferedWriter": "an open file",
        "BufferedRandom": "an open file",
        "FileIO": "an open file",
        "lock": "a lock",
        "RLock": "a lock",
        "Thread": "a thread",
        "Connection": "a connection",
        "Cursor": "a cursor on a connection",
        "socket": "a socket",
        "Popen": "a running process",
        "Task": "an asyncio task",
        "memoryview": "a view of memory",
        "ReferenceType": "a weak reference",
    }
)
_EVERYWHERE = frozenset({"builtins", "copyreg", "logging", "sys"})
"""Modules that code uses without importing them."""
_CODE = frozenset({StatementKind.FUNCTION, StatementKind.CLASS})
_SHELL = frozenset({"IPython.core.interactiveshell", "ipykernel.zmqshell"})
_PLACE = "what id() gave, an object's place in memory"
_ENDS = "whose class has a __del__"
_LOOKED_THROUGH = 10_000
"""Objects at most that are looked at to find out what a value holds on to."""


@dataclass(frozen=True, slots=True)
class StepText:
    """What the text of a step, its definitions included, says of what it may use."""

    reads: frozenset[str]
    unbinds: frozenset[str]
    """Names that it deletes or binds to something else."""
    defined: frozenset[str]
    """Functions and classes of other cells that it uses."""
    imported: frozenset[str]
    """Top-level names of the modules that it imports."""
    words: frozenset[str]
    impure: bool
    """Whether it calls anything that may look at the process."""
    hints: bool = False
    """Whether it asks for the hints of the notebook's variables."""


def text_of(python: str, definitions: Sequence[Statement]) -> StepText:
    """Read a cell's Python and the definitions that it needs from other cells."""
    sources = (python, *(statement.source for statement in definitions))
    defined = frozenset(n for s in definitions if s.kind in _CODE for n in s.names)
    own, signature = frozenset(_defined_in(python)), analyze(python)
    return StepText(
        reads=signature.reads.union(*(s.reads for s in definitions)),
        unbinds=signature.writes | signature.deletes,
        defined=defined - own,
        imported=frozenset(name for source in sources for name in _imported(source)),
        words=frozenset(re.findall(r"\w+", " ".join(sources))),
        impure=touches_process(sources, defined | own),
        hints=asks_for_hints(sources),
    )


def is_used(state: Immovable, name: str, step: StepText) -> bool:
    """Whether a later step, the name of which is given, may need it; rather once too often."""
    if state.kind == FIGURES:
        return name in state.shares
    if state.kind == "variable":
        loses = "weak" in state.what.lower() and not step.unbinds.isdisjoint(state.shares)
        ends = _ENDS in state.what and state.name in step.unbinds
        return loses or ends or state.name in step.reads
    if state.kind == "definition":
        return state.name in step.defined or state.name in step.reads
    if state.kind == "environment":
        return state.name in step.words
    if state.kind == KEPT_HINTS:
        return step.hints
    if state.kind == "thread":
        return bool(step.reads.intersection(state.shares))
    if state.name in _EVERYWHERE or state.kind == HANDED:
        return True
    return step.impure or state.name.partition(".")[0] in step.imported


def immovable_variables(
    names: Iterable[str],
    namespace: Mapping[str, Any],
    places: Set[int] = frozenset(),
    *,
    mutated: bool = False,
) -> tuple[Immovable, ...]:
    """Variables whose values could not be stored; `mutated` if they were changed in place.

    `places` are what `id` gave to code of the user's.
    """
    told = ((name, describe(namespace[name], places)) for name in sorted(names))
    return tuple(
        Immovable(name, "variable", what, _held_by(name, namespace), mutated) for name, what in told
    )


def handed_functions(python: str, namespace: Mapping[str, Any]) -> Iterator[Immovable]:
    """Functions and classes of the notebook that a step told modules to call."""
    for name, keeper in sorted(handed_by_call(python, dotted_names(namespace)).items()):
        value = namespace.get(name)
        is_code = issubclass(type(value), types.FunctionType | type)
        if is_code and is_of_notebook(cast("type", value), namespace):
            yield kept_by(keeper, name)


def moved_on(used: Mapping[str, Any], namespace: Mapping[str, Any]) -> frozenset[str]:
    """Those of the values that a step used, and that nobody can look into, which changed by it.

    Generators, files, readers and cursors, whatever is iterated over, stand elsewhere after use;
    locks and connections are as they were.
    """
    return frozenset(
        name
        for name, value in used.items()
        if hasattr(type(value), "__next__") and namespace.get(name) is value
    )


def running_threads() -> frozenset[int]:
    """Identities of the threads of this process."""
    return frozenset(thread.ident for thread in threading.enumerate() if thread.ident)


def threads_left(before: frozenset[int], namespace: Mapping[str, Any]) -> tuple[Immovable, ...]:
    """Threads with code of the notebook that were started since, and still run."""
    return tuple(
        Immovable(thread.name, "thread", "a running thread", _held_by(thread, namespace))
        for thread in threading.enumerate()
        if thread.ident not in before and _runs_notebook_code(thread, namespace)
    )


def describe(value: Any, places: Set[int] = frozenset()) -> str:
    """`a generator`, `an open file`, `a dict that holds a lock`."""
    name = type(value).__name__
    if name in _WORDS:
        return _WORDS[name]
    kind = f"an {name}" if name[:1].lower() in "aeiou" else f"a {name}"
    if ends_with_code(type(value)):
        return f"{kind}, {_ENDS}"
    inner = next((w for w in map(_word_for, gc.get_referents(value)) if w), "")
    inner = inner or (_PLACE if holds_place(value, places) else "")
    return f"{kind} that holds {inner}" if inner else kind


def cannot_travel(name: str, what: str) -> str:
    """The line under the cell."""
    return (
        f"`{name}` ({what}) cannot travel: at promotion this step runs in one task with the "
        "steps that use it"
    )


def _word_for(value: Any) -> str:
    return _WORDS.get(type(value).__name__, "")


def _held_by(subject: Any, namespace: Mapping[str, Any]) -> tuple[str, ...]:
    """Variables whose values a value leads to, through whatever it is made of."""
    value = namespace[subject] if isinstance(subject, str) else subject
    held, walker = _inside(value, namespace), Walker()
    others = [(n, other) for n, other in list(namespace.items()) if is_data(n, other)]
    return tuple(
        sorted(
            name
            for name, other in others
            if other is not value
            and not is_atom(other)
            and (identity(other) in held or walker.reach(other).objects & held)
        )
    )


def _inside(value: Any, namespace: Mapping[str, Any]) -> set[int]:
    """Identities of all that a value leads to: frames of generators, what code names."""
    stop = (types.ModuleType, type, types.CodeType)
    seen = {identity(namespace), identity(gc.get_objects)}
    waiting, alive = deque([value]), []
    while waiting and len(seen) < _LOOKED_THROUGH:
        item = waiting.popleft()
        if (
            identity(item) in seen
            or issubclass(type(item), stop)
            or type(item).__module__ in _SHELL
        ):
            continue
        seen.add(identity(item))
        alive.append(item)
        waiting.extend(gc.get_referents(item))
        if issubclass(type(item), weakref.ref):
            waiting.append(item())
        code = _code_of(item)
        if code is not None:
            waiting.extend(namespace[name] for name in code.co_names if name in namespace)
    return seen - {identity(namespace)}


def _code_of(item: Any) -> types.CodeType | None:
    """Code by the true type alone: asking an object of the user's would run code of the user's."""
    match type(item):
        case types.FunctionType:
            return cast("types.CodeType", item.__code__)
        case types.GeneratorType:
            return cast("types.CodeType", item.gi_code)
        case types.CoroutineType:
            return cast("types.CodeType", item.cr_code)
        case types.AsyncGeneratorType:
            return cast("types.CodeType", item.ag_code)
        case _:
            return None


def _runs_notebook_code(thread: threading.Thread, namespace: Mapping[str, Any]) -> bool:
    target = getattr(thread, "_target", None)
    globals_ = getattr(target, "__globals__", None)
    return globals_ is namespace or type(thread).__module__ == "__main__"


def _defined_in(python: str) -> Iterable[str]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    try:
        return [node.name for node in parse(python).body if isinstance(node, kinds)]
    except SyntaxError:
        return []


def _imported(source: str) -> Iterable[str]:
    try:
        nodes = list(ast.walk(parse(source)))
    except SyntaxError:
        return []
    plain = [a.name for n in nodes if isinstance(n, ast.Import) for a in n.names]
    plain += [n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)]
    return [name.partition(".")[0] for name in plain]
