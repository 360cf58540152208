"""How objects are taken apart for storage, beyond what cloudpickle does."""

from __future__ import annotations

import copyreg
import enum
import pickle
import sys
import types
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import cloudpickle

from jupyter_mlpipe.materializers import rebuild
from jupyter_mlpipe.materializers.arrow_columns import reduced_column
from jupyter_mlpipe.materializers.attributes import (
    attributes_of,
    unasked,
    with_lent_attributes,
    with_slots,
)
from jupyter_mlpipe.materializers.classes import (
    OwnClass,
    members_of,
    virtual_subclasses,
    wrapped_by,
)
from jupyter_mlpipe.materializers.constants import constant
from jupyter_mlpipe.materializers.dataset_tables import reduced_table
from jupyter_mlpipe.materializers.dispatchers import is_dispatcher
from jupyter_mlpipe.materializers.exceptions import reduced_exception
from jupyter_mlpipe.materializers.functions import reduced_dispatcher, reduced_function
from jupyter_mlpipe.materializers.identity import identity
from jupyter_mlpipe.materializers.keras_facts import reduced_keras_model
from jupyter_mlpipe.materializers.making import (
    made_by,
    made_over_objects,
    made_owner,
    with_forgotten,
)
from jupyter_mlpipe.materializers.meaningless import refuse_meaningless
from jupyter_mlpipe.materializers.memory import (
    Lender,
    address_of,
    flat_bytes,
    flat_memory,
    is_plain_owner,
    root_of,
)
from jupyter_mlpipe.materializers.naming import (
    MADE_OF_TEXT,
    belongs_to_notebook,
    found_by_name,
    is_of_past,
)
from jupyter_mlpipe.materializers.own_state import (
    forgotten_by_library,
    taken_apart_by_itself,
    whole_state,
)
from jupyter_mlpipe.materializers.tensors import (
    is_tensor,
    lies_in_memory,
    own_bytes,
    refuse_history,
    storage_address,
    storage_bytes,
)
from jupyter_mlpipe.materializers.type_names import (
    has_its_name,
    is_type_name,
    parts_of_type_name,
    tracked,
)
from jupyter_mlpipe.materializers.views import array_view, dict_view, has_attributes
from jupyter_mlpipe.materializers.weak import WEAK_MAPPINGS

_SAFE_RECURSION = 3000
_EXACT = frozenset({"matplotlib", "numpy", "pandas", "scipy", "sklearn"})
"""Packages whose objects are known to come back as they were."""


class ExactPickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """Protocol 5 with large memory out of band.

    Classes of the notebook are referred to by name, unless one is the value itself. Its
    functions are stored with their defaults and captured values, for these may change, and are
    bound to the namespace they are loaded into: a stored value never carries frozen globals.

    Args:
        file: Takes the envelope.
        on_buffer: Is given each block of memory; true keeps the block in the envelope.
        shared: Addresses of memory that several arrays look at, and identities of dicts of
            attributes that others hold. They are shared again after loading.
        bare: Whether the attributes of objects are stored as they are, where code of their
            class would set them.
    """

    def __init__(
        self,
        file: IO[bytes],
        on_buffer: Callable[[pickle.PickleBuffer], bool],
        shared: frozenset[int],
        *,
        bare: bool = False,
    ) -> None:
        super().__init__(file, protocol=5, buffer_callback=on_buffer)
        self.doubtful = False
        """Whether code that is not known to be exact sets the attributes of what comes back."""
        self._bare = bare
        self._of_class = False
        self._shared = shared
        self._memory: dict[int, Any] = {}
        self._own: set[int] = set()

    def reducer_override(self, obj: Any) -> Any:
        """What pickle calls for each object that is not a plain builtin."""
        refuse_meaningless(obj)
        if isinstance(obj, type | types.FunctionType):
            return self._reduce_definition(obj)
        if isinstance(obj, OwnClass):
            self._of_class = True
            known = is_type_name(obj.kind)
            return _reduce_type_name(obj.kind) if known else _reduce_class(obj.kind)
        if isinstance(obj, BaseException) and (made := reduced_exception(obj)) is not None:
            return made
        if isinstance(obj, types.CellType | types.CodeType):
            return _reduce_part(obj)
        if isinstance(obj, dict) and hasattr(obj, "__dict__") and vars(obj) is obj:
            return rebuild.attribute_dict, (type(obj),), None, None, iter(obj.items())
        numpy = sys.modules.get("numpy")
        if numpy is not None and type(obj) is numpy.ndarray:
            return self._reduce_array(obj)
        if is_tensor(obj):
            return self._reduce_tensor(obj)
        made = constant(obj) or dict_view(obj) or self._reduce_array_view(obj)
        made = made or reduced_table(obj) or reduced_column(obj) or reduced_keras_model(obj)
        if made is not None:
            return made
        return self._reduce_instance(obj)

    def _reduce_instance(self, obj: Any) -> Any:
        kind = type(obj)
        if is_type_name(obj):
            return obj.__name__ if has_its_name(obj) else _reduce_type_name(obj)
        if isinstance(obj, weakref.WeakSet) and not self._of_class:
            # What others hold is in it: these may let go of that in other processes.
            raise pickle.PicklingError("cannot pickle 'WeakSet' object")
        if kind in WEAK_MAPPINGS and self._of_class:
            return kind, (), None, None, iter(list(obj.items()))
        return self._reduce_stateful(obj)

    def _reduce_stateful(self, obj: Any) -> Any:
        kind = type(obj)
        if issubclass(kind, enum.Enum) and belongs_to_notebook(kind):
            known = obj.name in kind.__members__  # by value it may not be found: that may change
            return (getattr, (kind, obj.name)) if known else NotImplemented
        figure = sys.modules.get("matplotlib.figure")
        if figure is not None and isinstance(obj, figure.Figure):
            return _reduce_figure(obj)
        if forgotten := forgotten_by_library(obj):
            return with_forgotten(obj, forgotten)
        pandas = sys.modules.get("pandas")
        if pandas is not None and isinstance(obj, pandas.DataFrame | pandas.Series) and obj.attrs:
            return (*obj.__reduce_ex__(5)[:3], None, None, rebuild.set_frame)
        if self._shared and identity(attributes_of(obj)) in self._shared:
            return with_lent_attributes(obj)
        if (wrapped := wrapped_by(obj)) is not None:
            arguments = (kind, *wrapped)
            return rebuild.wrapper, arguments, vars(obj), None, None, rebuild.set_attributes
        state = whole_state(obj)
        if state is not None:
            made = copyreg.__newobj__, (type(obj),)  # type: ignore[attr-defined]
            return *made, state, None, None, rebuild.set_attributes
        if _sets_itself(type(obj)):
            self.doubtful = True
            return _reduce_bare(obj) if self._bare else NotImplemented
        own = with_slots(obj) or taken_apart_by_itself(obj) or unasked(obj)
        return own or super().reducer_override(obj)

    def _reduce_definition(self, definition: Any) -> Any:
        if not belongs_to_notebook(definition):
            return super().reducer_override(definition)
        if isinstance(definition, types.FunctionType):
            dispatcher = is_dispatcher(definition)
            return (reduced_dispatcher if dispatcher else reduced_function)(definition)
        if found_by_name(definition):
            return NotImplemented  # pickle's own way: module and name
        _refuse_past(definition)
        return _with_full_name(definition, super().reducer_override(definition))

    def _reduce_tensor(self, tensor: Any) -> Any:
        refuse_history(tensor)
        made = tensor.__reduce_ex__(5)
        if lies_in_memory(tensor):
            made = rebuild.tensor, self._tensor_parts(tensor)
        state = {**({} if tensor.grad is None else {"grad": tensor.grad}), **vars(tensor)}
        return (*made, state, None, None, rebuild.set_tensor) if state else made

    def _tensor_parts(self, tensor: Any) -> tuple[Any, ...]:
        memory, offset, strides = own_bytes(tensor)
        address = storage_address(tensor)
        if address in self._shared:
            memory = self._memory_at(address, lambda: storage_bytes(tensor))
            offset, strides = tensor.storage_offset(), tensor.stride()
        dtype = str(tensor.dtype).removeprefix("torch.")
        return memory, dtype, (offset, tuple(tensor.shape), strides), tensor.requires_grad

    def _memory_at(self, address: int, find: Callable[[], Any]) -> Any:
        """The one array that stands for this memory, whoever looks at it."""
        if address not in self._memory:
            self._memory[address] = find()
            self._own.add(id(self._memory[address]))
        return self._memory[address]

    def _reduce_array(self, array: Any) -> Any:
        refuse_meaningless(root_of(array))
        address, own = address_of(array), id(array) in self._own
        lender = root_of(array).base
        lender = lender.obj if isinstance(lender, memoryview) else lender
        plain = array.size and not array.dtype.hasobject and (own or address not in self._memory)
        if isinstance(lender, Lender) and plain:
            return self._view_of_bytes(lender, array)
        if address in self._shared and not own and array.size:
            return self._reduce_view(array, address)
        if own and is_plain_owner(array):
            return made_owner(array)
        contiguous = array.flags.c_contiguous or array.flags.f_contiguous
        if array.dtype.kind in "mM" and contiguous:  # pickle has no buffer for these
            order = "C" if array.flags.c_contiguous else "F"
            data = pickle.PickleBuffer(array.view("i8").ravel(order=order))
            return rebuild.dates, (data, array.dtype, array.shape, order)
        return super().reducer_override(array)

    def _view_of_bytes(self, lender: Lender, array: Any) -> Any:
        """A tensor that follows has to look at the same bytes, but cannot tell whose they are."""
        start, address = address_of(flat_bytes(lender)), address_of(array)
        if address in self._shared:
            self._memory_at(address, lambda: flat_bytes(lender)[address - start :])
        return self._view_of(lender, array, start)

    def _reduce_array_view(self, obj: Any) -> tuple[Any, ...] | None:
        """Where memory is shared, or NumPy would forget what an array was given as attributes."""
        made = array_view(obj)
        if made is None or has_attributes(obj):
            return made
        arrays = [part for part in made[1] if isinstance(part, sys.modules["numpy"].ndarray)]
        return made if any(address_of(array) in self._shared for array in arrays) else None

    def _reduce_view(self, array: Any, address: int) -> Any:
        root = root_of(array)
        stands = (lambda: root) if is_plain_owner(root) else (lambda: flat_memory(array))
        memory = self._memory_at(address, stands)
        if memory is array:
            return made_owner(array)
        if not memory.dtype.hasobject:
            return self._view_of(memory, array, address)
        offset = array.__array_interface__["data"][0] - address
        return made_over_objects(array, memory, offset)

    def _view_of(self, memory: Any, array: Any, address: int) -> Any:
        offset = array.__array_interface__["data"][0] - address
        arguments = (memory, array.dtype, array.shape, array.strides, offset)
        return made_by(array, rebuild.view, arguments)


