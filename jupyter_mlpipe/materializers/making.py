"""Calls that make arrays again, in the words of pickle: a function and its arguments."""

from __future__ import annotations

import pickle
from typing import Any

from jupyter_mlpipe.materializers import rebuild


def made_by(array: Any, function: Any, arguments: Any) -> Any:
    """Where the array refuses to be written to, what is made again does so too."""
    if array.flags.writeable:
        return function, arguments
    return rebuild.read_only, (_Made(function, arguments),)


def made_owner(array: Any) -> Any:
    """Of an array that owns its memory: those that look at it then have it as their `base`."""
    arguments = (pickle.PickleBuffer(array), array.dtype, array.shape)
    return made_by(array, rebuild.owner, arguments)


def made_over_objects(array: Any, memory: Any, offset: int) -> Any:
    """Of an array that looks at memory in which Python objects are; `offset` in bytes.

    Raises:
        TypeError: It could not be made again.
    """
    start, inner = divmod(offset, memory.itemsize)
    place = (array.shape, array.strides, start)
    if array.dtype == memory.dtype:
        rebuild.object_view(memory, *place)
        return made_by(array, rebuild.object_view, (memory, *place))
    fields = (memory, array.dtype, inner)
    rebuild.object_view(rebuild.fields_view(*fields), *place)
    return made_by(array, rebuild.object_view, (_Made(rebuild.fields_view, fields), *place))


def with_forgotten(obj: Any, attributes: dict[str, Any]) -> Any:
    """As its class says, and the attributes that it leaves out."""
    function, arguments, state, items, pairs = (*obj.__reduce_ex__(5), *[None] * 3)[:5]
    return function, arguments, (state, attributes), items, pairs, rebuild.set_forgotten


class _Made:
    """Stands for a call inside the arguments of another."""

    def __init__(self, function: Any, arguments: Any) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> Any:
        return self._call
