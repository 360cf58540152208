"""What differs between an earlier step run and the present, in the user's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from jupyter_mlpipe.analysis.codediff import definition_text, edited_definitions, short_diff
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import MlpipeError
from jupyter_mlpipe.model.run import OPAQUE, Dependency, DependencyKind, StepRun

CODE_CHANGED = "the code of this cell changed"
NOTHING_CHANGED = "nothing it depends on changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was."""

    words: str
    """One line."""
    diff: str = ""
    """A few lines that begin with `-`, `+` or a space; empty where words say it all."""


class Moment(Protocol):
    """What an earlier run is compared with: the present, or a later run on record."""

    @property
    def source(self) -> str:
        """The cell's code."""

    @property
    def definitions(self) -> str:
        """Code of other cells around it."""

    def digest(self, dependency: Dependency) -> str | None:
        """The present digest of what an earlier run depended on; None when it is gone."""

    def detail(self, dependency: Dependency) -> str:
        """The present `Dependency.detail`; a module's text itself in place of its blob."""

    def version(self, variable: str) -> ArtifactVersion | None:
        """What a variable holds, where that is known."""

    def touched(self, variable: str, since: float) -> str:
        """The line outside of steps that touched a variable last, if that was after `since`."""


def differences(then: StepRun, now: Moment, context: RunContext) -> Iterator[Difference]:
    """One after the other, in the order in which a user would suspect them."""
    for dependency in then.dependencies:
        digest = now.digest(dependency)
        if dependency.digest == OPAQUE or digest != dependency.digest:
            yield tell(then, dependency, digest, now, context)


def tell(
    then: StepRun, dependency: Dependency, digest: str | None, now: Moment, context: RunContext
) -> Difference:
    """What became of something that a run depended on and that has another digest now."""
    return _Changed(then, dependency, digest, now, context).difference()


def code_changed(then: str, now: str) -> Difference:
    """The cell itself was edited."""
    return Difference(CODE_CHANGED, short_diff(then, now))


@dataclass(frozen=True, slots=True)
class _Changed:
    """One dependency whose digest is another now."""

    then: StepRun
    dependency: Dependency
    digest: str | None
    now: Moment
    context: RunContext

    def difference(self) -> Difference:
        dependency = self.dependency
        if dependency.digest == OPAQUE:
            return Difference(f"`{dependency.name}` cannot be compared with what it was")
        tell = _TELLERS.get(dependency.kind)
        if tell is not None:
            return tell(self)
        words = _WORDS.get(dependency.kind, f"{dependency.kind} `{{name}}` changed")
        return Difference(words.format(name=dependency.name))

    def input(self) -> Difference:
        name = self.dependency.name
        if self.digest is None:
            return Difference(f"`{name}` is no longer defined")
        old, new = self._version_then(), self.now.version(name)
        return Difference(f"`{name}` changed {self._by(new)}", _facts(old, new))

    def literal(self) -> Difference:
        kind, name = self.dependency.kind, self.dependency.name
        label = f"parameter `{name}`" if kind is DependencyKind.PARAMETER else f"`{name}`"
        if self.digest is None:
            return Difference(f"{label} is no longer defined")
        old, new = self.dependency.detail, self.now.detail(self.dependency)
        values = f": {old} → {new}" if old and new else ""
        return Difference(f"{label} changed{values}")

    def definition(self) -> Difference:
        name = self.dependency.name
        if self.digest is None:
            data = self.now.version(name)
            if data is not None:  # as a function is whose default was changed in place
                return Difference(f"`{name}` changed {self._by(data)}")
            return Difference(f"`{name}` is no longer defined")
        old = _definition(self.then.source, self.then.definitions, name)
        new = _definition(self.now.source, self.now.definitions, name)
        if old and old == new:
            return Difference(f"`{name}` holds other values: a default, or one it closes over")
        return Difference(f"`{name}` was edited", short_diff(old, new) if old and new else "")

    def module(self) -> Difference:
        name = self.dependency.name
        if self.digest is None:
            return Difference(f"the module `{name}` is gone")
        old, new = self._module_then(), self.now.detail(self.dependency)
        if not old or not new:
            return Difference(f"the module `{name}` was edited")
        edited = ", ".join(edited_definitions(old, new))
        parts = f": {edited}" if edited else ""
        return Difference(f"the module `{name}` was edited{parts}", short_diff(old, new))

    def package(self) -> Difference:
        old, new = self.dependency.digest, self.digest or "not installed"
        return Difference(f"{self.dependency.name} {old} → {new}")

    def file(self) -> Difference:
        name = Path(self.dependency.name).name
        if self.digest is None:
            return Difference(f"{name} is gone", f"- {self.dependency.name}")
        old, new = self.dependency.detail, self.now.detail(self.dependency)
        return Difference(f"{name} changed", f"- {old}\n+ {new}" if old != new else "")

    def written(self) -> Difference:
        name = Path(self.dependency.name).name
        return Difference(f"{name} is no longer what this step left there")

    def inquiry(self) -> Difference:
        aspect, _, path = self.dependency.name.partition(" of ")
        facts = f"- {self.dependency.digest}\n+ {self.digest}"
        return Difference(f"{aspect} of {Path(path).name} changed", facts)

    def meaning(self) -> Difference:
        name, old, new = self.dependency.name, self.dependency.digest, self.digest
        return Difference(f"`{name}` means {new or 'nothing'} now, before it meant {old}")

    def state(self) -> Difference:
        name, old = self.dependency.name, self.dependency.detail
        new = self.now.detail(self.dependency)
        if not old and not new:
            return Difference(f"{name} changed")
        return Difference(new or f"what it stood on is no more: {old}")

    def _by(self, version: ArtifactVersion | None) -> str:
        if version is None or version.step_run is None:
            line = self.now.touched(self.dependency.name, self.then.started)
            return f"outside a step: {line}" if line else "outside a step"
        producer = self.context.metadata.get(StepRun, version.step_run)
        itself = producer.step == self.then.step and producer.pipeline == self.then.pipeline
        return "by this very step" if itself else f"by step {producer.step}"

    def _version_then(self) -> ArtifactVersion | None:
        ids = {item.variable: item.version_id for item in self.then.inputs}
        if self.dependency.name not in ids:
            return None
        return self.context.metadata.get(ArtifactVersion, ids[self.dependency.name])

    def _module_then(self) -> str:
        return stored_text(self.dependency.detail, self.context)