@contextmanager
def bounded_recursion() -> Iterator[None]:
    """Within the block, a value nested too deeply raises RecursionError.

    Pickle takes one level of the C stack for each level of nesting, and Python 3.11 guards that
    stack only by the limit that users may raise for code of their own.
    """
    limit = sys.getrecursionlimit()
    if limit <= _SAFE_RECURSION or sys.version_info >= (3, 12):
        yield
        return
    sys.setrecursionlimit(_SAFE_RECURSION)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _reduce_part(part: types.CellType | types.CodeType) -> Any:
    """Of a function. Code that `exec` made of a text stays such; cloudpickle calls all alike."""
    if isinstance(part, types.CellType):
        return _reduce_cell(part)
    if part.co_filename != MADE_OF_TEXT:
        return NotImplemented
    make, given = cloudpickle.cloudpickle._code_reduce(part)  # noqa: SLF001
    return make, tuple(MADE_OF_TEXT if one == "<dynamic-code>" else one for one in given)


def _sets_itself(kind: type) -> bool:
    """Whether `__setstate__` of a class may leave out or change something on the way back."""
    own = getattr(kind, "__setstate__", None)
    if not isinstance(own, types.FunctionType):
        return False
    package = str(own.__module__).partition(".")[0]
    exact = package in _EXACT and not issubclass(kind, dict)  # as scikit-learn's `Bunch`
    return not exact and package not in sys.stdlib_module_names


def _reduce_bare(obj: Any) -> Any:
    """What it would be without methods of its own for this; one that is made by a call stays so."""
    made = obj.__reduce_ex__(5)
    if made[0] is not copyreg.__newobj__:  # type: ignore[attr-defined]
        return NotImplemented
    maker, arguments, _, *items = made
    return maker, arguments, object.__getstate__(obj), *items, rebuild.set_attributes


def _refuse_past(kind: type) -> None:
    """Stop at a class that the notebook has defined anew: its objects would come back of both.

    Raises:
        pickle.PicklingError: The name stands for another class by now.
    """
    if is_of_past(kind):
        name = kind.__qualname__
        raise pickle.PicklingError(f"cannot pickle '{name}' object: that class was defined anew")


def _reduce_type_name(value: Any) -> Any:
    parts = parts_of_type_name(value)
    return rebuild.type_name, (*parts, tracked(value), has_its_name(value))


def _reduce_class(kind: type) -> Any:
    maker, arguments, state, *_ = cloudpickle.cloudpickle._dynamic_class_reduce(kind)  # noqa: SLF001
    made = rebuild.own_class, (kind.__qualname__, maker, arguments)
    if issubclass(kind, enum.Enum):
        held = (state[0], members_of(kind))
        return *made, held, None, None, rebuild.set_own_enumeration
    if "_abc_impl" in state[0]:
        state[0]["_abc_impl"] = virtual_subclasses(kind)
    return *made, state, None, None, rebuild.set_own_class


def _with_full_name(kind: type, reduced: Any) -> Any:
    """A class made in a function, of which cloudpickle forgets in which; an enumeration's it keeps.

    The fourth argument of what makes the class anew is what its namespace begins with.
    """
    if issubclass(kind, enum.Enum) or not isinstance(reduced, tuple):
        return reduced
    maker, (meta, name, bases, begun, *others), *rest = reduced
    begun = {**begun, "__qualname__": kind.__qualname__}
    return maker, (meta, name, bases, begun, *others), *rest


def _reduce_cell(cell: types.CellType) -> Any:
    try:
        content = (cell.cell_contents,)
    except ValueError:  # not assigned yet
        return rebuild.empty_cell, ()
    return rebuild.empty_cell, (), content, None, None, rebuild.set_cell


def _reduce_figure(figure: Any) -> Any:
    state = figure.__getstate__()
    state.pop("_restore_to_pylab", None)  # else loading would open it in pyplot and show it
    return copyreg.__newobj__, (type(figure),), state  # type: ignore[attr-defined]
