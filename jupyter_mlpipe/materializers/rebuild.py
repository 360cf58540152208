"""What stored envelopes call to bring values back.

The names and parameters here are part of the stored format: artifacts that exist refer to them
by `jupyter_mlpipe.materializers.rebuild`. Add new ones, and change none.
"""

from __future__ import annotations

import abc
import functools
import io
import math
import random
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import cloudpickle

from jupyter_mlpipe.materializers.classes import captured_by, functions_in, virtual_subclasses


def dates(data: Any, dtype: Any, shape: tuple[int, ...], order: Any) -> Any:
    """An array of dates or durations over the integers in `data`; no bytes are copied."""
    import numpy as np

    return np.frombuffer(data, dtype="i8").view(dtype).reshape(shape, order=order)


def view(
    memory: Any, dtype: Any, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
) -> Any:
    """An array over bytes that other arrays may look at as well; `offset` in bytes."""
    import numpy as np

    return np.ndarray(shape, dtype, memory, offset, strides)


def owner(data: Any, dtype: Any, shape: tuple[int, ...]) -> Any:
    """An array at whose memory others look; it owns what is not large and therefore mapped."""
    import numpy as np

    array: Any = np.ndarray(shape, dtype, data)
    return array.copy() if isinstance(data, bytes | bytearray) else array


def object_view(memory: Any, shape: tuple[int, ...], strides: tuple[int, ...], start: int) -> Any:
    """The same for Python objects; `start` counts elements of `memory`.

    Raises:
        TypeError: These are records, of which NumPy makes no view with such strides.
    """
    import numpy as np

    if memory.dtype.names:
        return _records(memory, shape, strides, start)
    return np.lib.stride_tricks.as_strided(memory[start:], shape, strides)


def _records(memory: Any, shape: tuple[int, ...], strides: tuple[int, ...], start: int) -> Any:
    if not shape:
        return memory[start, ...]
    step = strides[0] // memory.itemsize
    count = math.prod(shape)
    last = start + count * step
    rows = memory[start : None if last < 0 else last : step or 1]
    found = rows[:count] if len(shape) == 1 else memory[start : start + count].reshape(shape)
    if found.shape != shape or (count and found.strides != strides):
        raise TypeError("records that hold objects, in an order of their own")
    return found


def fields_view(memory: Any, dtype: Any, inner: int) -> Any:
    """Some fields of all records that hold Python objects, too; `inner` bytes into each record.

    Raises:
        TypeError: NumPy has no way to look at them alone.
    """
    names = dtype.names or ()
    if names and set(names) <= set(memory.dtype.names) and memory[[*names]].dtype == dtype:
        return memory[[*names]]
    return memory.getfield(dtype, inner)


def read_only(array: Any) -> Any:
    """An array that refuses to be written to, over memory that others may write to."""
    array.flags.writeable = False
    return array


def global_generator(library: str) -> Any:
    """The random generator that all code of this process draws from."""
    if library == "random":
        return random._inst  # noqa: SLF001
    if library == "numpy.random":
        from numpy.random import mtrand

        return mtrand._rand  # noqa: SLF001
    import torch

    return torch.default_generator


def record(row: Any) -> Any:
    """The one record of an array without dimensions, over the same memory."""
    return row[()]


def masked(data: Any, mask: Any, fill: Any, hard: bool) -> Any:  # a stored format
    """A masked array over the memory of its two parts."""
    import numpy as np

    made: Any = np.ma.MaskedArray(data, hard_mask=hard)
    if mask is not None:
        made._mask = mask  # noqa: SLF001  # setting `mask` would copy it
    made._fill_value = fill  # noqa: SLF001
    return made


def array_of(kind: Any, array: Any, attributes: Mapping[str, Any]) -> Any:
    """An array of a subclass over the memory of a plain one."""
    made = array.view(kind)
    if attributes:
        made.__dict__.update(attributes)
    return made


def tensor(memory: Any, dtype: str, layout: tuple[Any, ...], grad: bool) -> Any:  # a stored format
    """A tensor over bytes that others may look at as well.

    Args:
        memory: A NumPy array of bytes.
        dtype: Its name in PyTorch.
        layout: Offset, shape and strides, all in elements.
        grad: Whether it takes a gradient.
    """
    import torch

    made = torch.empty(0, dtype=getattr(torch, dtype))
    made.set_(torch.from_numpy(memory).untyped_storage(), *layout)
    return made.requires_grad_(grad)


def set_tensor(made: Any, state: Mapping[str, Any]) -> None:
    """Give a tensor back its gradient and its attributes."""
    for name, value in state.items():
        setattr(made, name, value)


