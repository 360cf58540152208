"""Which variables hold data, and which hold code that is run anew where it is needed."""

from __future__ import annotations
import __future__

import functools
import io
import re
import typing
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from jupyter_mlpipe.materializers.builtin_types import is_atom
from jupyter_mlpipe.materializers.naming import MADE_OF_TEXT, is_of_own_namespace

SHELL_NAMES = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open", "display"})
"""What IPython itself puts into the namespace."""

_SHELL_HISTORY = re.compile(r"__\w+__|_{1,3}|_i{1,3}|_i?\d+|_[dio]h|_exit_code")
"""Names of IPython's history, and those that Python keeps for itself."""

_STREAM = io.IOBase.__base__ or io.IOBase
"""Of all files; unlike `io.IOBase`, it can be asked about classes that are not hashable."""


_CachedFunction = type(functools.cache(len))
_ALIAS: type = getattr(typing, "TypeAliasType", ModuleType)
"""Of what a `type` statement binds, from Python 3.12 on."""
CODE = (ModuleType, type, FunctionType, BuiltinFunctionType, _CachedFunction, _ALIAS)
"""Types of what is no data, unless a step assigns it."""
_FUTURE = type(__future__.annotations)
"""Of what `from __future__` imports: it says how code is compiled."""
_IN_QUESTION = (*CODE, _FUTURE, _STREAM, memoryview)
"""Types of which not every object is data; asked about at once, for most variables are others."""


def is_data(name: str, value: Any) -> bool:
    """Whether a variable holds data, rather than a definition that is run anew where needed.

    Only the true type counts: an object may claim any other as its `__class__`.
    """
    if type(name) is not str or is_given(name):  # others are only reached through `globals()`
        return False
    kind = type(value)
    if is_atom(kind) or not issubclass(kind, _IN_QUESTION):
        return True
    if issubclass(kind, FunctionType):
        # Lambdas and functions made by functions or by `exec` have no definition of their own to
        # run anew; what a function was given as attributes, running its definition would lose.
        made = "<" in value.__qualname__ or value.__code__.co_filename == MADE_OF_TEXT
        given = not vars(value).keys() <= {"__wrapped__", "__deprecated__"}
        own = value.__module__ == "__main__" and (made or given)
        return own or is_of_own_namespace(value)
    if kind is _CachedFunction:
        return "<" in value.__qualname__
    if kind is memoryview:
        return not _is_released(value)
    if issubclass(kind, _STREAM):
        return not _is_closed(value)  # what a `with` block leaves is spent
    if issubclass(kind, BuiltinFunctionType):
        # `d.get` holds a dict, while `len` and `math.sqrt` hold but their module.
        return not isinstance(value.__self__, ModuleType | None)
    return not issubclass(kind, (ModuleType, type, _FUTURE, _ALIAS))


@functools.lru_cache(maxsize=65_536)  # IPython adds a name or two for each cell
def is_given(name: str) -> bool:
    """Whether IPython or Python itself gives the namespace this name."""
    return name in SHELL_NAMES or (name[:1] == "_" and _SHELL_HISTORY.fullmatch(name) is not None)


def is_defined(name: str, value: Any) -> bool:
    """Whether it is the class that a cell of the notebook defines under this name."""
    own = issubclass(type(value), type) and value.__module__ == "__main__"
    return own and value.__qualname__ == name


def is_own_definition(name: str, value: Any) -> bool:
    """Whether it is such a class, or a function of the notebook under whatever name."""
    kind = type(value)
    if kind is FunctionType:
        return bool(value.__module__ == "__main__")
    return is_defined(name, value)


def _is_released(view: memoryview) -> bool:
    try:
        return view.nbytes < 0
    except ValueError:  # as every question then, but for how it looks
        return True


def _is_closed(file: Any) -> bool:
    try:
        return bool(file.closed)
    except Exception:  # noqa: BLE001  # a class of the user's; an open file is opaque, so safe
        return False
