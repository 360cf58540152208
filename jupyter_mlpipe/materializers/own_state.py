"""What objects of the notebook's classes consist of, where a class would leave out some of it."""

from __future__ import annotations

import copyreg
import io
import socket
import threading
import types
import weakref
from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_mlpipe.materializers.attributes import attributes_of
from jupyter_mlpipe.materializers.naming import belongs_to_notebook

OF_THE_PROCESS = (
    *(io.IOBase, socket.socket, threading.Thread, threading.Event, threading.Condition),
    *(type(threading.Lock()), type(threading.RLock()), weakref.ref, types.GeneratorType),
    *(types.ModuleType, types.FrameType, types.TracebackType),
)


def whole_state(obj: Any) -> Any | None:
    """All attributes of an object whose class tells others; None where its class decides.

    A class that leaves out what no other process could have, such as a lock, knows what it does.
    One that leaves out a value would change what a step after it finds.
    """
    kind = type(obj)
    if not belongs_to_notebook(kind):
        return None
    if not _only_states(kind):
        return _beside_what_makes_it(obj) if _only_made_anew(kind) else None
    whole, told = object.__getstate__(obj), obj.__getstate__()
    if not isinstance(whole, dict) or not isinstance(told, Mapping):
        return whole
    left_out = [value for name, value in whole.items() if told.get(name, _ABSENT) is not value]
    needless = not left_out and whole.keys() == told.keys()
    return None if needless or any(isinstance(v, OF_THE_PROCESS) for v in left_out) else whole


def taken_apart_by_itself(obj: Any) -> Any | None:
    """What Python would say of an object if nobody had told `copyreg` how to take it apart.

    What is registered may leave out a value, and is known in one process only. Yet one that leaves
    out what no other process could have knows what it does: None then, and for what is not
    registered.
    """
    kind = type(obj)
    if kind not in copyreg.dispatch_table or not belongs_to_notebook(kind):
        return None
    if any(getattr(kind, name) is not getattr(object, name) for name in _OTHERS):
        return None
    attributes = attributes_of(obj) or {}
    if any(isinstance(value, OF_THE_PROCESS) for value in attributes.values()):
        return None
    return object.__reduce_ex__(obj, 5)


def forgotten_by_library(obj: Any) -> dict[str, Any]:
    """Attributes that a class of a library does not know of, where it says how to make `obj` again.

    `Counter`, `defaultdict`, `Decimal`, `Random` and frames are made without what an object of a
    class of the notebook that derives from them was given.
    """
    kind = type(obj)
    own = belongs_to_notebook(kind) and _library_reduces(kind)
    given = attributes_of(obj) if own else None
    if not given:
        return {}
    made = obj.__reduce_ex__(5)
    told = _told(made[2] if len(made) > 2 else None) if isinstance(made, tuple) else given
    left_out = {name: value for name, value in given.items() if name not in told}
    known = _names_of_libraries(kind) if left_out else frozenset[str]()
    found = {name: value for name, value in left_out.items() if name not in known}
    return found if all(map(_is_plain, found.values())) else {}


def _library_reduces(kind: type) -> bool:
    """Whether the first class to say how its objects are taken apart is one of a library."""
    says = (*_OTHERS, "__getstate__")
    first = next(base for base in kind.__mro__ if any(name in vars(base) for name in says))
    return first is not object and not belongs_to_notebook(first)


def _told(state: Any) -> Iterable[str]:
    """Names of the attributes in what a class gives as the state of an object."""
    parts = state if isinstance(state, tuple) else (state,)
    return {name for part in parts if isinstance(part, Mapping) for name in part}


def _names_of_libraries(kind: type) -> frozenset[str]:
    """What classes of libraries themselves call the attributes of their objects."""
    names = set[str]()
    for base in kind.__mro__:
        if not belongs_to_notebook(base):
            names |= vars(base).keys() | vars(base).get("__annotations__", {}).keys()
            for made_in in map(vars(base).get, ("__init__", "__new__")):
                code = getattr(made_in, "__code__", None)
                names |= set() if code is None else {*code.co_names, *code.co_consts}
    return frozenset(names)


def _only_made_anew(kind: type) -> bool:
    """Whether `__reduce__` is all that a class says of it, and nothing but `__init__` makes one."""
    told = any(isinstance(getattr(kind, name, None), types.FunctionType) for name in _OTHERS)
    plain = all(getattr(kind, n) is getattr(object, n) for n in ("__new__", "__getstate__"))
    return told and plain and not hasattr(kind, "__setstate__")


def _beside_what_makes_it(obj: Any) -> Any | None:
    """The attributes where `__reduce__` tells of arguments alone, if all of them are plain data.

    The class is called with these again, and would forget what was given to the object since.
    """
    made = obj.__reduce_ex__(5)
    if not isinstance(made, tuple) or made[0] is not type(obj) or any(made[2:]):
        return None
    whole = object.__getstate__(obj)
    return whole if isinstance(whole, dict) and all(map(_is_plain, whole.values())) else None


def _is_plain(value: Any) -> bool:
    kind = type(value)
    package = str(kind.__module__).partition(".")[0]
    return package in _DATA and not isinstance(value, OF_THE_PROCESS)


_DATA = frozenset(
    {"__main__", "builtins", "collections", "datetime", "decimal", "numpy", "pandas", "polars"}
)
_ABSENT = object()


def _only_states(kind: type) -> bool:
    """Whether `__getstate__` is all that a class says of how its objects are taken apart."""
    own = next((base for base in kind.__mro__ if "__getstate__" in vars(base)), object)
    others = all(getattr(kind, name) is getattr(object, name) for name in _OTHERS)
    return belongs_to_notebook(own) and others


_OTHERS = ("__reduce__", "__reduce_ex__")