def keras_model(maker: Callable[[Any], Any], written: bytes, variables: Iterable[Any]) -> Any:
    """A model from Keras' own format, and its variables, some of which that leaves out."""
    with warnings.catch_warnings():  # an optimizer that had not begun yet begins anew
        warnings.filterwarnings("ignore", message="Skipping variable loading for optimizer")
        made = maker(io.BytesIO(written))
    for variable, array in zip(made.variables, variables, strict=True):
        variable.assign(array)
    return made


def function(code: types.CodeType, cells: tuple[types.CellType, ...] | None) -> Any:
    """A function of the notebook, bound to the namespace that is being loaded into."""
    namespace = sys.modules["__main__"].__dict__
    return types.FunctionType(code, namespace, code.co_name, None, cells)


def named_function(code: types.CodeType, attributes: Mapping[str, Any]) -> Any:
    """The function that the notebook has under its name, if it is the same; else one made anew."""
    there = vars(sys.modules["__main__"]).get(attributes["__name__"])
    made = function(code, None)
    set_function(made, attributes)
    return there if type(there) is types.FunctionType and _is_same(there, made) else made


def _is_same(one: types.FunctionType, other: types.FunctionType) -> bool:
    held = (one.__defaults__, one.__kwdefaults__) == (other.__defaults__, other.__kwdefaults__)
    free = not (one.__closure__ or vars(one))
    return held and free and _does_the_same(one.__code__, other.__code__)


def _does_the_same(one: Any, other: Any) -> bool:
    """Whether two codes, or constants of them, are equal, wherever they stand."""
    if not isinstance(one, types.CodeType) or not isinstance(other, types.CodeType):
        return repr(one) == repr(other)  # which tells True from 1, and -0.0 from 0.0
    named = all(getattr(one, part) == getattr(other, part) for part in _PARTS_OF_CODE)
    constants = one.co_consts, other.co_consts
    return named and len(constants[0]) == len(constants[1]) and all(map(_does_the_same, *constants))


_PARTS_OF_CODE = (
    *("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_flags"),
    *("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_qualname"),
)


def set_function(made: Any, attributes: Mapping[str, Any]) -> None:
    """Give a function back its name, defaults and attributes."""
    for name, value in attributes.items():
        setattr(made, name, value)


def empty_cell() -> types.CellType:
    """A closure's variable, filled later so that a function can refer to itself."""
    return types.CellType()


def set_cell(cell: types.CellType, content: tuple[Any]) -> None:
    """Fill a closure's variable."""
    (cell.cell_contents,) = content


def attribute_dict(kind: Any) -> Any:
    """An empty dict whose items are its attributes, as many libraries' `Bunch` classes are."""
    made = kind.__new__(kind)
    made.__dict__ = made
    return made


def dispatcher(default: Any) -> Any:
    """A function of `functools.singledispatch` that knows its default alone."""
    return functools.singledispatch(default)


def set_dispatcher(made: Any, others: Iterable[tuple[type, Any]]) -> None:
    """Register what it knew."""
    for kind, function in others:
        made.register(kind, function)


def exception(kind: type[BaseException], arguments: tuple[Any, ...]) -> BaseException:
    """An exception as it was after `__init__`, which is not called again."""
    made = kind.__new__(kind, *arguments)
    made.args = arguments
    return made


def set_exception(error: BaseException, state: Any) -> None:
    """Give an exception its attributes, and what `raise` had put on it."""
    attributes, raised = state
    if attributes:
        error.__setstate__(attributes)
    if "__traceback__" in raised:
        from tblib import Traceback

        error.__traceback__ = Traceback.from_dict(raised["__traceback__"]).as_traceback()
    for name in raised.keys() - {"__traceback__", "__suppress_context__"}:
        setattr(error, name, raised[name])
    error.__suppress_context__ = raised.get("__suppress_context__", False)  # a cause sets it


def own_class(name: str, maker: Any, arguments: tuple[Any, ...]) -> Any:
    """The class of the notebook that is defined under this name, else one made anew.

    It is bound at once, for what it holds may refer to it by name.
    """
    namespace = vars(sys.modules["__main__"])
    there = namespace.get(name)
    if isinstance(there, type):
        return there
    made = _without_hooks(*arguments) or maker(*arguments)
    return namespace.setdefault(name, made)


def _without_hooks(
    meta: Any, name: str, bases: tuple[Any, ...], body: Mapping[str, Any], *_: Any
) -> type | None:
    """An empty class of which neither its metaclass nor its bases are told; None if need be."""
    if not isinstance(meta, type):  # of an enumeration, which is made from other arguments
        return None
    bases = types.resolve_bases(bases)  # `Generic[T]` is none, but stands for one
    if not any(_is_own(kind) for base in (meta, *bases) for kind in base.__mro__):
        return None
    if bases == (object,):  # which asks nobody, and cannot be given to a class afterwards
        return type.__new__(meta, name, bases, dict(body))
    made: Any = type.__new__(meta, name, (type("Empty", (), {}),), dict(body))
    made.__bases__ = bases
    return cast("type", made)


