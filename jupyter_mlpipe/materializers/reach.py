"""What a value leads to: mutable objects and memory, however far away."""

from __future__ import annotations

import builtins
import datetime
import decimal
import enum
import fractions
import gc
import io
import logging
import pathlib
import re
import struct
import sys
import types
import uuid
import weakref
from collections.abc import Iterable
from typing import Any

from jupyter_mlpipe.materializers.attributes import has_attributes_dict, perhaps_lent
from jupyter_mlpipe.materializers.classes import OwnClass, held_by
from jupyter_mlpipe.materializers.framed import through_frame, through_grouping, through_index
from jupyter_mlpipe.materializers.identity import identity, library_constants, shared_constants
from jupyter_mlpipe.materializers.memory import address_of, root_of
from jupyter_mlpipe.materializers.naming import belongs_to_notebook, found_by_name
from jupyter_mlpipe.materializers.reached import (
    ATOMS,
    Reached,
    Step,
    derives,
    held_objects,
    is_a,
    place_of,
)
from jupyter_mlpipe.materializers.tensors import gradient_of, storage_address
from jupyter_mlpipe.materializers.type_names import TYPE_NAMES
from jupyter_mlpipe.materializers.views import is_view
from jupyter_mlpipe.materializers.weak import weakly_held

_NOT_WALKED = (
    *(types.ModuleType, type, types.CodeType, types.FrameType, types.TracebackType),
    *(types.GeneratorType, types.CoroutineType, types.GenericAlias, weakref.ref),
    *(datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo, decimal.Decimal),
    *(fractions.Fraction, enum.Enum, pathlib.PurePath, re.Pattern, re.Match, uuid.UUID),
    struct.Struct,
    *TYPE_NAMES,
)
"""Immutable, stored by name, or never stored: reaching one of these together shares nothing."""
_COMPILED_FUNCTIONS = frozenset(
    {"_ArrayFunctionDispatcher", "cython_function_or_method", "fused_cython_function"}
)
"""Classes, to be told by their names alone, of functions of libraries, which are stored by name."""
_NOT_COUNTED = (
    *(tuple, frozenset, slice, types.MappingProxyType, types.MethodType),
    *(types.BuiltinFunctionType, types.MemberDescriptorType, types.GetSetDescriptorType),
)
"""Immutable themselves, but they may lead to something mutable."""
_MOST_ASKED = 1_000
"""Objects that are asked for their dicts of attributes, where that makes them."""


def is_atom(value: Any) -> bool:
    """Whether a value neither changes nor leads anywhere."""
    return place_of(type(value)) in ATOMS


class Walker:
    """Follows references from many values; short-lived, for it remembers classes by place.

    Args:
        once: Whether a mutable object that an earlier value led to is noted, but not followed
            once more.
    """

    def __init__(self, *, once: bool = False) -> None:
        self._once = once
        self._constants = shared_constants()
        self._steps: dict[int, tuple[type, Step]] = {}
        self._followed: set[int] = set()
        self._alive: list[Any] = []
        """An object made on the way must not lend its identity to another."""

    def reach(self, value: Any) -> Reached:
        """Follow every reference but those to modules and to definitions found by name."""
        reached = Reached()
        seen = set(self._constants)
        waiting = [value]
        while waiting:
            fresh = {
                ~place_of(item): item
                for item in waiting
                if (kind := type(item)) is not str
                and kind is not int
                and kind is not float
                and place_of(kind) not in ATOMS
            }
            for known in seen & fresh.keys():
                del fresh[known]
            seen.update(fresh)
            for known in self._followed & fresh.keys():
                reached.objects.add(known)
                del fresh[known]
            self._alive.append(fresh)
            containers, others = _sorted_out(fresh, reached)
            waiting = gc.get_referents(*containers)
            for item in others:
                waiting.extend(self._step(type(item))(item, reached))
        reached.met = seen
        if self._once:
            self._followed |= reached.objects
        return reached

    def classes(self) -> Iterable[type]:
        """Of all objects met so far, plain containers and atoms aside."""
        return (kind for kind, _ in self._steps.values())

    def _step(self, kind: type) -> Step:
        known = self._steps.get(place_of(kind))
        if known is None:
            known = self._steps[place_of(kind)] = kind, _step_for(kind)
        return known[1]


def _sorted_out(fresh: dict[int, Any], reached: Reached) -> tuple[list[Any], list[Any]]:
    """Plain containers, which are noted and followed in one go, and everything else.

    One by one they would take ten times as long.
    """
    containers: list[Any] = []
    others: list[Any] = []
    changing = reached.objects
    for place, item in fresh.items():
        kind = type(item)
        if kind is tuple or kind is frozenset:
            containers.append(item)
        elif kind is list or kind is set:
            changing.add(place)
            containers.append(item)
        elif kind is not dict:
            others.append(item)
        elif "__name__" not in item or not _is_namespace(item):
            changing.add(place)
            containers.append(item)
    return containers, others


def _step_for(kind: type) -> Step:
    """How to note an object of this class, and to say what it leads to."""
    if is_a(kind, "numpy", "void"):
        return _through_record
    if _is_constant(kind) or _runs_the_notebook(kind):
        return _through_nothing
    if kind is types.FunctionType:
        return _through_function
    if kind is OwnClass:
        return _through_class
    if derives(kind, (logging.Logger,)):
        return _through_logger
    for module, names, through in _LIBRARIES:
        if is_a(kind, module, *names):
            return through
    parameters = getattr(kind, "__dataclass_params__", None)
    frozen = parameters is not None and parameters.frozen
    through = _through_immutable if frozen or derives(kind, _NOT_COUNTED) else _through_object
    if through is _through_object and has_attributes_dict(kind):
        through = _through_owner
    constants = library_constants(kind)
    return _sparing(constants, through) if constants else through


