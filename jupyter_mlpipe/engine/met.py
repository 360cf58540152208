"""What a step is seen to depend on although neither its text nor its values lead there.

Functions that are found otherwise than by a name or in a value: through the subclasses of a class,
a registry inside of a library, a pickle, a module whose name is computed.
"""

from __future__ import annotations

import enum
import gc
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from jupyter_mlpipe.analysis.closure import Closure, close_over
from jupyter_mlpipe.engine.attempt import Met
from jupyter_mlpipe.engine.capture import capture_outside
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.data import SHELL_NAMES, is_defined
from jupyter_mlpipe.engine.dependencies import Surroundings
from jupyter_mlpipe.engine.details import file_text, literal_text
from jupyter_mlpipe.engine.executed import local_files, local_modules, names_of, uncovered
from jupyter_mlpipe.engine.held import Held, LetGo, found_again
from jupyter_mlpipe.engine.module_states import Watched
from jupyter_mlpipe.engine.trace import Executed
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.identity import identity
from jupyter_mlpipe.materializers.places import holds_place
from jupyter_mlpipe.materializers.reach import Walker
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import OPAQUE, Dependency, DependencyKind
from jupyter_mlpipe.model.step import StepSignature

FOUND = "found otherwise than by its name"
"""The detail of a dependency on a definition to which no text leads."""


def met_by(
    executed: Executed,
    surroundings: Surroundings,
    before: Mapping[str, Held],
    writes: frozenset[str],
    context: RunContext,
) -> Met:
    """Compare what ran with what the step was known to lead to.

    Args:
        executed: What ran.
        surroundings: What the step was known to lead to.
        before: The variables as they were then.
        writes: Names that the step's own text binds.
        context: Of this process.
    """
    found = _Found(executed, surroundings, before, writes)
    if not (found.anything or executed.earlier):
        return Met()
    inputs, data = found.data(context)
    met = (*executed.earlier.values(), *data, *found.code(), *found.absent())
    by_name = {(one.kind, one.name): one for one in met}
    for known in surroundings.dependencies():
        by_name.pop((known.kind, known.name), None)
    return Met(tuple(by_name.values()), inputs, found.never())


