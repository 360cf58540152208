"""Names of installed modules, of Python's own and of their classes that the user's code replaced.

Libraries bind names of their own modules as they go: what they load late, what they remember.
So a name counts if it leads to code or objects of the user's, or if a public one was replaced. A
list, dict or set of a module counts as far as it holds such code or objects: a registry.
"""

from __future__ import annotations

import copyreg
import functools
import itertools
import operator
import sys
import types
import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from jupyter_mlpipe.analysis.bytecode import global_names
from jupyter_mlpipe.analysis.origins import is_local_file, is_ours
from jupyter_mlpipe.engine.library_settings import ZONE_NAMES
from jupyter_mlpipe.engine.module_content import own_names
from jupyter_mlpipe.materializers.builtin_types import is_atom
from jupyter_mlpipe.materializers.fingerprint import content_digest, parts_of, still_holds

Patched = Mapping[str, Any]
"""By name, what it leads to now."""

_ABSENT = object()
_IMMUTABLE = 1 << 8
"""The flag of classes to which nothing can be bound."""
_OF_SHELL = frozenset({"_", "display", "exit", "quit", "get_ipython", "execfile", "runfile"})
_SHELL = frozenset({"IPython", "ipykernel"})
"""What these bind, they bind anew for each cell."""
_STATE_OF_SYS = frozenset(
    {
        *("stdin", "stdout", "stderr", "displayhook", "excepthook", "ps1", "ps2", "ps3"),
        *("last_type", "last_value", "last_traceback", "last_exc", "modules", "flags"),
    }
)
"""What the shell changes from cell to cell; the streams are looked after elsewhere."""
_CARRIED = types.MappingProxyType({"sys": _STATE_OF_SYS, "time": ZONE_NAMES})
"""By module: what is state of the process."""
_PLAIN = (bool, int, float, complex, str, bytes, type(None), list, tuple, dict, set, frozenset)


@dataclass(frozen=True, slots=True)
class Holder:
    """A module or class whose names may be bound to something else."""

    name: str
    """As an import finds it."""
    owner: types.ModuleType | type

    @property
    def names(self) -> Mapping[str, Any]:
        """What it holds now; never runs code of the user's."""
        if isinstance(self.owner, type):
            held: Mapping[str, Any] = type.__getattribute__(self.owner, "__dict__")
            return held
        return vars(self.owner)


class Patches:
    """Remembers what each holder held when it was first looked at."""

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self._met: list[str] = []
        self._mentioned: set[str] = set()
        self._offered: dict[str, tuple[tuple[Holder, int], ...]] = {}
        self._registries: dict[int, _Registry] = {}

    def meet(self) -> None:
        """Remember what Python's own modules hold, as far as they were loaded since the last call.

        Else what is bound in one before a step first looks at it would pass for its own.
        """
        loaded = list(sys.modules)
        if loaded == self._met:
            return
        fresh = frozenset(loaded).difference(self._met)
        self._met = loaded
        for name in fresh:
            module = sys.modules.get(name)
            if _top(name) in sys.stdlib_module_names and type(module) is types.ModuleType:
                self._known.setdefault(id(module), _Known(module, dict(vars(module)), {}, {}, {}))

    def mention(self, words: frozenset[str]) -> None:
        """Steps have these words in their text."""
        self._mentioned |= words

    def of(self, holder: Holder) -> Patched:
        """What is patched in it now.

        A plain value that the module itself binds as it goes, as `tempfile` does to `tempdir`,
        counts where a step mentions its name.
        """
        patched = self._of(holder)
        if not patched or not issubclass(type(holder.owner), types.ModuleType):
            return patched
        own = {n for n, value in patched.items() if issubclass(type(value), _PLAIN)}
        own = (own - self._mentioned) & _bound_as_it_goes(holder.owner)
        return {name: value for name, value in patched.items() if name not in own}

    def _of(self, holder: Holder) -> Patched:
        names = holder.names
        known = self._known.get(id(holder.owner))
        if known is None:
            held = dict(names)
            patched = _patched(holder, held, held, held)
            known = _Known(holder.owner, held, held, patched, _tables_in(holder, held))
            self._known[id(holder.owner)] = known
        elif not _is_same(names, known.last):
            held = dict(names)
            moved = _differing(held, known.last)
            kept = {name: value for name, value in known.patched.items() if name not in moved}
            found = _patched(holder, moved, held, known.first)
            tables = {name: table for name, table in known.tables.items() if name not in moved}
            tables |= _tables_in(holder, {name: held[name] for name in moved & held.keys()})
            known = _Known(holder.owner, known.first, held, {**kept, **found}, tables)
            self._known[id(holder.owner)] = known
        return {**known.patched, **self._registered(holder, known.tables)}

    def _registered(self, holder: Holder, tables: Mapping[str, _Table]) -> Patched:
        """What of the user's the lists, dicts and sets of a module hold."""
        found = {}
        for name, table in tables.items():
            if 0 < len(table) <= _LONG:
                held = self._held_by(table, _top(holder.name))
                if held:
                    found[name] = held
        return found

    def _held_by(self, table: _Table, own: str) -> Mapping[Any, Any]:
        """The very same answer while a table holds the very same objects."""
        known = self._registries.get(id(table))
        if known is None or known.table is not table or not still_holds(table, known.parts):
            parts = parts_of(table)
            items = list(table.items() if type(table) is dict else enumerate(table))
            held = [(key, _referent(value)) for key, value in items]
            origins = [(key, value, _origin(value)) for key, value in held]
            users = [
                (k, v) for k, v, origin in origins if _top(origin) != own and _is_users(origin)
            ]
            kept = users if type(table) is dict else enumerate(value for _, value in users)
            found = {key: _comparable(value) for key, value in kept}
            known = self._registries[id(table)] = _Registry(table, parts, found)
        return known.users

    def offered(self, package: str, *, closely: bool) -> Iterator[Holder]:
        """Classes that an installed package offers at its top.

        Looking at them `closely` costs ten times as much; else those are left out that have as
        many names as when they were first looked at.
        """
        if package not in self._offered:
            found = tuple((holder, len(holder.names)) for holder in _offered(package))
            if not found:
                return
            self._offered[package] = found
            yield from (holder for holder, _ in found if self.of(holder))
        for holder, size in self._offered[package]:
            if closely or len(holder.names) != size:
                yield holder