def _sparing(constants: frozenset[int], through: Step) -> Step:
    return lambda item, reached: () if identity(item) in constants else through(item, reached)


def _is_constant(kind: type) -> bool:
    """Whether objects of this class are immutable, stored by name, or never stored."""
    return (
        derives(kind, _NOT_WALKED)
        or kind.__name__ in _COMPILED_FUNCTIONS
        or is_a(kind, "numpy", "generic", "dtype", "ufunc")
        or is_a(kind, "pandas.api.extensions", "ExtensionDtype")
        or is_a(kind, "pandas._libs.tslibs.offsets", "BaseOffset")
        or is_a(kind, "matplotlib.backend_bases", "RendererBase", "FigureCanvasBase")
    )


def _runs_the_notebook(kind: type) -> bool:
    """Shells, kernels and event loops: each thread leads to them, and they to every variable."""
    shell = is_a(kind, "traitlets.config.configurable", "Configurable")
    return shell or is_a(kind, "asyncio.events", "AbstractEventLoop")


def _through_nothing(_item: Any, _reached: Reached) -> Iterable[Any]:
    return ()


def _through_immutable(item: Any, _reached: Reached) -> Iterable[Any]:
    return gc.get_referents(item)


def _through_object(item: Any, reached: Reached) -> Iterable[Any]:
    reached.objects.add(identity(item))
    return gc.get_referents(item)


def _through_owner(item: Any, reached: Reached) -> Iterable[Any]:
    led_to = gc.get_referents(item)
    reached.objects.add(identity(item))
    ask = len(reached.objects) <= _MOST_ASKED
    if (dict_ := perhaps_lent(item, led_to, ask=ask)) is not None:
        reached.dicts.setdefault(identity(dict_), []).append(item)
    return led_to


def _at_object(item: Any, reached: Reached) -> Iterable[Any]:
    reached.objects.add(identity(item))
    return ()


def _through_path(item: Any, reached: Reached) -> Iterable[Any]:
    """Matplotlib shares paths that are read-only, and what says how all of their copies go on."""
    if item.readonly:
        return ()
    reached.objects.add(identity(item))
    codes = item.codes
    kept = codes is not None and not codes.flags.writeable and codes.flags.owndata
    return [part for part in vars(item).values() if not (kept and part is codes)]


def _is_namespace(item: dict[Any, Any]) -> bool:
    module = sys.modules.get(str(item["__name__"]))
    return (module is not None and vars(module) is item) or item is vars(builtins)


def _through_function(function: types.FunctionType, reached: Reached) -> Iterable[Any]:
    """One without attributes is immutable itself; what it captures may not be."""
    if found_by_name(function) and not belongs_to_notebook(function):
        return ()
    if vars(function):
        reached.objects.add(identity(function))
    named = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    cells = [cell for name, cell in named if name != "__class__"]  # what `super()` needs
    return (function.__defaults__, function.__kwdefaults__, *cells, *vars(function).values())


def _through_cached(function: Any, reached: Reached) -> Iterable[Any]:
    """What `functools.lru_cache` gathered in a library's function is the library's."""
    if found_by_name(function) and not belongs_to_notebook(function):
        return ()
    return _through_object(function, reached)


def _through_class(own: OwnClass, _reached: Reached) -> Iterable[Any]:
    held = held_by(own.kind).values()
    return (*held, *weakly_held(held))  # these share it with who holds them otherwise


def _through_logger(logger: logging.Logger, _reached: Reached) -> Iterable[Any]:
    """It is stored by its name; what is logged may be gathered by the notebook's own code."""
    asked: logging.Logger | None = logger
    while asked is not None:
        for handler in asked.handlers:
            stream = getattr(handler, "stream", None)
            if belongs_to_notebook(type(handler)):
                yield handler
            elif isinstance(stream, io.StringIO):
                yield stream
        asked = asked.parent if asked.propagate else None


def _through_array(array: Any, reached: Reached) -> Iterable[Any]:
    root = root_of(array)
    address = address_of(root)
    reached.arrays.setdefault(address, set()).add(identity(array))
    if array.flags.writeable:
        reached.writable.add(address)
    return (root.base, *held_objects(array), *getattr(array, "__dict__", {}).values())


def _through_record(record: Any, reached: Reached) -> Iterable[Any]:
    if not is_view(record):
        return ()
    address = address_of(record.base)
    reached.arrays.setdefault(address, set()).add(identity(record))
    reached.writable.add(address)
    return (record.base,)


def _through_tensor(tensor: Any, reached: Reached) -> Iterable[Any]:
    reached.objects.add(identity(tensor))
    address = storage_address(tensor)
    if address:
        reached.arrays.setdefault(address, set()).add(identity(tensor))
    return (gradient_of(tensor), *vars(tensor).values())


_LIBRARIES: tuple[tuple[str, tuple[str, ...], Step], ...] = (
    ("functools", ("_lru_cache_wrapper",), _through_cached),
    ("numpy", ("ndarray",), _through_array),
    ("pandas", ("DataFrame", "Series"), through_frame),
    ("pandas", ("Index",), through_index),
    ("pandas.core.groupby.grouper", ("Grouping",), through_grouping),
    ("pandas.core.groupby.ops", ("BaseGrouper",), through_grouping),
    ("torch", ("Tensor",), _through_tensor),
    ("matplotlib.path", ("Path",), _through_path),
    ("matplotlib.colors", ("Colormap",), _at_object),  # its colours are those of all its copies
)
"""Classes that say themselves what they lead to."""
