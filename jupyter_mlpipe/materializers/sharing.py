"""Which values share mutable memory, so that they are kept and brought back together."""

from __future__ import annotations

import builtins
import datetime
import decimal
import enum
import fractions
import gc
import logging
import pathlib
import re
import sys
import types
import uuid
import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_mlpipe.materializers.memory import address_of, root_of
from jupyter_mlpipe.materializers.naming import found_by_name

_ATOMS = frozenset(
    {int, float, complex, bool, str, bytes, type(None), type(Ellipsis), type(NotImplemented), range}
)
"""Exact types that hold nothing and cannot change; looked up before anything else."""
_NOT_WALKED = (
    *(types.ModuleType, type, types.CodeType, types.FrameType, types.TracebackType),
    *(types.GeneratorType, types.CoroutineType, types.GenericAlias, weakref.ref, logging.Logger),
    *(datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo, decimal.Decimal),
    *(fractions.Fraction, enum.Enum, pathlib.PurePath, re.Pattern, re.Match, uuid.UUID),
)
"""Immutable, stored by name, or never stored: reaching one of these together shares nothing."""
_NOT_COUNTED = (
    *(tuple, frozenset, slice, types.MappingProxyType, types.MethodType),
    *(types.BuiltinFunctionType, types.MemberDescriptorType, types.GetSetDescriptorType),
)
"""Immutable themselves, but they may lead to something mutable."""


@dataclass(slots=True)
class _Reached:
    """What one value leads to."""

    objects: set[int] = field(default_factory=set)
    """Identities of mutable objects."""
    arrays: dict[int, set[int]] = field(default_factory=dict)
    """Address of each block of memory, and the identities of the arrays that look at it."""
    frames: dict[int, set[int]] = field(default_factory=dict)
    """The same for the pandas objects that look at it: among themselves they copy on write."""


def sharing_groups(values: Mapping[str, Any]) -> tuple[frozenset[str], ...]:
    """Names, two or more to a group, whose values lead to a common mutable object or memory.

    Changing one value of a group in place may change the others. Modules, and functions and
    classes that are found by name, link nothing. Two pandas objects that look at the same
    memory are not linked, because each copies before it writes; an array over the memory of
    a frame is. Nothing is left out for the sake of speed.
    """
    owners: dict[object, list[str]] = {}
    framed: dict[object, list[str]] = {}
    for name, value in values.items():
        reached = _reach(value)
        for identity in reached.objects:
            owners.setdefault(identity, []).append(name)
        for address in reached.arrays:
            owners.setdefault(("memory", address), []).append(name)
        for address in reached.frames:
            framed.setdefault(("memory", address), []).append(name)
    links = [names + framed.get(key, []) for key, names in owners.items()]
    return _connected(links, list(values))


def shared_memory(value: Any) -> frozenset[int]:
    """Addresses of memory that several arrays inside one value look at.

    Memory that only pandas objects look at is not among them: they are independent of each
    other, and would not know after loading that they must copy before they write.
    """
    reached = _reach(value)
    return frozenset(
        address
        for address, arrays in reached.arrays.items()
        if len(arrays) + len(reached.frames.get(address, ())) > 1
    )


def _connected(links: Iterable[list[str]], names: list[str]) -> tuple[frozenset[str], ...]:
    leader = {name: name for name in names}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for first, *others in links:
        for other in others:
            leader[find(other)] = find(first)
    groups: dict[str, set[str]] = {}
    for name in names:
        groups.setdefault(find(name), set()).add(name)
    return tuple(frozenset(group) for group in groups.values() if len(group) > 1)


def _reach(value: Any) -> _Reached:
    reached = _Reached()
    seen: set[int] = set()
    waiting = [value]
    alive: list[Any] = []  # an object made on the way must not lend its identity to another
    while waiting:
        item = waiting.pop()
        if type(item) in _ATOMS or id(item) in seen:
            continue
        seen.add(id(item))
        alive.append(item)
        waiting.extend(_step(item, reached))
    return reached


