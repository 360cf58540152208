"""Live variables and the artifact versions they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import replace
from types import FunctionType
from typing import Any

from jupyter_mlpipe.engine.changes import Changes, compared
from jupyter_mlpipe.engine.data import CODE, is_data, is_defined, is_given, is_own_definition
from jupyter_mlpipe.engine.held import Held, found_again, without
from jupyter_mlpipe.engine.releases import telling_releases
from jupyter_mlpipe.engine.values import ValueStore
from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.builtin_types import is_atom
from jupyter_mlpipe.materializers.fingerprint import fingerprint, flat_parts, still_holds
from jupyter_mlpipe.materializers.sharing import is_made_of, is_of_past_class, sharing_groups
from jupyter_mlpipe.materializers.standing import form_of, state_fingerprint, still_registered
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import CorruptArtifactError, ValueNotLoadableError
from jupyter_mlpipe.model.step import StepSignature

_UNCHANGING = b"atom"
_TOLD_LATER = (CorruptArtifactError, ValueNotLoadableError)  # when the value is mentioned


class Variables:
    """The data in a namespace, which stays the plain dict that user code runs on.

    A variable is *pending* when its version is known but its value is not yet in memory; it is
    then absent from the namespace until `load` brings it in.
    """

    def __init__(
        self,
        namespace: dict[str, Any],
        values: ValueStore,
        buffers: BufferDigests,
    ) -> None:
        self.namespace = namespace
        self._values = values
        self._buffers = buffers
        self._held: dict[str, Held] = {}
        self._looking: str | None = None
        """The variable being looked at; left behind only by an interrupt."""
        self._endless: dict[str, Any] = {}
        """Values at which the user lost patience; they are not looked into again."""
        self._pending: dict[str, ArtifactVersion] = {}
        self._define: Callable[[str], bool] = lambda name: bool(self.load([name]))
        self.check: Callable[[str, Any, ArtifactVersion], None] = lambda *_: None
        """Told of each value that was loaded, before it is bound; may raise."""
        self._loading = set[str]()
        self._unfinished: dict[str, ArtifactVersion] = {}
        self._adopted: dict[str, Any] = {}
        """Modules, functions and classes that a step assigned, which makes them data."""
        self._definitions: dict[str, tuple[type | FunctionType, bytes | None, tuple[Any, ...]]] = {}
        """Classes and functions of the notebook, and fingerprints of what they hold: attributes,
        and lists and the like that are defaults."""
        self._restated: dict[str, type | FunctionType] = {}
        """Those of them that were changed since they were defined, which makes them data."""

    def define_with(self, define: Callable[[str], bool]) -> None:
        """Whom to ask for a function or class that a value needs; answers whether it came."""
        self._define = define

    @property
    def pending(self) -> Mapping[str, ArtifactVersion]:
        """Versions that are bound but not yet loaded, by variable."""
        return self._pending

    def names(self) -> frozenset[str]:
        """Variables in memory that hold data, as opposed to modules, functions and classes."""
        return frozenset([n for n, v in list(self.namespace.items()) if self._is_data(n, v)])

    def any_beside(self, looked: Mapping[str, Held]) -> bool:
        """Whether there is data that was not there at an earlier look."""
        fresh = [(n, v) for n, v in list(self.namespace.items()) if n not in looked]
        return any(self._is_data(n, v) for n, v in fresh)

    def all_names(self) -> frozenset[str]:
        """Those, and the variables that are pending."""
        return self.names() | self._pending.keys()

    def adopt(self, names: Iterable[str]) -> None:
        """From now on these names count as data, until they are bound to something else."""
        bound = ((n, self.namespace[n]) for n in names if n in self.namespace)
        self._adopted |= {n: v for n, v in bound if issubclass(type(v), CODE) and not is_given(n)}

    def _is_data(self, name: str, value: Any) -> bool:
        if is_data(name, value):
            return True
        return issubclass(type(value), CODE) and self._is_data_by_now(name, value)

    def _is_data_by_now(self, name: str, value: Any) -> bool:
        """Code that a step assigned, or that was changed since it was defined."""
        if name in self._adopted and self._adopted[name] is value:
            return True
        if not is_own_definition(name, value):
            return False
        if self._restated.get(name) is not value:
            self._look_into(name, value)
        return self._restated.get(name) is value

    def _look_into(self, name: str, kind: type | FunctionType) -> None:
        now, form = state_fingerprint(kind, self._buffers), form_of(kind)
        known = self._definitions.get(name)
        if known is None or known[0] is not kind:
            self._definitions[name] = (kind, now, form)
        elif known[1] != now or not still_holds(form, known[2]):
            self._restated[name] = kind

    def expect(self, versions: Mapping[str, ArtifactVersion], *, alone: bool = True) -> None:
        """Bind versions to variables without loading them.

        Variables that already hold exactly these versions keep their objects, unless one of
        those that share memory with them must be brought in anyway, they share memory with
        others, or their class was defined anew: what makes such a value again makes a new object.
        Where a class itself is brought in, so is what was made of it. One that is defined here
        is at once given what it is to hold, for subclasses and defaults refer to it, not its name.

        Args:
            versions: By variable.
            alone: Whether they share memory with none but each other; else it is as it is now.
        """
        stale = {name for name, version in versions.items() if not self._holds(name, version)}
        made = self._made_of(stale)
        versions = {**made, **versions}
        stale |= made.keys()
        for group in self.sharing(versions.keys() - stale) if alone else ():
            if group - versions.keys():
                stale |= group & versions.keys()
        torn = {versions[name].manifest for name in stale if versions[name].member is not None}
        defined = {n: v for n in stale if is_defined(n, v := self.namespace.get(n))}
        for name, version in versions.items():
            if name in stale or (version.member is not None and version.manifest in torn):
                self._pending[name] = version  # first, so that an interrupt loses nothing
                self._held.pop(name, None)
                self.namespace.pop(name, None)
        for name in sorted(defined.keys() & self._pending.keys()):
            if name not in self._pending:
                continue  # it was needed by one before it
            self.namespace[name] = defined[name]
            fresh = [defined[name]] if name not in self._restated else []
            with still_registered(fresh), suppress(*_TOLD_LATER):
                self._load_one(name, self._pending[name])
            if name in self._pending:
                self.namespace.pop(name)

    def load(self, names: Iterable[str]) -> frozenset[str]:
        """Bring pending values into memory, and whatever shares memory with them.

        Returns:
            The variables that were bound.
        """
        self.wait_no_more()
        loaded: set[str] = set()
        for name in sorted(names):
            version = self._pending.get(name)
            if version is not None and name not in self._loading:
                loaded |= self._load_one(name, version)
        return frozenset(loaded)

    def _load_one(self, name: str, version: ArtifactVersion) -> frozenset[str]:
        content = self._content(name, version)
        if version.member is None:  # equal content has one manifest, but each gets its own value
            self.bind(name, content, version)
        alone, manifest = version.member is None, version.manifest
        bound = frozenset({name}) if alone else self._bind_members(manifest, content)
        unfinished, self._unfinished = self._unfinished, {}
        return bound.union(*(self._load_one(n, v) for n, v in unfinished.items()))

    def wait_no_more(self) -> None:
        """What the user bound anew before it was ever loaded is no longer waited for."""
        waited, gone = self._pending.items(), self.namespace.keys() - self._loading
        self._pending = {n: v for n, v in waited if n not in gone}

    def _content(self, name: str, version: ArtifactVersion) -> Any:
        self._loading.add(name)
        try:
            while True:
                try:
                    with telling_releases(version):
                        return self._values.load_manifest(version.manifest)
                except ValueNotLoadableError as error:
                    if not error.definition or not self._define_for(name, error.definition):
                        raise
        finally:
            self._loading.discard(name)

    def _define_for(self, name: str, needed: str) -> bool:
        """A base that lists a class needs it, and is there, but empty, when that needs the base."""
        version = self._pending.get(needed)
        try:
            return self._define(needed)
        except ValueNotLoadableError as error:
            if error.definition != name or version is None or needed not in self.namespace:
                raise
            self._unfinished[needed] = version
            return True

    def _bind_members(self, manifest: str, content: Mapping[str, Any]) -> frozenset[str]:
        waiting = {n: v for n, v in self._pending.items() if v.manifest == manifest and v.member}
        for name, version in waiting.items():
            self.bind(name, content[version.member or ""], version)
        return frozenset(waiting)

    def bind(self, name: str, value: Any, version: ArtifactVersion) -> None:
        """Put a value into the namespace and remember which version it is."""
        self.check(name, value, version)
        self._pending.pop(name, None)
        self.namespace[name] = value
        if is_defined(name, value) and name not in self._adopted:
            self._restated[name] = value
        else:
            self.adopt([name])
        self._held[name] = Held(value, self._fingerprint(value), version)

    def drop(self, name: str) -> None:
        """Forget a variable, bound or pending."""
        self._pending.pop(name, None)
        self._held.pop(name, None)
        self.namespace.pop(name, None)

    def withdraw(self, definitions: Iterable[str]) -> frozenset[str]:
        """Let go of functions and classes that were changed since they were defined.

        They are about to be defined anew. What else is stored will be loaded again, so that
        objects are of the class that there is then.

        Returns:
            Those of the definitions that were changed.
        """
        bound = {n: self.namespace[n] for n in definitions if n in self.namespace}
        changed = frozenset(n for n, value in bound.items() if self._is_data(n, value))
        again = self._made_of(changed)
        for name in {*changed, *again}:
            self.drop(name)
            self._restated.pop(name, None)
        self._pending |= {n: version for n, version in again.items() if n not in changed}
        return changed

    def _made_of(self, names: Iterable[str]) -> Mapping[str, ArtifactVersion]:
        """Variables whose values lead to objects of the classes of these names, with versions."""
        bound = [self.namespace[name] for name in names if name in self.namespace]
        kinds = [value for value in bound if issubclass(type(value), type)]
        stored = {n: h for n, h in self._held.items() if h.version} if kinds else {}
        return {
            name: held.version
            for name, held in stored.items()
            if held.version is not None and is_made_of(held.value, kinds)
        }

    def record(self, name: str, version: ArtifactVersion, held: Held) -> None:
        """Remember that the value just looked at was stored as `version`."""
        self._held[name] = replace(held, version=version)

    def version_of(self, name: str) -> ArtifactVersion | None:
        """The version a variable held, unchanged, when it was last looked at."""
        held = self._held.get(name)
        return self._pending.get(name) or (held.version if held else None)

    def look(self) -> Mapping[str, Held]:
        """Every variable in memory as it is now; the price is one pass over all data.

        A variable keeps its version only while it is the same object with the same content.
        """
        self._give_up()
        looked, held = {}, self._held.get
        for name, value in list(self.namespace.items()):  # a loop over all: no call for most
            known = held(name)
            if known is not None and known.value is value:
                parts = known.parts
                if known.fingerprint is _UNCHANGING or (
                    parts is not None and still_holds(value, parts)
                ):
                    looked[name] = known
                    continue
            elif known is not None:
                known = found_again(known, value)
            if (known is not None and known.fingerprint) or self._is_data(name, value):
                self._looking = name
                looked[name] = self._look_at(name, value, known)
        self._looking = None
        self.wait_no_more()
        self._held = dict(looked)
        return looked

    def let_go(self, names: frozenset[str]) -> None:
        """Code is about to take these names away, or to bind them to something else."""
        self._held = without(names, self._held)

    def _look_at(self, name: str, value: Any, known: Held | None) -> Held:
        """`known` is how the same object was before."""
        if self._endless.get(name, self) is value:
            return Held(value, None)
        found = self._fingerprint(value, known.fingerprint if known else None)
        parts = None if found is _UNCHANGING else flat_parts(value)
        now = Held(value, found, parts=parts)
        same = known is not None and known.same_as(now)
        return replace(now, version=known.version) if known and same else now

    def _fingerprint(self, value: Any, expected: bytes | None = None) -> bytes | None:
        kind = type(value)
        if is_atom(kind) or (kind is tuple and all(is_atom(type(item)) for item in value)):
            return _UNCHANGING
        return fingerprint(value, self._buffers, expected)

    def _give_up(self) -> None:
        """Looking was interrupted, and would have to be again each time."""
        name, self._looking = self._looking, None
        if name is not None and name in self.namespace:
            self._endless[name] = self.namespace[name]

    def changes(
        self, before: Mapping[str, Held], after: Mapping[str, Held], code: StepSignature
    ) -> Changes:
        """Compare two looks, between which code ran."""
        found = compared(before, after, code, self._restated.keys())
        return replace(found, deleted=found.deleted - self.namespace.keys())

    def is_unchanged(self, held: Held) -> bool:
        """Whether a value that was looked at has its content still, bound to a name or not.

        One that cannot be compared counts as unchanged, for nothing is known of it.
        """
        known = held.fingerprint
        return known is None or known == self._fingerprint(held.value, known)

    def plain(self, names: frozenset[str]) -> frozenset[str]:
        """Those that hold something that code alone can bring back equally well."""
        bound = ((name, self.namespace[name]) for name in names if name in self.namespace)
        return frozenset(n for n, v in bound if callable(v) or is_atom(type(v)))

    def unbound(self, names: frozenset[str]) -> frozenset[str]:
        """Those that are neither in memory nor pending."""
        return names - self.namespace.keys() - self._pending.keys()

    def groups(self, names: frozenset[str]) -> tuple[frozenset[str], ...]:
        """The given names, each with whatever variables share mutable memory with it."""
        if all(is_atom(type(self.namespace[name])) for name in names):
            return tuple(frozenset({name}) for name in sorted(names))
        shared = [group for group in self._sharing_now() if group & names]
        grouped = frozenset().union(*shared) if shared else frozenset()
        return (*shared, *(frozenset({name}) for name in sorted(names - grouped)))

    def unkept(self) -> frozenset[str]:
        """Variables that could not be looked into when they were last looked at."""
        return frozenset(name for name, held in self._held.items() if held.fingerprint is None)

    def sharing(self, names: Set[str]) -> tuple[frozenset[str], ...]:
        """Groups of variables, in memory or pending, that share mutable memory with one of these.

        A group has two members or more. Without one that can share anything, no time is spent.
        """
        waiting: dict[str, set[str]] = {}
        for name, version in self._pending.items():
            if version.member is not None:
                waiting.setdefault(version.manifest, set()).add(name)
        bound = ((n, self.namespace[n]) for n in names if n in self.namespace)
        live = any(not is_atom(type(v)) and self._is_data(n, v) for n, v in bound)
        found = [*(self._sharing_now() if live else ()), *map(frozenset, waiting.values())]
        return tuple(group for group in found if len(group) > 1 and group & names)

    def _sharing_now(self) -> Iterable[frozenset[str]]:
        return sharing_groups({name: self.namespace[name] for name in self.names()})

    def _holds(self, name: str, version: ArtifactVersion) -> bool:
        current = self.version_of(name)
        if current is None or current != version:
            return False
        return name in self._pending or not is_of_past_class(self.namespace[name])
