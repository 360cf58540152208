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


class _Made:
    """Stands for a call inside the arguments of another."""

    def __init__(self, function: Any, arguments: Any) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> Any:
        return self._call
