"""What steps did to modules: their own, installed ones, Python's, and the streams of `sys`.

A module counts as unchanged while it is as it was right after it was imported, for that is how
any other process finds it.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import FunctionType, ModuleType
from typing import Any

from jupyter_mlpipe.analysis.closure import Closure
from jupyter_mlpipe.engine.imports import ImportWatch
from jupyter_mlpipe.engine.module_content import Content, changed, content_of, merged
from jupyter_mlpipe.engine.patches import Holder, Patched, Patches, holders, is_local
from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.builtin_types import is_atom
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.model.digest import digest_of
from jupyter_mlpipe.model.run import OPAQUE, Dependency, DependencyKind, Immovable

MODULE = "module "
"""Begins the name of a dependency on the state of a local module."""
PATCHED = "patched modules"
"""The dependency on the state of all others."""
OUTSIDE = "outside a step"
"""How the detail of a dependency tells of changes by cells that are no steps."""
_HANDLERS = "handlers"
_STREAMS = ("stdin", "stdout", "stderr")
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True)
class Watched:
    """The modules that a step can get at."""

    local: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    packages: frozenset[str] = frozenset()
    """Installed packages, of which the classes that they offer at their top count too."""
    words: frozenset[str] = frozenset()
    """Of the step's text; classes that it mentions count."""


@dataclass(frozen=True, slots=True)
class ModuleLook:
    """How these modules were at one moment."""

    local: Mapping[str, Content] = field(default_factory=dict)
    patched: Mapping[str, Patched] = field(default_factory=dict)
    streams: tuple[Any, ...] = ()
    handlers: frozenset[tuple[str, int]] = frozenset()
    """Of loggers, if the step may change them: the logger's name and the handler's identity."""


