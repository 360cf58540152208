"""What counts as the content of an object, when two values are compared.

Each function gives the parts of an object that matter, as a pickle reduction that is only ever
hashed; None leaves the object to pickle.
"""

from __future__ import annotations

import dis
import functools
import inspect
import struct
import sys
import types
from collections.abc import Callable, Hashable
from pathlib import PurePath
from typing import Any, TypeAlias

from jupyter_mlpipe.materializers.classes import OwnClass, virtual_subclasses, wrapped_by
from jupyter_mlpipe.materializers.constants import (
    global_generator,
    pandas_options,
    process_settings,
)
from jupyter_mlpipe.materializers.dispatchers import is_dispatcher, registered
from jupyter_mlpipe.materializers.naming import belongs_to_notebook, found_by_name
from jupyter_mlpipe.materializers.type_names import (
    is_type_name,
    parts_of_type_name,
    type_parameters,
)
from jupyter_mlpipe.materializers.weak import WEAK_MAPPINGS

Token: TypeAlias = Callable[[Any], bytes]
"""Digests the elements of an array, in C order."""
Facts: TypeAlias = Callable[[Any, Token], "tuple[Any, ...] | None"]
"""Gives the parts of an object that matter, or None for one of another family."""

_HEAP_TYPE = 1 << 9
"""CPython's flag of a class that was made by a `class` statement."""
_FIRST_LINE = "__firstlineno__"
_OF_PLACE = frozenset({_FIRST_LINE, "__static_attributes__"})
"""What a class body of Python 3.13 and later says of itself."""
_INCIDENTAL = frozenset(
    {
        *("__dict__", "__weakref__", "__module__", "__doc__", "__qualname__", "_abc_impl"),
        *(*_OF_PLACE, "__annotations_cache__", "__slotnames__"),
    }
)
"""Attributes of a class that say where it stands or what was computed from it; pickle leaves
`__slotnames__` behind."""


def fact(*parts: Any) -> tuple[Any, ...]:
    """A reduction that holds `parts`, of which the first names the kind of object."""
    return tuple, (parts,)


def code_facts(obj: Any, token: Token) -> tuple[Any, ...] | None:
    """Functions, classes and modules: by name, or by what they do when they are the notebook's."""
    if isinstance(obj, types.ModuleType):
        return fact("module", obj.__name__)
    if isinstance(obj, types.FunctionType) and is_dispatcher(obj):
        return fact("dispatcher", *((kind.__qualname__, f) for kind, f in registered(obj)))
    if isinstance(obj, types.FunctionType):
        stays = found_by_name(obj) and not belongs_to_notebook(obj)
        return None if stays else _function(obj)
    if isinstance(obj, types.CodeType):
        return _code(obj)
    if isinstance(obj, types.CellType):
        return _cell(obj)
    if isinstance(obj, OwnClass):
        return type_facts(obj.kind, token) if is_type_name(obj.kind) else _class(obj.kind)
    if isinstance(obj, type) and obj.__flags__ & _HEAP_TYPE:
        if not found_by_name(obj):
            return _class(obj)
        return fact("class", obj.__qualname__) if belongs_to_notebook(obj) else None
    return None


def partial_facts(obj: Any, _token: Token) -> tuple[Any, ...] | None:
    """A partial function as pickle takes it apart, without attributes where it has none.

    To ask for its attributes gives it an empty dict, and it would count as changed.
    """
    if type(obj) is not functools.partial:
        return None
    return functools.partial, (obj.func,), (obj.func, obj.args, obj.keywords, vars(obj) or None)


def type_facts(obj: Any, _token: Token) -> tuple[Any, ...] | None:
    """What stands in classes or for them, and what holds objects as long as others do."""
    if isinstance(obj, functools._lru_cache_wrapper):  # noqa: SLF001  # it has no public name
        return fact("cached", obj.__wrapped__, sorted(obj.cache_parameters().items()))
    if is_type_name(obj):
        return fact(*parts_of_type_name(obj))
    if type(obj) in WEAK_MAPPINGS:
        return (*fact("weak", type(obj)), list(obj.items()))
    wrapped = wrapped_by(obj)
    return None if wrapped is None else (*fact("wrapper", type(obj), *wrapped), vars(obj))


def constant_facts(obj: Any, _token: Token) -> tuple[Any, ...] | None:
    """A generator that all code draws from, whose state is that of the process; and layouts."""
    if type(obj) is struct.Struct:
        return fact("struct", obj.format)
    if (branch := pandas_options(obj)) is not None:
        return fact("pandas options", branch)
    if (name := process_settings(obj)) is not None:
        return fact("process settings", name)
    name = global_generator(obj)
    return fact("global generator", name) if name is not None else None