_Table: TypeAlias = list[Any] | dict[Any, Any] | set[Any]
_LONG = 1000
"""Entries from which on a list or dict of a library's counts as its data."""
_NO_REGISTRY = frozenset({"__builtins__", "__annotations__", "modules", "meta_path"})


@dataclass(frozen=True, slots=True)
class _Registry:
    """A list, dict or set of a module, when it was last looked through."""

    table: _Table
    """Kept, so that its place in memory stays its own."""
    parts: tuple[Any, ...]
    """See `fingerprint.parts_of`; kept for the same reason."""
    users: Mapping[Any, Any]


def _comparable(value: Any) -> Any:
    """The value, or its class: a handler holds a lock, and one must not make every step run."""
    return value if content_digest(value) else type(value)


def _referent(value: Any) -> Any:
    return value() if issubclass(type(value), weakref.ref) else value


@dataclass(frozen=True, slots=True)
class _Known:
    owner: Any
    """Kept, so that its place in memory stays its own."""
    first: Mapping[str, Any]
    last: Mapping[str, Any]
    patched: Patched
    tables: Mapping[str, _Table]
    """Those of `last` that may be registries."""


def holders(roots: Iterable[str], words: frozenset[str]) -> Iterator[Holder]:
    """What a step may bind names of.

    Args:
        roots: Dotted names of modules that it can get at; those not loaded are passed over.
        words: All words in its text; classes and submodules count where they are mentioned.
    """
    waiting, seen = ["builtins", "sys", *roots], {"__main__"}
    while waiting:
        name = waiting.pop()
        module = sys.modules.get(name)
        if name in seen or not issubclass(type(module), types.ModuleType) or is_local(name):
            continue
        seen.add(name)
        holder = Holder(name, module)  # type: ignore[arg-type]  # checked by its true type
        yield holder
        for word in words & holder.names.keys():
            inner = holder.names[word]
            if issubclass(type(inner), types.ModuleType):
                waiting.append(str(inner.__name__))
            elif issubclass(type(inner), type) and not inner.__flags__ & _IMMUTABLE:
                yield Holder(f"{inner.__module__}.{inner.__qualname__}", inner)


@functools.lru_cache(maxsize=256)
def _bound_as_it_goes(module: types.ModuleType) -> frozenset[str]:
    """Globals that functions of a module bind."""
    kinds = (types.FunctionType,)
    functions = [f for f in vars(module).values() if issubclass(type(f), kinds)]
    own = [f for f in functions if f.__globals__ is vars(module)]
    return frozenset[str]().union(*(global_names(f.__code__).writes for f in own))


