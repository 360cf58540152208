"""What a class or function of the notebook is given while its definition stands."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.classes import functions_in, held_by, virtual_subclasses
from jupyter_mlpipe.materializers.fingerprint import fingerprint


def state_fingerprint(definition: type | FunctionType, buffers: BufferDigests) -> bytes | None:
    """The fingerprint of what may change of it; None where nothing may.

    What cannot be looked into, such as a lock or a connection of a class, counts by identity.
    """
    held = held_by(definition)
    if not held or (found := fingerprint(held, buffers, lenient=True)) is not None:
        return found if held else None
    there = vars(definition)
    each = {name: fingerprint(v, buffers) or id(there.get(name)) for name, v in held.items()}
    return fingerprint(each)


def form_of(definition: type | FunctionType) -> tuple[Any, ...]:
    """What a function, or each method of a class, runs and takes by default: it may be replaced."""
    held = vars(definition).values() if isinstance(definition, type) else (definition,)
    functions = (function for value in held for function in functions_in(value) if function)
    return tuple(part for function in functions for part in _parts(function))


def _parts(function: FunctionType) -> tuple[Any, ...]:
    by_keyword = function.__kwdefaults__ or {}
    return (function.__code__, function.__defaults__, *by_keyword, *by_keyword.values())


@contextmanager
def still_registered(abstract: Iterable[Any]) -> Iterator[None]:
    """Classes registered with these when the block begins are so when it ends.

    Definitions further below may have done that, of which a state from above knows nothing.
    """
    found = [(kind, virtual_subclasses(kind)) for kind in abstract]
    yield
    for kind, subclasses in found:
        for subclass in subclasses:
            ABCMeta.register(kind, subclass)