def stored_text(blob: str, context: RunContext) -> str:
    """The text in a blob; empty where it is not there, for it only illustrates."""
    try:
        return context.blobs.get(blob).decode("utf-8", "replace") if blob else ""
    except MlpipeError:
        return ""


def _definition(source: str, definitions: str, name: str) -> str:
    return definition_text(source, name) or definition_text(definitions, name)


def _facts(old: ArtifactVersion | None, new: ArtifactVersion | None) -> str:
    """Number and summary of both versions, as far as they differ."""
    if old is None or new is None or old.id == new.id:
        return ""
    return f"- {_version_facts(old, new)}\n+ {_version_facts(new, old)}"


def _version_facts(version: ArtifactVersion, other: ArtifactVersion) -> str:
    facts = {
        key: value for key, value in version.summary.items() if other.summary.get(key) != value
    }
    if version.python_type != other.python_type:
        facts = {"type": version.python_type, **facts}
    listed = "".join(f", {key} {value}"[:80] for key, value in facts.items())
    return f"{version.name} {version.label}{listed}"


_TELLERS: Mapping[DependencyKind, Callable[[_Changed], Difference]] = {
    DependencyKind.INPUT: _Changed.input,
    DependencyKind.PARAMETER: _Changed.literal,
    DependencyKind.CONSTANT: _Changed.literal,
    DependencyKind.DEFINITION: _Changed.definition,
    DependencyKind.MODULE: _Changed.module,
    DependencyKind.PACKAGE: _Changed.package,
    DependencyKind.FILE: _Changed.file,
    DependencyKind.WRITTEN: _Changed.written,
    DependencyKind.INQUIRY: _Changed.inquiry,
    DependencyKind.IMPORT: _Changed.meaning,
    DependencyKind.STATE: _Changed.state,
}
_WORDS = {
    DependencyKind.OPTION: "the %%step line or mlpipe.yaml asks for other outputs",
    DependencyKind.RANDOM: "{name} is in another state",
    DependencyKind.ENVIRONMENT: "environment variable {name} changed",
    DependencyKind.ELEMENT: "`{name}` is another element",
    DependencyKind.ARTIFACT: "the {name} is another one",
    DependencyKind.MODEL: "the {name} is another one",
    DependencyKind.ABSENT: "`{name}` is defined now",
    DependencyKind.SHARING: "other variables share memory with what it uses",
}