def _offered(package: str) -> Iterator[Holder]:
    module = sys.modules.get(package)
    if not issubclass(type(module), types.ModuleType):
        return
    for kind in {id(v): v for v in list(vars(module).values())}.values():
        if not issubclass(type(kind), type) or kind.__flags__ & _IMMUTABLE:
            continue
        if _top(str(kind.__module__)) == package:
            yield Holder(f"{kind.__module__}.{kind.__qualname__}", kind)


def _tables_in(holder: Holder, held: Mapping[str, Any]) -> Mapping[str, _Table]:
    """By exact type, for those of the user's may be anything; a class has no registries."""
    if isinstance(holder.owner, type):
        return {}
    return {
        name: value
        for name, value in held.items()
        if ((kind := type(value)) is list or kind is dict or kind is set)
        and name not in _NO_REGISTRY
        # `pickle` and `copy` have it under the same name, though nobody registers there.
        and (value is not copyreg.dispatch_table or holder.name == "copyreg")
    }


def _differing(now: Mapping[str, Any], then: Mapping[str, Any]) -> frozenset[str]:
    same = map(operator.is_, now.values(), map(then.get, now, itertools.repeat(_ABSENT)))
    bound = itertools.compress(now, map(operator.not_, same))
    return frozenset((*bound, *(then.keys() - now.keys())))


def _is_same(now: Mapping[str, Any], then: Mapping[str, Any]) -> bool:
    """Objects are compared by place alone; in the order in which they were bound."""
    return len(now) == len(then) and all(map(operator.is_, now.values(), then.values()))


def _patched(
    holder: Holder, names: Iterable[str], now: Mapping[str, Any], then: Mapping[str, Any]
) -> Patched:
    passed_over = _CARRIED.get(holder.name, _OF_SHELL)
    asked = ((n, now.get(n, _ABSENT), then.get(n, _ABSENT)) for n in names if n not in passed_over)
    return {name: new for name, new, old in asked if _counts(holder, name, new, old)}


def _counts(holder: Holder, name: str, new: Any, old: Any) -> bool:
    """Whether a name leads, or no longer leads, to what the user's code bound to it."""
    own = _top(holder.name)
    origin = "" if new is _ABSENT else _origin(new)
    if _top(origin) in _SHELL:
        return False
    if any(_top(one) != own and _is_users(one) for one in (origin, *map(_origin, _held(new)))):
        return True
    if (
        new is old
        or _is_same_value(new, old)
        or name.startswith("_")
        or issubclass(type(new), types.ModuleType)
    ):
        return False
    if old is _ABSENT:
        return own in sys.stdlib_module_names and issubclass(type(new), _PLAIN)
    return new is _ABSENT or (_top(origin) != own and not issubclass(type(old), types.ModuleType))


def _is_same_value(new: Any, old: Any) -> bool:
    """Whether a number, a text or a tuple of these was bound once more, as `time.tzset` does."""
    kind = type(new)
    if kind is not type(old):
        return False
    plain = is_atom(kind) or (kind is tuple and all(is_atom(type(p)) for p in (*new, *old)))
    return plain and repr(new) == repr(old)


def _origin(value: Any) -> str:
    """The module that a function, a class or an object's class comes from."""
    kind = type(value)
    if issubclass(kind, staticmethod | classmethod | types.MethodType):
        return _origin(value.__func__)
    if issubclass(kind, property):
        return _origin(value.fget)
    if issubclass(kind, functools.partial):
        return _origin(value.func)
    if issubclass(kind, type | types.FunctionType | types.BuiltinFunctionType):
        return str(value.__module__)
    return str(kind.__module__)


def _held(value: Any) -> Iterable[Any]:
    """What an object of a library's was given, such as the class behind an accessor."""
    kind = type(value)
    if kind.__module__ == "builtins" or issubclass(kind, types.ModuleType | type):
        return ()
    return [v for v in own_names(value).values() if callable(v)]


def _is_users(module: str) -> bool:
    return module in ("__main__", "unittest.mock") or is_local(module)


def is_local(module: str) -> bool:
    """Whether a loaded module belongs to the user."""
    if module == "__main__" or is_ours(module):
        return False
    file = getattr(sys.modules.get(module), "__dict__", {}).get("__file__")
    return isinstance(file, str) and is_local_file(file)


def _top(module: str) -> str:
    return module.partition(".")[0]
