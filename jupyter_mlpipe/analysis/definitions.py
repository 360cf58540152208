"""Digests of live functions and classes, with whatever they carry along."""

from __future__ import annotations

import functools
import gc
import operator
import pickle
import re
import struct
import types
import typing
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from types import FunctionType, MethodType, ModuleType
from typing import Any

from jupyter_mlpipe.analysis.bytecode import global_names
from jupyter_mlpipe.analysis.canonical import constant_parts
from jupyter_mlpipe.analysis.generated import decoration, stated_attributes
from jupyter_mlpipe.analysis.origins import is_of_notebook, qualified_name
from jupyter_mlpipe.analysis.sources import CellTexts
from jupyter_mlpipe.model.digest import Plain, digest_of
from jupyter_mlpipe.model.step import Receiver


@dataclass(slots=True)
class Found:
    """What a walk through live objects has met so far, and what it still has to visit."""

    names: list[str] = field(default_factory=list)
    """Names to look up in the namespace."""
    values: list[tuple[Any, str]] = field(default_factory=list)
    """Objects to look through, each with the variable it was reached from."""
    reads: set[str] = field(default_factory=set)
    definitions: dict[str, set[str]] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)
    hidden: list[str] = field(default_factory=list)
    receivers: list[tuple[Receiver, str]] = field(default_factory=list)
    """Objects that are given a text, each with what is hidden unless their class is known."""
    texts: list[str] = field(default_factory=list)
    """Templates of what is run, or looked up, as code."""
    functions: list[FunctionType] = field(default_factory=list)
    """Those of the notebook that may be called."""
    reached: set[str] = field(default_factory=set)
    """Dotted names of functions and classes of modules that values lead to."""
    subclasses: bool = False
    """Whether any class of the notebook may be found."""


_ATOMS = (str, bytes, bool, int, float, complex, type(None), type(Ellipsis))
_CONTAINERS = (tuple, list, dict, set, frozenset, types.MappingProxyType)
_SLOTS: frozenset[type] = frozenset(
    (
        types.GetSetDescriptorType,
        types.MemberDescriptorType,
        types.WrapperDescriptorType,
        types.MethodDescriptorType,
        types.ClassMethodDescriptorType,
        types.MethodWrapperType,
    )
)
ALIAS: type = getattr(typing, "TypeAliasType", ModuleType)
"""Of what a `type` statement binds, from Python 3.12 on."""
_PLACE = re.compile(r" at 0x[0-9a-fA-F]+")
_LONG = 1000
"""Items from which on a captured container counts as data."""