def _is_own(kind: type) -> bool:
    return kind.__module__ == "__main__"


def type_name(
    kind: Any, arguments: Any, options: Any, known_as: str, own: bool
) -> Any:  # a stored format
    """A type variable or a new type of the notebook; one under its own name is bound at once."""
    namespace = vars(sys.modules["__main__"])
    made = kind(*arguments, **options)
    made.__module__ = "__main__"
    made = cloudpickle.cloudpickle._lookup_class_or_track(known_as, made)  # noqa: SLF001
    return namespace.setdefault(arguments[0], made) if own else made


def wrapper(kind: Any, base: Any, functions: tuple[Any, ...]) -> Any:
    """A property or the like of a class of the notebook, whose `__init__` is not called."""
    made = base.__new__(kind)
    base.__init__(made, *functions)
    return made


def set_own_class(kind: type, state: Any) -> None:
    """Give a class what it held; of methods that it has already, what these remembered."""
    attributes, _slots = state
    for name, value in attributes.items():
        if name == "_abc_impl":
            _set_virtual_subclasses(kind, value)
        elif not _is_reminded(vars(kind).get(name), value):
            setattr(kind, name, value)
    for name in vars(kind).keys() - attributes.keys():
        if not name.startswith("__"):
            delattr(kind, name)


def _set_virtual_subclasses(kind: Any, registered: Iterable[type]) -> None:
    """Register these and no others, by whatever name the class itself calls a method."""
    if not set(virtual_subclasses(kind)) <= set(registered):
        abc._reset_registry(kind)  # type: ignore[attr-defined]  # noqa: SLF001
        for base in kind.__mro__:
            if isinstance(base, abc.ABCMeta):  # which remembers what it answered
                abc._reset_caches(base)  # type: ignore[attr-defined]  # noqa: SLF001
    for subclass in registered:
        abc.ABCMeta.register(kind, subclass)


def _is_reminded(present: Any, stored: Any) -> bool:
    """Whether it is a method or a property of the same code, so that it keeps its identity."""
    functions, others = functions_in(present), functions_in(stored)
    same = type(present) is type(stored) and list(map(_code, functions)) == list(map(_code, others))
    if not (same and functions):
        return False
    for function, other in zip(functions, others, strict=True):
        if function is not None:
            _remind(function, other)
    return True


def _code(function: Any) -> Any:
    return getattr(function, "__code__", None)


def _remind(function: Any, stored: Any) -> None:
    """Give a function what another of the same code remembers."""
    function.__defaults__, function.__kwdefaults__ = stored.__defaults__, stored.__kwdefaults__
    vars(function).clear()
    vars(function).update(vars(stored))
    for cell, other in zip(captured_by(function), captured_by(stored), strict=False):
        cell.cell_contents = other.cell_contents


def set_own_enumeration(kind: Any, state: Any) -> None:
    """Give an enumeration the methods it lacks, and its members what they held."""
    attributes, members = state
    for name in attributes.keys() - vars(kind).keys():
        setattr(kind, name, attributes[name])
    for name, held in members.items():
        own = vars(kind.__members__[name])
        own.clear()
        own.update(held)


def set_frame(made: Any, state: Mapping[str, Any]) -> None:
    """As pandas does, but with the very `attrs`: others may hold them, too."""
    made.__setstate__(state)
    object.__setattr__(made, "_attrs", state["attrs"])


def set_attributes_dict(made: Any, state: tuple[Any, Any]) -> None:
    """Give an object the very dict of attributes that others hold as well."""
    attributes, slots = state
    object.__setattr__(made, "__dict__", attributes)
    for name, value in (slots or {}).items():
        object.__setattr__(made, name, value)


def set_attributes(made: Any, state: Any) -> None:
    """Give an object its attributes, of which its class is not told."""
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    if attributes:
        vars(made).update(attributes)
    for name, value in (slots or {}).items():
        object.__setattr__(made, name, value)


def set_forgotten(made: Any, state: tuple[Any, dict[str, Any]]) -> None:
    """Give an object its state as its class has it, and the attributes that it leaves out."""
    told, forgotten = state
    if isinstance(told, Mapping) and "attrs" in told:
        set_frame(made, told)
    elif told is not None and hasattr(made, "__setstate__"):
        made.__setstate__(told)
    elif told is not None:
        set_attributes(made, told)
    vars(made).update(forgotten)
