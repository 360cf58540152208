"""Everything a step stands on, followed through the live namespace."""

from __future__ import annotations

import builtins
import gc
import re
import types
import weakref
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from types import FunctionType, MethodType, ModuleType
from typing import Any

from jupyter_mlpipe.analysis.bytecode import global_names
from jupyter_mlpipe.analysis.definitions import ALIAS, Definitions, Found
from jupyter_mlpipe.analysis.dotted import dotted_name
from jupyter_mlpipe.analysis.lookups import filled_in, mentioned_in_text
from jupyter_mlpipe.analysis.magics import is_blind
from jupyter_mlpipe.analysis.modules import ModuleFiles, is_local_module
from jupyter_mlpipe.analysis.origins import is_of_notebook, qualified_name
from jupyter_mlpipe.analysis.parsing import compile_tree, parse
from jupyter_mlpipe.analysis.purity import CachedFunction, is_pure
from jupyter_mlpipe.analysis.receivers import is_of_own_class
from jupyter_mlpipe.model.digest import digest_of
from jupyter_mlpipe.model.step import Receiver, StepSignature

_NONE: Mapping[str, str] = types.MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Closure:
    """What a step reads, directly and through the code it calls."""

    reads: frozenset[str] = frozenset()
    """Names bound to data."""
    definitions: Mapping[str, str] = field(default_factory=dict)
    """Functions and classes of the notebook to the digests of their code; those reached through
    a value go by their qualified name."""
    imports: Mapping[str, str] = field(default_factory=dict)
    """Names bound to something imported, to its qualified name."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Top-level import names of installed packages to their versions."""
    modules: Mapping[str, str] = field(default_factory=dict)
    """Dotted names of local modules to the digests of what is loaded of them."""
    absent: frozenset[str] = frozenset()
    """Names bound nowhere."""
    fatal: frozenset[str] = frozenset()
    """Those of them without which the step cannot come to its end, unless it binds them first."""
    builtins: frozenset[str] = frozenset()
    """Names that mean Python's own; a step changes when the namespace binds one of them."""
    dynamic: str | None = None
    """Why more may be read than can be seen (`uses exec`), or None.

    It is said of the step, or of a function that is named: "`helper()` uses exec".
    """
    functions: tuple[FunctionType, ...] = ()
    """Those of the notebook that it may call."""
    reached: frozenset[str] = frozenset()
    """Dotted names of functions and classes of modules that values lead to."""

    @property
    def codes(self) -> tuple[types.CodeType, ...]:
        """Of those functions; what is nested in them stands in their constants."""
        return tuple(function.__code__ for function in self.functions)


def close_over(
    signature: StepSignature,
    namespace: Mapping[str, Any],
    modules: ModuleFiles,
    data: Container[str] = frozenset(),
    kinds: Mapping[str, str] = _NONE,
) -> Closure:
    """Follow what a cell mentions through functions, classes and the values that hold them.

    Args:
        signature: Of the cell.
        namespace: What the cell runs in; its functions are those whose globals it is.
        modules: Of this process.
        data: Names that hold data, whatever it is, or will once it is loaded.
        kinds: Qualified names of the classes of what is not loaded yet.
    """
    walk = _Walk(namespace, data, signature.deferred_reads)
    walk.found.texts.extend(signature.texts)
    walk.found.modules |= signature.imported
    walk.found.subclasses = signature.subclasses
    gone = {name for name in signature.fatal if walk.lacks(name)}
    walk.follow(signature.reads - gone)
    fatal = gone - walk.absent  # what else reads a name may get by without it
    walk.follow(gone)
    reached = modules.reach(walk.found.modules)

    def is_own(found: Receiver) -> bool:
        bound = found.variable in signature.writes  # to what, it may not know yet
        return not bound and is_of_own_class(found, namespace, kinds)

    own = frozenset(filter(is_own, signature.receivers))
    shadowed = frozenset(n for n in signature.hiding if n in namespace or n in data)
    settled = bool(own or shadowed) and (own, shadowed) == (signature.receivers, signature.hiding)
    stated = None if settled else signature.dynamic
    reasons = [stated, *walk.found.hidden] if stated else walk.found.hidden
    reasons += [why for found, why in walk.found.receivers if not is_own(found)]
    return Closure(
        reads=frozenset(walk.found.reads),
        definitions={n: _one(d) for n, d in sorted(walk.found.definitions.items())},
        imports=dict(sorted(walk.imports.items())),
        packages=reached.packages,
        modules=reached.modules,
        absent=frozenset(walk.absent),
        fatal=frozenset(fatal),
        builtins=frozenset(walk.builtins),
        dynamic=min(reasons, key=is_blind, default=None),
        functions=tuple(walk.found.functions),
        reached=frozenset(walk.found.reached),
    )