class Definitions:
    """Takes functions and classes into account, each once."""

    def __init__(self, namespace: Mapping[str, Any], data: Container[str], found: Found) -> None:
        self._namespace = namespace
        self._data = data
        self._found = found
        self._texts = CellTexts()
        self._digests: dict[int, str] = {}
        self._kept: list[Any] = []
        self._open: set[int] = set()

    def define(self, name: str, value: FunctionType | type, root: str) -> None:
        """Record a definition under a name, and follow what it mentions."""
        digest = self._digest(name, value, root)
        self._found.definitions.setdefault(name, set()).add(digest)

    def define_alias(self, name: str, alias: Any, root: str) -> None:
        """The same of what a `type` statement binds: by its text, for it is evaluated late."""
        evaluator = next((p for p in gc.get_referents(alias) if type(p) is FunctionType), None)
        if evaluator is not None:
            self.define(name, evaluator, root)
        else:  # it was made by a call
            digest = digest_of("alias", self.fact(alias.__value__, root))
            self._found.definitions.setdefault(name, set()).add(digest)

    def visit(self, name: str, kind: type, root: str) -> None:
        """Follow what a class mentions and holds; its own code counts as data of a variable.

        Other classes that it holds, such as those that it registered, are known there by name.
        """
        self._digest(name, kind, root)
        own = (base for base in kind.__bases__ if is_of_notebook(base, self._namespace))
        self._found.values.extend((part, root) for part in (*own, *vars(kind).values()))

    def _digest(self, name: str, value: FunctionType | type, root: str) -> str:
        """Of code and captured values; inside of itself, a definition is a mere name."""
        if id(value) not in self._digests:
            self._digests[id(value)] = f"inside {name}"
            self._kept.append(value)  # its id stays its own
            self._digests[id(value)] = (
                self._function(name, value, root)
                if isinstance(value, FunctionType)
                else self._class(name, value, root)
            )
        return self._digests[id(value)]

    def fact(self, value: Any, root: str) -> Plain:
        """A captured value as something to hash.

        Whatever has no plain form counts as data of the variable it was reached from.
        """
        if type(value) in _ATOMS:
            return list(constant_parts(value))
        if type(value) in _CONTAINERS:
            return self._container(value, root)
        if isinstance(value, ModuleType):
            self._found.modules.add(value.__name__)
            return ["module", value.__name__]
        if type(value) in _SLOTS:
            return ["slot", type(value).__name__]
        if isinstance(value, FunctionType | type):
            return self._code(value, root)
        parts = _parts(value)
        if parts is not None:
            return [type(value).__name__, *(self.fact(part, root) for part in parts)]
        return self._other(value, root)

    def _container(self, value: Any, root: str) -> Plain:
        name = type(value).__name__
        if id(value) in self._open or len(value) > _LONG:
            self._found.reads.add(root)
            self._found.values.append((value, root))
            return ["state", name, _pickled(value)]
        self._open.add(id(value))
        try:
            return self._contents(name, value, root)
        finally:
            self._open.remove(id(value))

    def _contents(self, name: str, value: Any, root: str) -> Plain:
        if isinstance(value, Mapping):
            pairs = [[self.fact(k, root), self.fact(v, root)] for k, v in value.items()]
            return [name, *pairs]
        facts = [self.fact(item, root) for item in value]
        if isinstance(value, set | frozenset):
            return [name, *sorted(digest_of("item", fact) for fact in facts)]
        return [name, *facts]

    def _code(self, value: FunctionType | type, root: str) -> Plain:
        imported = qualified_name(value)
        if imported is None and isinstance(value, type) and not is_of_notebook(value, None):
            imported = f"{value.__module__}.{value.__qualname__}"
        if imported is not None:
            self._found.modules.add(value.__module__)
            return ["import", imported]
        if isinstance(value, type) and value.__qualname__ in self._data:
            self._found.names.append(value.__qualname__)  # what it holds is a variable's content
            return ["data", value.__qualname__]
        return ["definition", self._digest(value.__qualname__, value, root)]

    def _other(self, value: Any, root: str) -> Plain:
        """Type hints and patterns by what they print; all else is data of the root variable."""
        module = type(value).__module__
        self._found.values.append((value, root))
        if module in ("typing", "types"):
            return ["type", _PLACE.sub("", repr(value))]  # functions in it are looked into
        if isinstance(value, re.Pattern):
            return ["pattern", self.fact(value.pattern, root), value.flags]
        if isinstance(value, struct.Struct):
            return ["struct", value.format]
        imported = qualified_name(value)
        if imported is not None:
            self._found.modules.add(module)
            return ["import", imported]
        if module in ("dataclasses", "_collections") and type(value).__name__.startswith("_"):
            return ["sentinel", type(value).__name__]
        self._found.reads.add(root)
        return ["state", type(value).__qualname__, self._state(value, root)]

    def _state(self, value: Any, root: str) -> Plain:
        """What an object is made of, as pickling would take it apart."""
        if id(value) in self._open:
            return "inside of itself"
        self._open.add(id(value))
        try:
            taken = value.__reduce_ex__(4)
            if isinstance(taken, str):
                return taken
            call, arguments, state, items, pairs = (*taken, None, None, None)[:5]
            parts = (call, arguments, state, list(items or ()), list(pairs or ()))
            return [self.fact(part, root) for part in parts]
        except Exception:  # noqa: BLE001 - of an object of the user's, or one that holds a lock
            return "unknown"
        finally:
            self._open.discard(id(value))

    def follow(self, function: FunctionType, root: str) -> None:
        """What a function mentions and captures, where its code counts as data of `root`."""
        reads = self._mentions(function.__qualname__, function, root)
        self._globals(function, reads, root)
        held = (function.__closure__, function.__defaults__, function.__kwdefaults__)
        self._found.values.extend((part, root) for part in (*held, function.__dict__) if part)

    def _function(self, name: str, function: FunctionType, root: str) -> str:
        state = self._globals(function, self._mentions(name, function, root), root)
        cells = [_content(cell) for cell in function.__closure__ or ()]
        for part in (function.__defaults__, function.__kwdefaults__, cells, function.__dict__):
            state.append(self.fact(part, root) if part else None)
        digest = self._texts.digest_of_code(function.__code__)
        return digest_of("function", [digest, state]) if any(state) else digest

    def _mentions(self, name: str, function: FunctionType, root: str) -> set[str]:
        """Its global names; takes up its annotations, and why it may read more."""
        self._found.functions.append(function)
        names = global_names(function.__code__)
        reasons = [*names.hidden, *(["uses get_ipython()"] if "get_ipython" in names.reads else [])]
        reasons += [r for n, r in names.hiding.items() if n not in function.__globals__]
        self._found.hidden += [f"`{name}()` {reason}" for reason in reasons]
        self._found.receivers += [(r, f"`{name}()` {why}") for r, why in names.receivers.items()]
        self._found.texts.extend(names.texts)
        self._found.modules |= names.imported
        self._found.subclasses |= names.subclasses
        self._annotations(function.__annotations__, root)
        if not is_of_notebook(function, self._namespace):
            self._found.modules.add(str(function.__globals__.get("__name__")))
        return names.reads

    def _globals(self, function: FunctionType, reads: set[str], root: str) -> list[Plain]:
        """Names it looks up: in the namespace, or in one of its own after it was loaded."""
        own = function.__globals__
        if own is self._namespace:
            self._found.names.extend(reads)
            return []
        if not is_of_notebook(function, self._namespace):
            return []  # a wrapper made by a module, which counts as a whole
        self._found.names.extend(reads - own.keys())
        return [[name, self.fact(own[name], root)] for name in sorted(reads & own.keys())]

    def _class(self, name: str, cls: type, root: str) -> str:
        bases = [self.fact(base, root) for base in (*cls.__bases__, type(cls))]
        facts = [
            [key, self.fact(value, root)] for key, value in sorted(stated_attributes(cls).items())
        ]
        self._annotations(vars(cls).get("__annotations__", {}), root)
        return digest_of("class", [self._texts.digest_of_class(cls), bases, facts])

    def _annotations(self, annotations: object, root: str) -> None:
        if not isinstance(annotations, Mapping):
            return
        for value in annotations.values():
            if isinstance(value, str):
                self._found.names.extend(re.findall(r"[^\W\d]\w*", value))
            else:
                self._found.values.append((value, root))