class ModuleStates:
    """One for each process; knows what its local modules were like when they were imported."""

    def __init__(self, buffers: BufferDigests | None = None) -> None:
        self.buffers = buffers or BufferDigests(None)
        self.imports = ImportWatch(self._imported)
        self._pristine: dict[str, tuple[ModuleType, Content]] = {}
        self._last: dict[str, Content] = {}
        self._patches = Patches()
        self._patches.meet()
        self._patched: dict[str, Holder] = {}
        """Whatever was ever found patched; asked about at each look."""
        self._fresh: set[str] = set()
        """Local modules that were imported since the last look."""
        self._streams: dict[str, Any] = {}
        """What steps put in the place of streams."""
        self._makers: dict[tuple[str, str], str] = {}
        """By module and name: the step that changed it last."""
        self._digests: dict[tuple[str, str], tuple[Any, bytes | None, str]] = {}

    def meet(self) -> None:
        """Between cells: remember what modules that were loaded by now are like."""
        self._patches.meet()

    def watched(self, closure: Closure, text: str, namespace: Mapping[str, Any]) -> Watched:
        """What a step may change, or may notice to be changed."""
        dotted = set(_DOTTED.findall(text))
        named = {module for name in dotted for module in _loaded_in(name)}
        named |= {name for name in closure.imports.values() if name in sys.modules}
        words = {name.partition(".")[0] for name in dotted}.union(
            *(c.co_names for c in closure.codes)
        )
        if any(issubclass(type(namespace.get(word)), logging.Logger) for word in words):
            named.add("logging")  # whose state a logger is, under whatever name
        roots = {module for name in closure.imports.values() for module in _loaded_in(name)}
        local = {name for name in named | roots if is_local(name)} | closure.modules.keys()
        local |= self._sharing(namespace[name] for name in closure.reads if name in namespace)
        if closure.dynamic is not None:
            local |= {name for name in list(sys.modules) if is_local(name)}
        return Watched(
            local=tuple(sorted(local)),
            others=tuple(sorted((named | roots) - local)),
            packages=frozenset(closure.packages),
            words=frozenset(word for name in dotted for word in name.split(".")),
        )

    def _sharing(self, values: Iterable[Any]) -> set[str]:
        """Local modules of which a variable is an object that can change (`from m import *`)."""
        asked = {id(value) for value in values if not is_atom(type(value))}
        loaded = {name for name, (module, _) in self._pristine.items() if _is_loaded(name, module)}
        return {n for n in loaded if asked and any(id(v) in asked for v in _held(n))}

    def look(self, watched: Watched) -> ModuleLook:
        """The present moment."""
        self._patches.mention(watched.words)
        local = {name: self._content(name) for name in watched.local if name in sys.modules}
        found = {holder.name: holder for holder in holders(watched.others, watched.words)}
        for package in watched.packages:
            offered = self._patches.offered(package, closely=bool(watched.local))
            found.update((holder.name, holder) for holder in offered)
        patched = {}
        for name, holder in (found | self._patched).items():
            names = self._patches.of(holder)
            if names:
                patched[name] = names
                self._patched[name] = holder
        self._fresh.clear()
        streams = tuple(getattr(sys, name) for name in _STREAMS)
        handlers = frozenset(_handlers() if "logging" in watched.others else ())
        return ModuleLook(local, patched, streams, handlers)

    def dependencies(self, watched: Watched, look: ModuleLook) -> tuple[Dependency, ...]:
        """What a step finds that other processes may not."""
        found = [self._local(name, look.local.get(name)) for name in watched.local]
        return (*found, self._others(look))

    def files_of(self, modules: Iterable[str]) -> Mapping[str, str | None]:
        """Files that these opened when they were loaded, with their digests then."""
        found = (self.imports.files.get(name, {}) for name in modules)
        return {path: digest for files in found for path, digest in files.items()}

    def dependency(self, name: str) -> Dependency:
        """The present state behind the name of an earlier run's dependency."""
        module = name.removeprefix(MODULE)
        asked = Watched((module,)) if name != PATCHED else Watched()
        return next(d for d in self.dependencies(asked, self.look(asked)) if d.name == name)

    def changes(self, watched: Watched, before: ModuleLook, step: str) -> tuple[Immovable, ...]:
        """What the step, which has just ended, did to modules."""
        fresh = {name for name in self._fresh if name in self._pristine}
        after = self.look(replace(watched, local=tuple({*watched.local, *fresh})))
        found = {
            name: names
            for name, names in (
                *self._changed_local(before, after),
                *_repatched(before.patched, after.patched),
            )
            if names
        }
        streams = self._changed_streams(before, after)
        if streams:
            found["sys"] = found.get("sys", frozenset()) | streams
        # Libraries give theirs handlers when they are loaded; that is none of the step's doing.
        if before.handlers != after.handlers:
            found["logging"] = found.get("logging", frozenset()) | {_HANDLERS}
        self._makers |= {(name, one): step for name, names in found.items() for one in names}
        return tuple(
            Immovable(name, "module", f"{_listed(names)} changed")
            for name, names in sorted(found.items())
        )

    def _changed_local(
        self, before: ModuleLook, after: ModuleLook
    ) -> Iterator[tuple[str, frozenset[str]]]:
        for name, content in after.local.items():
            known = before.local.get(name, self._pristine[name][1])
            yield name, changed(known, content, _top(name))

    def _changed_streams(self, before: ModuleLook, after: ModuleLook) -> frozenset[str]:
        pairs = zip(_STREAMS, before.streams, after.streams, strict=True)
        names = frozenset(name for name, old, new in pairs if old is not new)
        self._streams |= {name: getattr(sys, name) for name in names}
        return names

    def _imported(self, module: ModuleType, before: Mapping[str, Any]) -> None:
        name = module.__name__
        loaded = content_of(module, self.buffers, {})
        known = self._pristine.get(name)
        again = known is not None and known[0] is module
        kept = merged(known[1], before, loaded) if again and known is not None else loaded
        self._pristine[name] = (module, kept)
        self._last[name] = loaded
        self._fresh.add(name)

    def _content(self, name: str) -> Content:
        module = sys.modules[name]
        known = self._pristine.get(name)
        same = known is not None and known[0] is module
        content = content_of(module, self.buffers, self._last.get(name, {}) if same else {})
        if not same:
            self._pristine[name] = (module, content)
        self._last[name] = content
        return content

    def _local(self, module: str, content: Content | None) -> Dependency:
        names = () if content is None else self._deviating(module, content)
        found = {name: self._digest(module, name, content) for name in names}
        return self._dependency(MODULE + module, {module: found} if found else {})

    def _deviating(self, module: str, content: Content) -> frozenset[str]:
        return changed(self._pristine[module][1], content, _top(module))

    def _digest(self, module: str, name: str, content: Content | None) -> str:
        """Kept as long as the value is unchanged, for it may be large."""
        entry = (content or {}).get(name)
        if entry is None:
            return "absent"
        known = self._digests.get((module, name))
        if known is None or known[0] is not entry.value or known[1] != entry.mark:
            known = entry.value, entry.mark, content_digest(entry.value) or OPAQUE
            self._digests[module, name] = known
        return known[2]

    def _others(self, look: ModuleLook) -> Dependency:
        found = {
            module: {name: content_digest(value) or OPAQUE for name, value in names.items()}
            for module, names in look.patched.items()
        }
        if look.handlers and ("logging", _HANDLERS) in self._makers:
            found["logging"] = {**found.get("logging", {}), _HANDLERS: OPAQUE}
        streams = {
            name: content_digest(stream) or OPAQUE
            for name, stream in self._streams.items()
            if getattr(sys, name) is stream
        }
        if streams:
            found["sys"] = {**found.get("sys", {}), **streams}
        return self._dependency(PATCHED, found)

    def _dependency(self, name: str, found: Mapping[str, Mapping[str, str]]) -> Dependency:
        digests = [digest for names in found.values() for digest in names.values()]
        digest = OPAQUE if OPAQUE in digests else digest_of("modules", found) if found else ""
        detail = "; ".join(self._words(module, names) for module, names in found.items())
        return Dependency(DependencyKind.STATE, name, digest, detail)

    def _words(self, module: str, names: Iterable[str]) -> str:
        by: dict[str, list[str]] = {}
        for name in sorted(names):
            step = self._makers.get((module, name))
            by.setdefault(f"by step {step}" if step else OUTSIDE, []).append(name)
        return " and ".join(
            f"module `{module}` was changed {who}: {_listed(found)}" for who, found in by.items()
        )