_LIMIT = 2_000_000
"""Objects looked through at most, a second's work."""
_FORMULA_LENGTH = 1000
_here = object.__hash__
"""Tells objects apart as `id` does, of each call of which Python tells every audit hook."""
_LEAVES = frozenset(
    map(
        _here,
        (
            *(str, bytes, bytearray, bool, int, float, complex, type(None), type(Ellipsis), range),
            *(slice, types.CodeType, types.GetSetDescriptorType),
        ),
    )
)
"""Places of types: one of the user's need not be hashable."""
_CONTAINERS = frozenset(map(_here, (list, dict, set, tuple, frozenset)))
_GIVEN_BY_SHELL = frozenset({"display", "exit", "get_ipython", "open", "quit"})
_HISTORY = re.compile(r"In|Out|_{1,3}|_i{1,3}|_i?\d+|_[dio]h")
_BUILTINS = frozenset(dir(builtins))


def _one(digests: set[str]) -> str:
    """Several definitions under one qualified name, such as lambdas, count together."""
    return next(iter(digests)) if len(digests) == 1 else digest_of("several", sorted(digests))


class _Walk:
    def __init__(
        self,
        namespace: Mapping[str, Any],
        data: Container[str],
        deferred: Mapping[str, frozenset[str]],
    ) -> None:
        self.found = Found()
        self.imports: dict[str, str] = {}
        self.absent: set[str] = set()
        self.builtins: set[str] = set()
        self._namespace = namespace
        self._data = data
        self._deferred = deferred
        self._definitions = Definitions(namespace, data, self.found)
        self._names: set[str] = set()
        self._run_texts: set[str] = set()
        passed_over = (namespace, vars(builtins))  # the latter is in each dict that `exec` filled
        self._objects: dict[int, Any] = {_here(one): one for one in passed_over}
        self._heaps: list[tuple[list[Any], str]] = []
        """What waits to be looked through, each with the variable it was reached from."""

    def follow(self, names: Iterable[str]) -> None:
        """Visit names, and everything they lead to."""
        found = self.found
        found.names.extend(sorted(names, reverse=True))
        while found.names or found.values or found.texts or found.subclasses or self._heaps:
            if found.subclasses:
                found.subclasses = False
                found.names.extend(self._classes())
            elif found.names:
                self._name(found.names.pop())
            elif found.texts:
                self._text(found.texts.pop())
            elif found.values:
                self._heap_up()
            else:
                self._look_through(*self._heaps.pop())

    def _heap_up(self) -> None:
        """Put together what waits to be looked through, by the variable it was reached from."""
        heaps: dict[str, list[Any]] = {}
        for value, root in self.found.values:
            heaps.setdefault(root, []).append(value)
        self.found.values.clear()
        self._heaps.extend((values, root) for root, values in heaps.items())

    def _look_through(self, values: list[Any], root: str) -> None:
        """Plain containers in one go, a tenth of the time that each by itself would take."""
        self._texts_among(values)
        fresh = {_here(v): v for v in values if _here(type(v)) not in _LEAVES}
        for known in self._objects.keys() & fresh.keys():
            del fresh[known]
        if len(self._objects) + len(fresh) > _LIMIT:
            reason = f"reads {root}, which holds more objects than can be looked through"
            self.found.hidden.append(reason)
            return
        containers = [v for v in fresh.values() if _here(type(v)) in _CONTAINERS]
        self._objects.update(fresh)
        inner = gc.get_referents(*containers)
        if inner:
            self._heaps.append((inner, root))
        for value in fresh.values():
            if _here(type(value)) not in _CONTAINERS:
                self._look_into(value, root)

    def _texts_among(self, values: list[Any]) -> None:
        """Formulas and queries that are kept in variables: they name others."""
        for value in values:
            if type(value) is str and ("~" in value or "@" in value):
                self._mentions(value)

    def _mentions(self, text: str) -> None:
        if len(text) < _FORMULA_LENGTH:
            named = mentioned_in_text(text)
            self.found.names.extend(name for name in sorted(named) if name in self._namespace)

    def _classes(self) -> list[str]:
        """Of the notebook, by name."""
        kinds = (n for n, v in list(self._namespace.items()) if issubclass(type(v), type))
        return sorted(n for n in kinds if is_of_notebook(self._namespace[n], self._namespace))

    def lacks(self, name: str) -> bool:
        """Whether a name is bound nowhere, neither in memory nor pending."""
        return not (name in self._namespace or name in self._data or name in _BUILTINS)

    def _name(self, name: str) -> None:
        if name in self._names:
            return
        self._names.add(name)
        # A function from elsewhere may call one that the cell is about to define.
        self.found.names.extend(sorted(self._deferred.get(name, ())))
        if name not in self._namespace:
            known = name in _BUILTINS and name not in self._data
            (self.builtins if known else self.absent).add(name)
            return
        value = self._namespace[name]
        if _HISTORY.fullmatch(name) and not self._is_code(value):
            self.found.hidden.append("uses the output history")
        elif not _is_given_by_shell(name, value):
            self._bound(name, value)

    def _is_code(self, value: Any) -> bool:
        """Whether a cell bound it by `def _`, as what is registered is often called."""
        return type(value) is FunctionType and is_of_notebook(value, self._namespace)

    def _text(self, template: str) -> None:
        """Names in code that is kept in variables, as far as these are there; it stays dynamic."""
        text = filled_in(template, self._namespace)
        if text is None or text in self._run_texts:
            return
        self._run_texts.add(text)
        try:
            names = global_names(compile_tree(parse(text.strip())))
        except SyntaxError:
            return
        for part in (names, *names.deferred.values()):
            self.found.names.extend(sorted(part.reads))
            self.found.texts.extend(sorted(part.texts))

    def _bound(self, name: str, value: Any) -> None:
        if name in self._data:
            self.found.reads.add(name)
            self.found.values.append((value, name))
        elif isinstance(value, ModuleType):
            self.imports[name] = value.__name__
            self.found.modules.add(value.__name__)
        elif isinstance(value, FunctionType | type) and is_of_notebook(value, self._namespace):
            self._definitions.define(name, value, name)
        elif (imported := qualified_name(value)) is not None:
            self.imports[name] = imported
            self.found.modules.add(value.__module__ or type(value).__module__)
        elif isinstance(value, FunctionType):
            self._definitions.define(name, value, name)
        elif isinstance(value, CachedFunction | ALIAS):
            self.found.values.append((value, name))
        else:
            self.found.reads.add(name)
            self.found.values.append((value, name))

    def _look_into(self, value: Any, root: str) -> None:
        try:
            self._value(value, root)
        except Exception:  # noqa: BLE001 - a class or a metaclass of the user's that refuses
            self.found.hidden.append(f"reads {root}, which refuses to be looked into")

    def _value(self, value: Any, root: str) -> None:
        """Look into an object for code of the notebook, and for where its class comes from.

        By its true type alone: to ask for its `__class__` may run code of the user's.
        """
        kind = type(value)
        if issubclass(kind, str):
            self._mentions(str.__str__(value))
        if kind is types.BuiltinFunctionType:
            self.found.reached.add(dotted_name(value))
        elif issubclass(kind, ModuleType):
            self.found.modules.add(value.__name__)
        elif issubclass(kind, FunctionType | type):
            self._code(value, root)
        elif not issubclass(kind, weakref.ref | types.FrameType):
            self._instance(value, root)

    def _code(self, value: FunctionType | type, root: str) -> None:
        if is_of_notebook(value, self._namespace):
            if isinstance(value, FunctionType):
                self._definitions.follow(value, root)  # what it does is content of the variable
            elif self._is_nested(value):
                self.found.names.append(value.__qualname__.partition(".")[0])
            elif value.__qualname__ in self._data:
                self._definitions.visit(value.__qualname__, value, root)
                self.found.names.append(value.__qualname__)
            else:
                self._definitions.define(value.__qualname__, value, root)
            return
        self._of_module(value)
        if isinstance(value, FunctionType) and qualified_name(value) is None:
            held = (value.__closure__, value.__defaults__, value.__kwdefaults__, value.__dict__)
            self.found.values.extend((part, root) for part in held if part)

    def _of_module(self, value: FunctionType | type) -> None:
        self.found.modules.add(value.__module__)
        self.found.reached.add(dotted_name(value))

    def _is_nested(self, kind: type) -> bool:
        """Whether a class counts as part of the one that it stands in."""
        first, *rest = kind.__qualname__.split(".")
        found = self._namespace.get(first)
        for name in rest:
            found = getattr(found, name, None)
        return bool(rest) and found is kind

    def _instance(self, value: Any, root: str) -> None:
        cls = type(value)
        if cls is CachedFunction:
            self._cached_function(value, root)
            return
        if cls is ALIAS and value.__module__ == "__main__":
            self._definitions.define_alias(value.__name__, value, root)
        if is_of_notebook(cls, self._namespace):
            self._code(cls, root)
        elif cls.__module__ != "builtins":
            self._of_module(cls)
        self.found.values.extend((part, root) for part in _inside(value))

    def _is_of_package(self, function: FunctionType) -> bool:
        """Whether Python or an installed package brought it, whose version counts."""
        own = is_of_notebook(function, self._namespace)
        return not (own or is_local_module(function.__module__))

    def _cached_function(self, value: Any, root: str) -> None:
        """What it remembers may stem from code that has changed since."""
        function = value.__wrapped__
        self.found.modules.add("functools")
        if isinstance(function, FunctionType) and self._is_of_package(function):
            self._of_module(function)
        elif isinstance(function, FunctionType) and qualified_name(function) is None:
            self._definitions.define(function.__qualname__, function, root)
            if value.cache_info().currsize and not is_pure(function, self._namespace):
                name = function.__qualname__
                self.found.hidden.append(f"`{name}()` returns results it remembers (lru_cache)")
        else:
            self.found.values.append((function, root))


def _inside(value: Any) -> list[Any]:
    """The objects that an object holds; arrays of objects do not tell the garbage collector."""
    if type(value).__name__ == "cython_function_or_method":
        return []  # it leads to all that its module knows, such as the system's entropy
    if type(value).__module__ == "numpy" and getattr(value, "dtype", None) is not None:
        return [value.tolist()] if value.dtype.hasobject else []  # a record's `flat` has no end
    if type(value) is MethodType:
        return [value.__func__, value.__self__]
    cls = type(value)
    return [part for part in gc.get_referents(value) if part is not cls]


def _is_given_by_shell(name: str, value: Any) -> bool:
    """What IPython puts into the namespace; on a worker the names mean the builtins."""
    if name not in _GIVEN_BY_SHELL:
        return False
    module = getattr(value, "__module__", None) or type(value).__module__
    return str(module).startswith(("IPython", "ipykernel"))