_ITERATORS: frozenset[type] = frozenset(
    {
        *(type(iter([])), type(reversed([])), type(iter(())), type(iter(range(0)))),
        *(type(iter("")), type(iter("é")), type(iter(b"")), type(iter(bytearray()))),
    }
)


def iterator_facts(obj: Any, _token: Token) -> tuple[Any, ...] | None:
    """One that has come to its end is like one over nothing, as which it comes back."""
    if type(obj) not in _ITERATORS:
        return None
    maker, arguments, *state = obj.__reduce__()
    over = maker is iter and not arguments[0]
    return (maker, arguments) if over else (maker, arguments, *state)


def path_facts(obj: Any, _token: Token) -> tuple[Any, ...] | None:
    """From Python 3.13 on a path remembers the pieces that it was put together from."""
    if not isinstance(obj, PurePath) or type(obj).__reduce__ is not PurePath.__reduce__:
        return None
    return type(obj), obj.parts


def leaf(obj: Any) -> Hashable:
    """An immutable object as a key that equal ones share; None for all others.

    How often one and the same such object occurs must not matter: Python decides freely
    whether two equal strings are one object.
    """
    kind = type(obj)
    if kind is str or kind is bytes:
        return kind, obj
    if kind is tuple and all(type(item) in _REPR_IS_EXACT for item in obj):
        return kind, repr(obj)
    return _numpy_leaf(obj, kind) or _dtype_leaf(obj, kind)


def _numpy_leaf(obj: Any, kind: type) -> Hashable:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if issubclass(kind, numpy.generic) and not obj.dtype.hasobject:
        return kind, repr(obj.dtype), obj.tobytes()
    return (numpy.dtype, repr(obj)) if issubclass(kind, numpy.dtype) else None


def _dtype_leaf(obj: Any, kind: type) -> Hashable:
    """One of pandas; those of categories hold an index, which is no leaf."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not hasattr(pandas, "CategoricalDtype"):  # it is being imported
        return None
    if not issubclass(kind, pandas.api.extensions.ExtensionDtype):
        return None
    own = kind.__module__.partition(".")[0] == "pandas"
    if not own or issubclass(kind, pandas.CategoricalDtype):
        return None
    return kind.__qualname__, repr(obj), getattr(obj, "storage", None)


_REPR_IS_EXACT = frozenset({type(None), bool, int, float, str, bytes})


def _function(function: types.FunctionType) -> tuple[Any, ...]:
    parts = (
        *(function.__defaults__, function.__kwdefaults__, function.__closure__),
        vars(function),
        *type_parameters(function),
    )
    # As state, which pickle takes up after the function itself: it may refer to itself.
    return (*fact("function", function.__qualname__, function.__code__), parts)


def _code(code: types.CodeType) -> tuple[Any, ...]:
    """All that decides what it does; not where it was written."""
    is_placed = _FIRST_LINE in code.co_names and not code.co_flags & inspect.CO_OPTIMIZED
    return fact(
        "code",
        *(_unplaced(code) if is_placed else (code.co_code, code.co_consts)),
        *(code.co_names, code.co_varnames, code.co_freevars),
        *(code.co_cellvars, code.co_flags, code.co_argcount, code.co_kwonlyargcount),
        *(code.co_posonlyargcount, code.co_exceptiontable),
    )


def _unplaced(code: types.CodeType) -> tuple[Any, ...]:
    """A class body's instructions with their constants, without what says where it stands.

    Python 3.13 has its first line among the constants, where it may be one with another number.
    """
    found = [i for i in dis.get_instructions(code) if i.opname != "EXTENDED_ARG"]
    said = {n for n, i in enumerate(found) if i.opname == "STORE_NAME" and i.argval in _OF_PLACE}
    constants = frozenset(dis.hasconst)
    return tuple(
        (i.opname, i.argval if i.opcode in constants else i.arg)
        for n, i in enumerate(found)
        if n not in said and n + 1 not in said
    )


def _cell(cell: types.CellType) -> tuple[Any, ...]:
    try:
        return (*fact("cell"), (cell.cell_contents,))
    except ValueError:  # not assigned yet
        return fact("empty cell")


def _class(kind: type) -> tuple[Any, ...]:
    names = sorted(vars(kind).keys() - _INCIDENTAL)
    attributes = [(name, vars(kind)[name]) for name in names]
    if registered := virtual_subclasses(kind):
        attributes.append(("_abc_impl", registered))
    return (*fact("class", kind.__module__, kind.__qualname__), (kind.__bases__, attributes))