def _pickled(value: Any) -> str:
    """Of a long container: to take it apart as the short ones would cost too much."""
    try:
        return digest_of("pickled", pickle.dumps(value, 5))
    except Exception:  # noqa: BLE001 - it holds what cannot be pickled
        return ""


def _content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return "an empty cell"


def _parts(value: Any) -> tuple[Any, ...] | None:
    """What a wrapper around functions is made of; None for anything else."""
    if isinstance(value, property):
        return value.fget, value.fset, value.fdel
    if isinstance(value, staticmethod | classmethod):
        return (value.__func__,)
    if isinstance(value, MethodType):
        return value.__func__, value.__self__
    if isinstance(value, functools.cached_property):
        return (value.func,)
    if isinstance(value, functools.partial):
        return value.func, value.args, value.keywords, value.__dict__
    if isinstance(value, functools.singledispatchmethod):  # calls fill a cache beside these
        known = ((kind.__qualname__, f) for kind, f in value.dispatcher.registry.items())
        return value.func, dict(sorted(known, key=operator.itemgetter(0)))
    if isinstance(value, functools.partialmethod):
        return value.func, value.args, value.keywords
    slots = getattr(type(value), "__slots__", ())
    if type(value).__module__ == "dataclasses" and slots:
        return tuple(getattr(value, slot) for slot in slots)
    return decoration(value)