def _handlers() -> Iterator[tuple[str, int]]:
    """Those that do anything, and filters; 0 for a logger that keeps to itself what it hears.

    Libraries give theirs a handler that does nothing.
    """
    known = logging.root.manager.loggerDict
    loggers = [("", logging.root), *((n, one) for n, one in list(known.items()))]
    for name, logger in loggers:
        if isinstance(logger, logging.Logger):
            kept = (h for h in logger.handlers if not isinstance(h, logging.NullHandler))
            yield from ((name, id(handler)) for handler in (*kept, *logger.filters))
            if not logger.propagate:
                yield name, 0


def is_of_module(name: str) -> bool:
    """Whether a dependency on a state is on that of modules."""
    return name == PATCHED or name.startswith(MODULE)


def _repatched(
    before: Mapping[str, Patched], after: Mapping[str, Patched]
) -> Iterator[tuple[str, frozenset[str]]]:
    nothing = object()
    for holder in before.keys() | after.keys():
        old, new = before.get(holder, {}), after.get(holder, {})
        names = old.keys() | new.keys()
        yield holder, frozenset(n for n in names if old.get(n, nothing) is not new.get(n, nothing))


def _is_loaded(name: str, module: ModuleType) -> bool:
    return sys.modules.get(name) is module


def _held(module: str) -> Iterator[Any]:
    """What a module has by name, and what its functions take where they are given nothing."""
    for value in _values(module):
        yield value
        if isinstance(value, FunctionType):
            yield from value.__defaults__ or ()
            yield from (value.__kwdefaults__ or {}).values()


def _values(module: str) -> list[Any]:
    return list(vars(sys.modules[module]).values())


def _loaded_in(dotted: str) -> Iterator[str]:
    """The longest part of a dotted name that is a loaded module."""
    while dotted:
        if dotted in sys.modules:
            yield dotted
            return
        dotted = dotted.rpartition(".")[0]


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    shown = ", ".join(ordered[:4])
    return f"{shown} and {len(ordered) - 4} more" if len(ordered) > 4 else shown


def _top(module: str) -> str:
    return module.partition(".")[0]
