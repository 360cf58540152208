"""What a step depends on, as digests: taken when it runs, compared when it is looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from jupyter_mlpipe.analysis.closure import Closure, close_over
from jupyter_mlpipe.analysis.origins import package_version
from jupyter_mlpipe.engine.aliasing import Aliases, aliasing_digest
from jupyter_mlpipe.engine.data import SHELL_NAMES, is_own_definition
from jupyter_mlpipe.engine.details import literal_text
from jupyter_mlpipe.engine.environ import environment_digest
from jupyter_mlpipe.engine.file_facts import file_digest, written_digest
from jupyter_mlpipe.engine.inquiries import inquiry_digest
from jupyter_mlpipe.engine.journal import artifact_asked_for, model_asked_for
from jupyter_mlpipe.engine.module_states import ModuleLook, Watched, is_of_module
from jupyter_mlpipe.engine.randomness import capture_states, state_digest
from jupyter_mlpipe.engine.references import VersionReference
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.places import holds_place
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.digest import digest_of
from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.model.run import OPAQUE, Dependency, DependencyKind
from jupyter_mlpipe.model.step import StepOptions, StepSignature
from jupyter_mlpipe.model.wire import to_json
from jupyter_mlpipe.tracking.model_versions import find_model_version
from jupyter_mlpipe.tracking.resolve import find_version

_CLASSES = frozenset({"type", "abc.ABCMeta", "enum.EnumType", "enum.EnumMeta"})
SHARES = "shares memory with what it reads"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything a step can see when it starts."""

    closure: Closure
    inputs: Mapping[str, ArtifactVersion | None]
    """Data the step reads; None where no version could be made of it."""
    literals: frozenset[str]
    """Constants and parameters that the step reads."""
    scope: Scope
    options: StepOptions
    aliases: Aliases
    watched: Watched = field(default_factory=Watched)
    module_look: ModuleLook = field(default_factory=ModuleLook)
    modules: tuple[Dependency, ...] = ()
    """What was done to modules that the step can get at."""
    references: Mapping[str, VersionReference] = field(default_factory=dict)
    """Those of the inputs that stand for a version instead of holding its value."""

    def dependencies(self) -> tuple[Dependency, ...]:
        """What is known before the step runs, in the order in which a user would suspect it."""
        parameters = self.scope.parameters
        found = [Dependency(DependencyKind.OPTION, "outputs", self.digest_option())]
        if self.scope.element is not None:
            element = self.scope.element
            found.append(Dependency(DependencyKind.ELEMENT, element.name, element.digest))
        found += [
            Dependency(
                DependencyKind.PARAMETER if name in parameters else DependencyKind.CONSTANT,
                name,
                self.digest_literal(name),
                literal_text(self.scope.variables.namespace.get(name)),
            )
            for name in sorted(self.literals)
        ]
        found += [
            Dependency(DependencyKind.INPUT, name, self.digest_value(name) or OPAQUE)
            if name in self.references
            else Dependency(DependencyKind.INPUT, name, version.digest if version else OPAQUE)
            for name, version in sorted(self.inputs.items())
        ]
        found += self._asked() if self.references else ()
        for kind, facts in (
            (DependencyKind.DEFINITION, self.closure.definitions),
            (DependencyKind.IMPORT, self.closure.imports),
            (DependencyKind.MODULE, self.closure.modules),
            (DependencyKind.PACKAGE, self.closure.packages),
        ):
            found += [Dependency(kind, name, facts[name]) for name in sorted(facts)]
        found += self.modules
        noticed = (self.closure.absent - self.closure.fatal) | self.closure.builtins
        absent = noticed - self.inputs.keys() - SHELL_NAMES
        return (*found, *(Dependency(DependencyKind.ABSENT, name, "") for name in sorted(absent)))

    def _asked(self) -> Iterator[Dependency]:
        """Where references lead, beside what they are."""
        for name, reference in sorted(self.references.items()):
            version = self.inputs[name]
            asked = reference.asked(version) if version else ""
            if version and asked:
                yield Dependency(DependencyKind.ARTIFACT, asked, version.digest)

    def sharers(self) -> tuple[Dependency, ...]:
        """Variables that the step does not name, but that share memory with what it reads."""
        names = frozenset[str]().union(*self.aliases.groups) - self.inputs.keys() - self.literals
        return tuple(
            Dependency(DependencyKind.INPUT, name, self.digest_value(name) or OPAQUE, SHARES)
            for name in sorted(names)
        )

    def sharing(self, counted: str) -> Dependency:
        """Which variables share memory; `counted` as in `aliasing_digest`.

        A class is reached through its objects: before these are loaded, nobody knows of it.
        """
        classes = {
            n for n, version in self.inputs.items() if version and version.python_type in _CLASSES
        }
        read = (self.inputs.keys() - classes) | self.literals
        return Dependency(
            DependencyKind.SHARING, counted, aliasing_digest(self.aliases.groups, read, counted)
        )

    def digest_now(self, dependency: Dependency) -> str | None:
        """The digest that an earlier run's dependency has at this moment; None when it is gone."""
        return _RESOLVERS[dependency.kind](self, dependency.name)

    def digest_state(self, name: str) -> str | None:
        """Of what was done to a module, or of a group of settings."""
        for known in self.modules:
            if known.name == name:
                return known.digest
        if is_of_module(name):
            return self.scope.module_states.dependency(name).digest
        return self.scope.states.digest(name)

    def digest_option(self) -> str:
        """Of what the `%%step` line says about the outputs."""
        return digest_of_options(self.options)

    def digest_literal(self, name: str) -> str:
        """The digest of a constant's or parameter's present value."""
        value = self.scope.variables.namespace.get(name)
        if holds_place(value, self.scope.watch.places):
            return OPAQUE
        return content_digest(value) or OPAQUE

    def digest_value(self, name: str) -> str | None:
        """The digest of a variable, whether it is data now or a literal."""
        if name in self.references:
            return content_digest(self.references[name])
        version = self.inputs.get(name) or self.scope.variables.version_of(name)
        if version is not None:
            return version.digest
        if name in self.scope.variables.namespace:
            return self.digest_literal(name)
        return None

    def close_over_name(self, name: str) -> Closure:
        """Facts about one name that an earlier run reached through a value not loaded now."""
        root = name.partition(".")[0]
        signature = StepSignature(reads=frozenset({root}))
        variables = self.scope.variables
        return close_over(signature, variables.namespace, self.scope.modules, variables.all_names())

    def digest_as_code(self, name: str) -> str | None:
        """Of a class of the notebook, with all it holds, where its state counts as data by now.

        Whether it does depends on how often it was looked at while cells were run that add to it.
        """
        variables, signature = self.scope.variables, StepSignature(reads=frozenset({name}))
        namespace, data = variables.namespace, variables.all_names()
        own = {n for n in data if is_own_definition(n, namespace.get(n))}
        if name not in own:
            return None
        closure = close_over(signature, namespace, self.scope.modules, data - own)
        return None if name in closure.reads else closure.definitions.get(name)


