"""Which functions really run while a step executes, where Python tells: from version 3.12 on.

Each piece of code is told of once for each step and then left alone, so that loops and functions
that are called a million times run at their full speed.
"""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from jupyter_mlpipe.model.run import Dependency

_NAME = "jupyter_mlpipe"
_TOOLS = (3, 4)
"""Places for tools that Python gives to nobody by name, as it does to debuggers and profilers."""


@dataclass(slots=True)
class Executed:
    """What ran during one step."""

    heard: bool = False
    """Whether anything was listened to."""
    started: dict[int, tuple[CodeType, dict[str, Any]]] = field(default_factory=dict)
    """By identity: code of functions, of class bodies and of modules, each with its globals."""
    cells: set[str] = field(default_factory=set)
    """What the text of the step's own cell goes by in its code."""
    names: set[str] = field(default_factory=set)
    """Of the notebook: what pickles took something from, and texts that were run mention."""
    modules: set[str] = field(default_factory=set)
    """The same of modules."""
    earlier: dict[tuple[str, str], Dependency] = field(default_factory=dict)
    """By kind and name: what parts of the step depend on that did not have to run."""

    def add(self, other: Executed) -> None:
        """Count what another piece of the same step was seen to run."""
        self.heard |= other.heard
        self.started |= other.started
        self.cells |= other.cells
        self.names |= other.names
        self.modules |= other.modules
        self.earlier |= other.earlier

    def own(self) -> frozenset[str]:
        """Names of the texts that ran as cells: those of the step, and no functions' bodies.

        What others build from text, such as the methods of data classes, has no name of its own.
        """
        top = (c.co_filename for c, names in self.started.values() if is_cell(c, names))
        return frozenset((*self.cells, *top)) - {"<string>"}


class FunctionTrace:
    """Listens to the interpreter, in all threads.

    Without `sys.monitoring`, and where other tools have taken every free place, it hears nothing.
    """

    def __init__(self) -> None:
        self._monitoring: Any = getattr(sys, "monitoring", None)
        self._tool: int | None = None
        self._current = Executed()

    def start(self) -> Executed:
        """Begin to collect; what is returned fills up until `stop`."""
        self._current = Executed()
        if self._monitoring is None or not self._take_place():
            return self._current
        self._current.heard = True
        self._current.cells.update(_cells_that_run(inspect.currentframe()))
        events = self._monitoring.events
        for event in (events.PY_START, events.PY_RESUME):
            self._monitoring.register_callback(self._tool, event, self._started)
        self._monitoring.set_events(self._tool, events.PY_START | events.PY_RESUME)
        self._monitoring.restart_events()
        return self._current

    def stop(self) -> None:
        """Collect no more, and let another tool have the place."""
        if self._tool is None:
            return
        events = self._monitoring.events
        self._monitoring.set_events(self._tool, events.NO_EVENTS)
        for event in (events.PY_START, events.PY_RESUME):
            self._monitoring.register_callback(self._tool, event, None)
        self._monitoring.free_tool_id(self._tool)
        self._tool = None
        self._current = Executed()

    def _take_place(self) -> bool:
        if self._tool is None:
            free = (tool for tool in _TOOLS if self._monitoring.get_tool(tool) is None)
            self._tool = next(free, None)
            if self._tool is not None:
                self._monitoring.use_tool_id(self._tool, _NAME)
        return self._tool is not None

    def _started(self, code: CodeType, offset: int) -> object:
        self._current.started[id(code)] = code, sys._getframe(1).f_globals  # noqa: SLF001
        return self._monitoring.DISABLE


def _cells_that_run(frame: FrameType | None) -> set[str]:
    """What has begun already when a mapped step comes to one of its elements: the cell itself."""
    found = set()
    while frame is not None:
        if is_cell(frame.f_code, frame.f_globals):
            found.add(frame.f_code.co_filename)
        frame = frame.f_back
    return found


def is_cell(code: CodeType, names: dict[str, Any]) -> bool:
    """Whether code stands at the top of a text that runs in the notebook's namespace."""
    top = code.co_name.startswith("<") and not code.co_flags & inspect.CO_OPTIMIZED
    return top and names.get("__name__") == "__main__"
