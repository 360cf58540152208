"""What a local module holds, looked at closely enough to see that its own functions changed it."""

from __future__ import annotations

import functools
import re
import types
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import xxhash

from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.builtin_types import is_atom
from jupyter_mlpipe.materializers.fingerprint import fingerprint

_FIXED = (
    *(types.ModuleType, type, types.BuiltinFunctionType, types.GetSetDescriptorType),
    *(types.MemberDescriptorType, property, staticmethod, classmethod, weakref.ref),
    type(functools.cache(len)),
)
"""Types of what changes only by being replaced, or only as to what it remembers."""
_UNSAID = re.compile(r"__\w+__|_abc_impl")
_DEEPEST = 4
_MOST_PARTS = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """What one name of a module is bound to."""

    value: Any
    mark: bytes | None
    """Digest of what can change in it; None where there is no such thing."""

    def is_same(self, other: Entry | None) -> bool:
        """The very object, unchanged, or an equal number or text."""
        if other is None or self.mark != other.mark:
            return False
        return self.value is other.value or (
            is_atom(type(self.value)) and is_atom(type(other.value))
        )


Content = Mapping[str, Entry]
"""By name; what a class holds goes by `Class.name`."""


def content_of(module: types.ModuleType, buffers: BufferDigests, known: Content) -> Content:
    """The present content; `known` is what it was when it was last looked at."""
    found: dict[str, Entry] = {}
    for name, value in list(vars(module).items()):
        if _UNSAID.fullmatch(name):
            continue
        found[name] = _entry(value, buffers, known.get(name))
        if issubclass(type(value), type) and _module_of(value) == module.__name__:
            for inner, held in list(type.__getattribute__(value, "__dict__").items()):
                if not _UNSAID.fullmatch(inner):
                    path = f"{name}.{inner}"
                    found[path] = _entry(held, buffers, known.get(path))
    return found


def changed(before: Content, after: Content, package: str) -> frozenset[str]:
    """Names that differ; a name that a package lends itself when first asked for is none."""
    return frozenset(
        name
        for name in before.keys() | after.keys()
        if not (after[name].is_same(before.get(name)) if name in after else False)
        and not (name not in before and _is_lent(after[name].value, package))
    )


def merged(kept: Content, before: Mapping[str, Any], loaded: Content) -> Content:
    """What counts as unchanged once a module was loaded anew into the namespace it had.

    What its code did not bind again is as changed as it was.
    """
    left = {name for name, entry in loaded.items() if _at(before, name) is entry.value}
    return {
        **{name: entry for name, entry in kept.items() if name in left},
        **{name: entry for name, entry in loaded.items() if name not in left},
    }


def own_names(value: Any) -> dict[str, Any]:
    """What an object holds by name; without asking code of the user's, as far as that goes."""
    try:
        held = object.__getattribute__(value, "__dict__")
    except Exception:  # noqa: BLE001 - it has none, or a property of the user's in its place
        return {}
    return held if type(held) is dict else {}


def _at(before: Mapping[str, Any], path: str) -> Any:
    first, _, inner = path.partition(".")
    value = before.get(first, before)
    if inner and issubclass(type(value), type):
        return type.__getattribute__(value, "__dict__").get(inner, before)
    return before if inner else value


def _is_lent(value: Any, package: str) -> bool:
    if issubclass(type(value), types.ModuleType):
        return True
    if not issubclass(type(value), type | types.FunctionType):
        return False
    return str(_module_of(value)).partition(".")[0] == package


def _module_of(value: Any) -> Any:
    """Of a function or class, whatever its metaclass would say."""
    if issubclass(type(value), type):
        return type.__getattribute__(value, "__module__")
    return value.__module__


def _entry(value: Any, buffers: BufferDigests, known: Entry | None) -> Entry:
    kind = type(value)
    if issubclass(kind, types.FunctionType):
        kept = _kept_by(value)
        return Entry(value, _mark(kept, buffers, None) if kept else None)
    if issubclass(kind, _FIXED):
        return Entry(value, None)
    expected = known.mark if known is not None and known.value is value else None
    return Entry(value, _mark(value, buffers, expected))


def _kept_by(function: types.FunctionType) -> tuple[Any, ...]:
    """What a function may keep from call to call."""
    cells = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    held = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values(), *cells]
    # A generic function remembers which of its cases fits a class.
    weak = (*_FIXED, types.FunctionType, weakref.WeakKeyDictionary)
    kept = [v for v in held if not is_atom(type(v)) and not issubclass(type(v), weak)]
    own = {n: v for n, v in vars(function).items() if not issubclass(type(v), weak)}
    return (*kept, *([own] if own else []))


def _is_filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _mark(value: Any, buffers: BufferDigests, expected: bytes | None) -> bytes:
    return fingerprint(value, buffers, expected) or _marked_by_parts(value, buffers, _DEEPEST)


def _marked_by_parts(value: Any, buffers: BufferDigests, depth: int) -> bytes:
    """Of an object that cannot be looked into as a whole, such as one that holds a lock."""
    digest = xxhash.xxh3_128(id(value).to_bytes(8, "little"))
    for part in _parts(value) if depth else ():
        found = fingerprint(part, buffers)
        digest.update(found or _marked_by_parts(part, buffers, depth - 1))
    return digest.digest()


def _parts(value: Any) -> Iterable[Any]:
    kind = type(value)
    if kind is dict:
        parts = [*value, *value.values()]
    elif kind in (list, tuple, set, frozenset):
        parts = list(value)
    else:
        held = own_names(value)
        parts = [held] if held else []
    return parts[:_MOST_PARTS]