def digest_of_options(options: StepOptions) -> str:
    """Only what shapes the outputs; resources, retries, tags and metadata do not.

    What annotations say is part of the cell's text.
    """
    shaped = {
        name: [config.name, config.version, config.artifact_type]
        for name, config in options.configs.items()
        if config.name or config.version or config.artifact_type
    }
    return digest_of(
        "options",
        {
            "outputs": dict(options.outputs),
            "types": dict(options.types),
            "materializers": dict(options.materializers),
            "tags": [],
            "metadata": {},
            "version": options.version,
            # Left out where there is none, as in step runs recorded before it could be given.
            **({"map": to_json(options.fan_out)} if options.fan_out else {}),
            **({"configs": shaped} if shaped else {}),
            **({"model": options.model} if options.model else {}),
        },
    )


def _definition(now: Surroundings, name: str) -> str | None:
    known = now.closure.definitions.get(name) or now.close_over_name(name).definitions.get(name)
    return known or now.digest_as_code(name)


def _import(now: Surroundings, name: str) -> str | None:
    return now.closure.imports.get(name) or now.close_over_name(name).imports.get(name)


def _module(now: Surroundings, name: str) -> str | None:
    return now.closure.modules.get(name) or now.scope.modules.reach([name]).modules.get(name)


def _element(now: Surroundings, name: str) -> str | None:
    element = now.scope.element
    return element.digest if element is not None and element.name == name else None


def _artifact(now: Surroundings, name: str) -> str | None:
    metadata = now.scope.metadata
    if metadata is None:
        return None
    try:
        return find_version(metadata, *artifact_asked_for(name)).digest
    except NotFoundError:
        return None


def _model(now: Surroundings, name: str) -> str | None:
    metadata = now.scope.metadata
    if metadata is None:
        return None
    try:
        return find_model_version(metadata, *model_asked_for(name)).id
    except NotFoundError:
        return None


def _absent(now: Surroundings, name: str) -> str | None:
    variables = now.scope.variables
    return None if name in variables.namespace or name in variables.pending else ""


_RESOLVERS: Mapping[DependencyKind, Callable[[Surroundings, str], str | None]] = {
    DependencyKind.OPTION: lambda now, _: now.digest_option(),
    DependencyKind.PARAMETER: Surroundings.digest_value,
    DependencyKind.CONSTANT: Surroundings.digest_value,
    DependencyKind.INPUT: Surroundings.digest_value,
    DependencyKind.DEFINITION: _definition,
    DependencyKind.IMPORT: _import,
    DependencyKind.MODULE: _module,
    DependencyKind.PACKAGE: lambda now, name: (
        now.closure.packages.get(name) or package_version(name)
    ),
    DependencyKind.FILE: lambda _, name: file_digest(name),
    DependencyKind.RANDOM: lambda _, name: state_digest(name, capture_states()),
    DependencyKind.WRITTEN: lambda _, name: written_digest(name),
    DependencyKind.INQUIRY: lambda _, name: inquiry_digest(name),
    DependencyKind.ENVIRONMENT: lambda now, name: environment_digest(name, now.options.env),
    DependencyKind.STATE: Surroundings.digest_state,
    DependencyKind.ELEMENT: _element,
    DependencyKind.ARTIFACT: _artifact,
    DependencyKind.MODEL: _model,
    DependencyKind.ABSENT: _absent,
    DependencyKind.SHARING: lambda now, counted: now.sharing(counted).digest,
}