class _Found:
    """One look at what ran, and what that leads to in turn."""

    def __init__(
        self,
        executed: Executed,
        surroundings: Surroundings,
        before: Mapping[str, Held],
        writes: frozenset[str],
    ) -> None:
        self._executed = executed
        self._surroundings = surroundings
        self._before = before
        self._writes = writes
        self._known = surroundings.closure
        self._variables = surroundings.scope.variables
        namespace = self._variables.namespace
        passed_over = writes | self._known.definitions.keys()
        left = uncovered(executed, self._known.codes, namespace)
        met = {n for n in executed.names - passed_over if not self._is_bound_since(n)}
        self._names = names_of(left, namespace, passed_over) | met
        self._modules = local_modules(executed) - self._known.modules.keys()
        self._files = local_files(executed)
        self.anything = bool(left or self._names or self._modules or self._files)
        self._more = self._closure() if self.anything else Closure()

    def _is_bound_since(self, name: str) -> bool:
        held = self._before.get(name)
        return held is not None and not held.holds(self._variables.namespace.get(name))

    def _closure(self) -> Closure:
        signature = StepSignature(reads=self._names, imported=self._modules)
        variables = self._variables
        modules = self._surroundings.scope.modules
        return close_over(signature, variables.namespace, modules, variables.all_names())

    def code(self) -> Iterator[Dependency]:
        """Definitions, modules with what was done to them, packages, and plain files."""
        known, more = self._known, self._more
        for kind, now, then in (
            (DependencyKind.DEFINITION, more.definitions, known.definitions),
            (DependencyKind.IMPORT, more.imports, known.imports),
            (DependencyKind.MODULE, more.modules, known.modules),
            (DependencyKind.PACKAGE, more.packages, known.packages),
        ):
            fresh = now.keys() - then.keys()
            for name in sorted(n for n in fresh if n.partition(".")[0] not in self._writes):
                detail = FOUND if kind is DependencyKind.DEFINITION else ""
                yield Dependency(kind, name, now[name], detail)
        yield from self._module_states()
        for path, digest in self._files.items():
            yield Dependency(DependencyKind.FILE, path, digest, file_text(path))

    def _module_states(self) -> Iterator[Dependency]:
        """What a module held when the step began is known only if nothing was done to it yet."""
        states = self._surroundings.scope.module_states
        watched = Watched(tuple(sorted(self._more.modules.keys() - self._known.modules.keys())))
        for found in states.dependencies(watched, states.look(watched)):
            if found.name not in {known.name for known in self._surroundings.modules}:
                digest = OPAQUE if found.digest else ""
                yield Dependency(found.kind, found.name, digest, found.detail)

    def data(
        self, context: RunContext
    ) -> tuple[Mapping[str, ArtifactVersion], tuple[Dependency, ...]]:
        """What the functions read of what was there before, as it was then."""
        scope = self._surroundings.scope
        literals = scope.constants | scope.parameters
        names = self._more.reads - self._known.reads - self._surroundings.inputs.keys()
        there = sorted(names & self._before.keys())
        outside = [n for n in there if n not in literals and self._is_new(n)]
        captured = capture_outside(outside, self._before, scope, context).versions
        versions = {
            name: version
            for name in there
            if name not in literals
            and (version := captured.get(name) or self._before[name].version) is not None
        }
        return versions, tuple(self._datum(name, versions.get(name)) for name in there)

    def _is_new(self, name: str) -> bool:
        """Whether it is what it was, and no version was made of it."""
        held, bound = self._before[name], self._variables.namespace.get(name)
        known = replace(held, value=bound)
        return held.version is None and held.holds(bound) and self._variables.is_unchanged(known)

    def _as_it_is(self, name: str) -> Held:
        """One that was let go, and is no more, cannot be compared."""
        held, bound = self._before[name], self._variables.namespace.get(name)
        if type(held.value) is not LetGo:
            return held
        return found_again(held, bound) or replace(held, value=None, fingerprint=None)

    def _datum(self, name: str, version: ArtifactVersion | None) -> Dependency:
        scope, held = self._surroundings.scope, self._as_it_is(name)
        if version is not None:
            return Dependency(DependencyKind.INPUT, name, version.digest)
        comparable = held.fingerprint is not None and self._variables.is_unchanged(held)
        comparable = comparable and not holds_place(held.value, scope.watch.places)
        digest = (content_digest(held.value) if comparable else None) or OPAQUE
        if name in scope.parameters:
            return Dependency(DependencyKind.PARAMETER, name, digest, literal_text(held.value))
        if name in scope.constants:
            return Dependency(DependencyKind.CONSTANT, name, digest, literal_text(held.value))
        return Dependency(DependencyKind.INPUT, name, digest)

    def absent(self) -> Iterator[Dependency]:
        """Names that mean nothing, or what they mean to Python itself."""
        known = self._known.absent | self._known.builtins
        names = (self._more.absent | self._more.builtins) - known - self._writes - SHELL_NAMES
        yield from (Dependency(DependencyKind.ABSENT, name, "") for name in sorted(names))

    def never(self) -> str:
        """What ran that cannot be found again, or that can read anything."""
        if self._more.dynamic:
            return self._more.dynamic
        reached = (*self._known.codes, *self._more.codes)
        left = uncovered(self._executed, reached, self._variables.namespace)
        if left:
            names = ", ".join(sorted({f"`{code.co_qualname}`" for code in left}))
            return f"calls {names}, to which its code does not lead"
        kinds = ", ".join(f"`{name}`" for name in self._unheld())
        return f"uses an object of {kinds} that no variable holds" if kinds else ""

    def _unheld(self) -> Iterator[str]:
        """Classes with objects that live on although nothing that the step reads or left does."""
        namespace = self._variables.namespace
        found = {n: namespace[n] for n in sorted(self._names) if n in namespace}
        kinds = {n: kind for n, kind in found.items() if _has_objects(kind)}
        if not kinds:
            return
        gc.collect()
        every = tuple(kinds.values())
        living: list[Any] = [one for one in gc.get_objects() if issubclass(type(one), every)]
        walker, names = Walker(), self._known.reads | self._more.reads | self._writes
        values = [namespace[name] for name in names if name in namespace]
        own = (kind for name, kind in list(namespace.items()) if is_defined(name, kind))
        values += [list(type.__getattribute__(k, "__dict__").values()) for k in (*every, *own)]
        held = {place for value in values for place in walker.reach(value).objects}
        lost = {type(one) for one in living if identity(one) not in held}
        yield from (name for name, kind in kinds.items() if any(issubclass(k, kind) for k in lost))


def _has_objects(value: Any) -> bool:
    """Whether it is a class whose objects a step can make."""
    return issubclass(type(value), type) and not issubclass(type(value), enum.EnumMeta)
