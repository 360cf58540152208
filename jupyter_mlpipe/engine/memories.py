"""Functions of the notebook that remember results (`lru_cache`), and what a step did to them.

What one remembers may stem from data that were something else then, and no other process knows it.
"""

from __future__ import annotations

import gc
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any, TypeAlias

from jupyter_mlpipe.analysis.bytecode import global_names
from jupyter_mlpipe.analysis.closure import Closure
from jupyter_mlpipe.analysis.purity import CachedFunction
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.analysis.variable_hints import HINTS, gives_hints
from jupyter_mlpipe.materializers.builtin_types import is_atom
from jupyter_mlpipe.materializers.identity import identity
from jupyter_mlpipe.model.run import Immovable, StepRun

REMEMBERS = "it remembers results"


Memory: TypeAlias = tuple[Any, int, int]
"""The function, how many results it computed, and how many it keeps."""


def remembered(namespace: Mapping[str, Any]) -> Mapping[str, Memory]:
    """What there is now, by name."""
    functions = {n: v for n, v in list(namespace.items()) if type(v) is CachedFunction}
    infos = ((n, function, function.cache_info()) for n, function in functions.items())
    return {name: (function, info.misses, info.currsize) for name, function, info in infos}


def asked_for(python: str, closure: Closure, namespace: Mapping[str, Any]) -> frozenset[str]:
    """Functions of which a step asks how often they were called, or what they keep."""
    told = _ASKS in python or any(_ASKS in code.co_names for code in closure.codes)
    found = remembered(namespace).keys() if told else frozenset()
    return frozenset(found & closure.definitions.keys() or found)


_ASKS = "cache_info"


class Callers:
    """Knows for one process which steps called such functions, and which would have.

    Steps that give variables hints, which leave a trace as well, go by `HINTS`.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[StepRun, frozenset[str]]] = {}
        self._ran: set[str] = set()
        self._before: Mapping[str, int] = {}

    def begin(self, namespace: Mapping[str, Any]) -> None:
        """A step is about to run."""
        self._before = _calls(namespace)

    def ran(self, step_run: StepRun, namespace: Mapping[str, Any]) -> None:
        """Take up what was recorded of it."""
        called = {n for n, calls in _calls(namespace).items() if calls != self._before.get(n, 0)}
        self._known[step_run.step] = step_run, frozenset(called) | _hints_of(step_run)
        self._ran.add(step_run.step)

    def hit(self, step_run: StepRun, closure: Closure, namespace: Mapping[str, Any]) -> None:
        """Take up that a step did not run, by the record of the run that holds still."""
        called = remembered(namespace).keys() & closure.definitions.keys()
        self._known[step_run.step] = step_run, frozenset(called) | _hints_of(step_run)

    def without_hints(self) -> tuple[str, ...]:
        """Steps that would give hints, but did not run in this process."""
        return tuple(s for s, (_, c) in self._known.items() if HINTS in c and s not in self._ran)

    def noted(self, step_run: StepRun, asked: frozenset[str]) -> tuple[StepRun, ...]:
        """Those that must run again each time from now on, for this one asks for their calls."""
        runs = [run for run, called in self._known.values() if called & asked]
        what = "hints that it gives" if asked == {HINTS} else "calls that it makes"
        why = f"always runs: `{step_run.step}` asks for {what}"
        others = (run for run in runs if run.id != step_run.id and not run.uncacheable)
        return tuple(replace(run, uncacheable=why) for run in others)


def _hints_of(step_run: StepRun) -> frozenset[str]:
    return frozenset({HINTS} if gives_hints(python_source(step_run.source)) else ())


def _calls(namespace: Mapping[str, Any]) -> Mapping[str, int]:
    functions = {n: v for n, v in list(namespace.items()) if type(v) is CachedFunction}
    infos = ((name, function.cache_info()) for name, function in functions.items())
    return {name: info.hits + info.misses for name, info in infos}


def remembered_since(
    before: Mapping[str, Memory], namespace: Mapping[str, Any], data: Container[str]
) -> tuple[Immovable, ...]:
    """Functions that remember something else than before, of what they made from `data`."""
    return tuple(
        Immovable(name, "definition", REMEMBERS)
        for name, now in sorted(remembered(namespace).items())
        if now[1:] != _known(before.get(name), now[0])
        and _reads_data(now[0], namespace, data, set())
    )


def handed_out(namespace: Mapping[str, Any], values: Iterable[Any]) -> tuple[Immovable, ...]:
    """Functions that remember one of these very values, which can be changed."""
    wanted = {identity(value) for value in values if not _is_unchanging(value)}
    if not wanted:
        return ()
    return tuple(
        Immovable(name, "definition", REMEMBERS)
        for name, (function, _, _) in sorted(remembered(namespace).items())
        if not wanted.isdisjoint(map(identity, _results(function)))
    )


def _is_unchanging(value: Any) -> bool:
    return is_atom(type(value)) or (
        type(value) in (tuple, frozenset) and all(map(_is_unchanging, value))
    )


def _results(function: Any) -> Iterator[Any]:
    """What the garbage collector knows of them: nobody else may look into the memory."""
    own = vars(function)
    for part in gc.get_referents(function):
        if type(part) is dict and part is not own:
            yield from part.values()
        else:
            yield part


def _known(memory: Memory | None, function: Any) -> tuple[int, int]:
    """Of a function as it was; one that was defined anew knew nothing."""
    return memory[1:] if memory is not None and memory[0] is function else (0, 0)


def _reads_data(
    value: Any, namespace: Mapping[str, Any], data: Container[str], seen: set[FunctionType]
) -> bool:
    """Whether what a function of the notebook gives depends on variables."""
    function = value.__wrapped__ if type(value) is CachedFunction else value
    if type(function) is not FunctionType or function in seen:
        return False
    if function.__globals__ is not namespace:
        return False  # one of a module cannot name the notebook's variables
    seen.add(function)
    names = global_names(function.__code__)
    if names.is_open or any(name in data for name in names.reads):
        return True
    return any(_reads_data(namespace.get(n), namespace, data, seen) for n in names.reads)
