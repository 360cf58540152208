"""Objects that look at the memory or the items of another, beside plain arrays.

Pickled by themselves they would come back as copies.
"""

from __future__ import annotations

import gc
import sys
import types
from collections import OrderedDict
from typing import Any

from jupyter_mlpipe.materializers import rebuild
from jupyter_mlpipe.materializers.memory import flat_memory

_DICT_VIEWS = {
    type(getattr(kind(), name)()): getattr(kind, name)
    for kind in (dict, OrderedDict)
    for name in ("keys", "values", "items")
} | {types.MappingProxyType: types.MappingProxyType}
"""Type of a view to the method that makes one."""


def dict_view(obj: Any) -> tuple[Any, ...] | None:
    """How to make `d.keys()` or a read-only proxy again, over the same dict; else None."""
    method = _DICT_VIEWS.get(type(obj))
    if method is None:
        return None
    (mapping,) = gc.get_referents(obj)
    of_class = method is types.MappingProxyType and "__module__" in mapping
    return None if of_class else (method, (mapping,))


def array_view(obj: Any) -> tuple[Any, ...] | None:
    """How to make a record, masked array or array of a subclass again, over a plain array.

    None for anything else, and where a class says itself how its arrays are pickled.
    """
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(obj, numpy.ndarray | numpy.void):
        return None
    if type(obj) is numpy.void:
        return (rebuild.record, (_row_of(obj),)) if is_view(obj) else None
    if type(obj) is numpy.ma.MaskedArray and obj.dtype.names is None:
        mask = None if obj._mask is numpy.ma.nomask else obj._mask  # noqa: SLF001  # a copy else
        fill = obj._fill_value  # noqa: SLF001  # asking for it would set it
        return rebuild.masked, (obj._data, mask, fill, obj._hardmask)  # noqa: SLF001
    own = type(obj).__reduce__ is numpy.ndarray.__reduce__
    if type(obj) is numpy.ndarray or not own:
        return None
    # Where a map lies says nothing once it is an array in the store.
    attributes = {} if type(obj) is numpy.memmap else getattr(obj, "__dict__", {})
    return rebuild.array_of, (type(obj), obj.view(numpy.ndarray), attributes)


def has_attributes(array: Any) -> bool:
    """Whether an array of a subclass was given any."""
    return bool(getattr(array, "__dict__", None))


def is_view(record: Any) -> bool:
    """Whether a record is a row of an array rather than a value of its own."""
    return isinstance(record.base, sys.modules["numpy"].ndarray)


def _row_of(record: Any) -> Any:
    """The row as an array without dimensions, over the same memory."""
    import numpy as np

    memory = flat_memory(record.base)
    offset = record.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
    if not memory.dtype.hasobject:
        return np.ndarray((), record.dtype, memory, offset)
    start, inner = divmod(offset, memory.itemsize)
    alike = record.dtype == memory.dtype
    return (memory if alike else rebuild.fields_view(memory, record.dtype, inner))[start, ...]
