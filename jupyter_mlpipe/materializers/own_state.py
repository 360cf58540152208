"""What objects of the notebook's classes consist of, where a class would leave out some of it."""

from __future__ import annotations

import io
import socket
import threading
import types
import weakref
from collections.abc import Mapping
from typing import Any

from jupyter_mlpipe.materializers.naming import belongs_to_notebook

OF_THE_PROCESS = (
    *(io.IOBase, socket.socket, threading.Thread, threading.Event, threading.Condition),
    *(type(threading.Lock()), type(threading.RLock()), weakref.ref, types.GeneratorType),
    *(types.ModuleType, types.FrameType, types.TracebackType),
)


def whole_state(obj: Any) -> Any | None:
    """All attributes of an object whose `__getstate__` tells others; None where its class decides.

    A class that leaves out what no other process could have, such as a lock, knows what it does.
    One that leaves out a value would change what a step after it finds.
    """
    kind = type(obj)
    if not belongs_to_notebook(kind) or not _only_states(kind):
        return None
    whole, told = object.__getstate__(obj), obj.__getstate__()
    if not isinstance(whole, dict) or not isinstance(told, Mapping):
        return whole
    left_out = [value for name, value in whole.items() if told.get(name, _ABSENT) is not value]
    needless = not left_out and whole.keys() == told.keys()
    return None if needless or any(isinstance(v, OF_THE_PROCESS) for v in left_out) else whole


_ABSENT = object()


def _only_states(kind: type) -> bool:
    """Whether `__getstate__` is all that a class says of how its objects are taken apart."""
    own = getattr(kind, "__getstate__", None)
    others = all(getattr(kind, name) is getattr(object, name) for name in _OTHERS)
    return isinstance(own, types.FunctionType) and others


_OTHERS = ("__reduce__", "__reduce_ex__")