def _step(item: Any, reached: _Reached) -> Iterable[Any]:
    """Note what `item` is, and say what it leads to."""
    if isinstance(item, _NOT_WALKED) or _is_namespace(item):
        return ()
    if isinstance(item, types.FunctionType):
        return _through_function(item, reached)
    if _is_a(item, "numpy", "ndarray"):
        lender = root_of(item).base
        inside = _through_array(item, reached.arrays, id(item))
        return inside if lender is None else (lender, *inside)
    if _is_a(item, "numpy", "generic", "dtype", "ufunc"):
        return ()
    if _is_a(item, "pandas", "DataFrame", "Series"):
        return _through_frame(item, reached)
    if _is_a(item, "pandas", "Index"):
        return _framed_arrays([item.array], reached, id(item))
    if _is_a(item, "torch", "Tensor"):
        return _through_tensor(item, reached)
    if not isinstance(item, _NOT_COUNTED) and not _is_frozen(item):
        reached.objects.add(id(item))
    return gc.get_referents(item)


def _is_a(item: Any, module: str, *names: str) -> bool:
    """Whether it is an instance of a library's class; the library is never imported."""
    library = sys.modules.get(module)
    kinds = tuple(getattr(library, name, None) for name in names)
    return any(isinstance(kind, type) and isinstance(item, kind) for kind in kinds)


def _is_namespace(item: Any) -> bool:
    if type(item) is not dict or "__name__" not in item:
        return False
    module = sys.modules.get(str(item["__name__"]))
    return (module is not None and vars(module) is item) or item is vars(builtins)


def _is_frozen(item: Any) -> bool:
    parameters = getattr(type(item), "__dataclass_params__", None)
    return bool(parameters is not None and parameters.frozen)


def _through_function(function: types.FunctionType, reached: _Reached) -> Iterable[Any]:
    if found_by_name(function):
        return ()
    reached.objects.add(id(function))
    parts = (function.__defaults__, function.__kwdefaults__, function.__closure__)
    return (*parts, *vars(function).values())


def _through_array(array: Any, looked_at: dict[int, set[int]], looker: int) -> Iterable[Any]:
    looked_at.setdefault(address_of(array), set()).add(looker)
    held = array.ravel().tolist() if array.dtype.hasobject else ()
    return (*held, *getattr(array, "__dict__", {}).values())


def _through_frame(frame: Any, reached: _Reached) -> Iterable[Any]:
    reached.objects.add(id(frame))
    columns = [frame] if frame.ndim == 1 else [column for _, column in frame.items()]
    arrays = [column.array for column in columns]
    axes = [axis.array for axis in frame.axes]
    extra = [getattr(frame, name, None) for name in frame._metadata]  # noqa: SLF001  # of subclasses
    return (*_framed_arrays([*arrays, *axes], reached, id(frame)), *frame.attrs.values(), *extra)


def _framed_arrays(arrays: list[Any], reached: _Reached, frame: int) -> Iterator[Any]:
    """Note the NumPy memory below pandas' own arrays; what they hold as objects leads on."""
    waiting, seen = list(arrays), set[int]()
    alive: list[Any] = []
    while waiting:
        item = waiting.pop()
        if type(item) in _ATOMS or id(item) in seen or isinstance(item, _NOT_WALKED):
            continue
        seen.add(id(item))
        alive.append(item)
        if _is_a(item, "numpy", "ndarray"):
            yield from _through_array(item, reached.frames, frame)
        elif _is_a(item, "pandas", "Index"):
            waiting.append(item.array)
        elif _is_a(item, "pandas.api.extensions", "ExtensionArray") or type(item) is dict:
            waiting.extend(gc.get_referents(item))


def _through_tensor(tensor: Any, reached: _Reached) -> Iterable[Any]:
    reached.objects.add(id(tensor))
    reached.arrays.setdefault(tensor.untyped_storage().data_ptr(), set()).add(id(tensor))
    return (tensor.grad, *vars(tensor).values())
