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
from jupyter_mlpipe.model.errors import ValueNotStorableError

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
    writable: set[int] = field(default_factory=set)
    """Addresses at which at least one of these arrays may be written to."""
    frames: dict[int, set[int]] = field(default_factory=dict)
    """As `arrays`, for pandas objects: among themselves they copy before they write."""


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

    Memory that several pandas objects look at is not among them: they are independent of each
    other, and would not know after loading that they must copy before they write.

    Raises:
        ValueNotStorableError: An array writes into the memory of several of them: neither
            sharing it nor parting it would be the same after loading.
    """
    reached = _reach(value)
    shared = set()
    for address, arrays in reached.arrays.items():
        frames = reached.frames.get(address, set())
        if len(frames) > 1 and address in reached.writable:
            raise ValueNotStorableError(
                "An array is a view into several pandas objects at once, which cannot be "
                "restored. Make it a copy, such as `array = array.copy()`."
            )
        if len(frames) <= 1 and len(arrays) + len(frames) > 1:
            shared.add(address)
    return frozenset(shared)


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
    seen = _constants()
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


def _constants() -> set[int]:
    """Identities of what all figures refer to: matplotlib's settings, and its marker paths."""
    settings = getattr(sys.modules.get("matplotlib"), "rcParams", {})
    markers = getattr(sys.modules.get("matplotlib.markers"), "__dict__", {})
    shapes = vars(markers.get("MarkerStyle", object))
    return {id(value) for values in (settings, markers, shapes) for value in values.values()}


def _step(item: Any, reached: _Reached) -> Iterable[Any]:
    """Note what `item` is, and say what it leads to."""
    if isinstance(item, _NOT_WALKED) or _is_namespace(item):
        return ()
    if isinstance(item, types.FunctionType):
        return _through_function(item, reached)
    if _is_a(item, "numpy", "ndarray"):
        if item.flags.writeable:
            reached.writable.add(address_of(item))
        return _through_array(item, reached.arrays, id(item))
    if _is_a(item, "pandas", "DataFrame", "Series"):
        return _through_frame(item, reached)
    if _is_a(item, "pandas", "Index"):
        return _framed_arrays([item], reached, id(item))
    if _is_a(item, "torch", "Tensor"):
        return _through_tensor(item, reached)
    return () if _is_immutable(item) else _through_object(item, reached)


def _is_immutable(item: Any) -> bool:
    if _is_a(item, "numpy", "generic", "dtype", "ufunc"):
        return True
    return _is_a(item, "matplotlib.path", "Path") and bool(item.readonly)


def _through_object(item: Any, reached: _Reached) -> Iterable[Any]:
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
    root = root_of(array)
    looked_at.setdefault(address_of(array), set()).add(looker)
    lent = () if root.base is None else (root.base,)
    held = array.ravel().tolist() if array.dtype.hasobject else ()
    return (*lent, *held, *getattr(array, "__dict__", {}).values())


def _through_frame(frame: Any, reached: _Reached) -> Iterable[Any]:
    reached.objects.add(id(frame))
    columns = [frame] if frame.ndim == 1 else [column for _, column in frame.items()]
    arrays = [column.array for column in columns]
    extra = [getattr(frame, name, None) for name in frame._metadata]  # noqa: SLF001  # of subclasses
    return (
        *_framed_arrays([*arrays, *frame.axes], reached, id(frame)),
        *frame.attrs.values(),
        *extra,
    )


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
            waiting.extend(_index_arrays(item))
        elif _is_a(item, "pandas.api.extensions", "ExtensionArray") or type(item) is dict:
            waiting.extend(gc.get_referents(item))


def _index_arrays(index: Any) -> Iterable[Any]:
    return (*index.levels, *index.codes) if index.nlevels > 1 else (index.array,)


def _through_tensor(tensor: Any, reached: _Reached) -> Iterable[Any]:
    reached.objects.add(id(tensor))
    reached.arrays.setdefault(tensor.untyped_storage().data_ptr(), set()).add(id(tensor))
    return (tensor.grad, *vars(tensor).values())
