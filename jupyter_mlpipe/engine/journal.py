"""What the code of a running step asks of the stores by name, and what it says of itself.

The user's code calls plain functions, which know of no step. They raise an audit event of
Python's; the watch of the step that runs, if any, answers with the step's journal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from jupyter_mlpipe.config import Settings, load_settings
from jupyter_mlpipe.engine.context import RunContext, open_context
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.models import ModelVersion
from jupyter_mlpipe.model.run import Dependency, DependencyKind, Input, Run, StepRun

ASKED = "jupyter_mlpipe.step"
"""The audit event; its argument is a list, to which the journal is added."""
_NEWEST, _PINNED = "newest version of ", "version "
_OF_MODEL = " version of the model "
_ELSEWHERE = "asks another project, which may give something else the next time"


@dataclass(slots=True)
class Journal:
    """Filled while the step's own code runs."""

    context: RunContext | None = None
    running: Callable[[], tuple[Run, StepRun]] | None = None
    """The step run as it stands, to be recorded before what belongs to it."""
    dependencies: dict[str, Dependency] = field(default_factory=dict)
    inputs: dict[str, Input] = field(default_factory=dict)
    metadata: dict[str, object] = field(default_factory=dict)
    of_outputs: dict[str, dict[str, object]] = field(default_factory=dict)
    """Artifact or variable to the metadata that was logged of it; empty for the only output."""
    never: str = ""
    """Why the run can never be proven to hold later; empty where it can."""
    busy: bool = False
    """We read or write stores ourselves, which is none of the step's doing."""

    def add(self, other: Journal) -> None:
        """Count what another piece of the same step read."""
        for found in other.dependencies.values():
            self._depend(found)
        self.inputs |= other.inputs
        self.never = self.never or other.never

    def note_read(self, version: ArtifactVersion, *, pinned: bool) -> None:
        """The code was given an artifact version: a certain one, or the newest."""
        name = name_asked_for(version, pinned=pinned)
        self._depend(Dependency(DependencyKind.ARTIFACT, name, version.digest))
        asked = f"{version.name!r}, {version.version}" if pinned else repr(version.name)
        self.inputs[name] = Input(f"load_artifact({asked})", version.id)

    def note_model(self, version: ModelVersion, standing: str) -> None:
        """The code was given the version that has a stage or an alias, or the latest one."""
        name = f"{standing}{_OF_MODEL}{version.model}"
        self._depend(Dependency(DependencyKind.MODEL, name, version.id))

    def note_grouped(self, version: ModelVersion, role: str) -> None:
        """The code was given what a model version groups."""
        name = f"{version.model}@{version.version}: {role}"
        self.inputs[name] = Input(name, version.artifacts[role])

    def _depend(self, found: Dependency) -> None:
        """No present could be compared with two answers to one question."""
        if self.dependencies.setdefault(found.name, found) != found:
            self.never = self.never or f"the {found.name} was not the same all the while"


def name_asked_for(version: ArtifactVersion, *, pinned: bool) -> str:
    """The name of a dependency on a certain version, or on the newest one."""
    number = f"{_PINNED}{version.version} of " if pinned else _NEWEST
    return f"{number}{version.name}"


def artifact_asked_for(dependency: str) -> tuple[str, int | None]:
    """The name of the artifact, and its version unless that is the newest."""
    if dependency.startswith(_NEWEST):
        return dependency.removeprefix(_NEWEST), None
    number, _, name = dependency.removeprefix(_PINNED).partition(" of ")
    return name, int(number)


def model_asked_for(dependency: str) -> tuple[str, str]:
    """The name of the model, and what was asked for, which is one word."""
    standing, _, model = dependency.partition(_OF_MODEL)
    return model, standing


def running_journal() -> Journal | None:
    """That of the step whose code runs at this moment; None outside of steps."""
    found: list[Journal] = []
    sys.audit(ASKED, found)
    return next((journal for journal in found if journal.context is not None), None)


def journal_over(context: RunContext) -> Journal | None:
    """Only a step's own stores are where its record can be compared with them later."""
    journal = running_journal()
    if journal is None or journal.context is None:
        return None
    if journal.context.settings == context.settings:
        return journal
    journal.never = journal.never or _ELSEWHERE
    return None


@contextmanager
def never_proven(context: RunContext, why: str) -> Iterator[None]:
    """A step whose code does what is in the block always runs."""
    journal = journal_over(context)
    if journal is not None:
        journal.never = journal.never or why
    with unheard(journal):
        yield


def running_step() -> tuple[Run, StepRun] | tuple[()]:
    """To be recorded before what it makes; it is replaced when the cell ends."""
    journal = running_journal()
    return journal.running() if journal is not None and journal.running is not None else ()


def open_stores(settings: Settings | None = None, project: str | None = None) -> RunContext:
    """The stores of the step that runs, else those of the working folder's project.

    Args:
        settings: Say of other stores.
        project: Another one in the same stores.

    Raises:
        ConfigError: The settings cannot be used.
        MlpipeError: The stores cannot be used.
    """
    journal = running_journal()
    running = journal.context if journal is not None and settings is None else None
    if running is not None and project in (None, running.settings.project):
        return running
    known = settings or (running.settings if running else load_settings(Path.cwd(), os.environ))
    return open_context(replace(known, project=project) if project else known)


def close_stores(context: RunContext) -> None:
    """Release them, unless they are the running step's."""
    journal = running_journal()
    if journal is None or journal.context is not context:
        context.metadata.close()


@contextmanager
def reach_stores() -> Iterator[RunContext]:
    """`open_stores` for a block, in which nothing counts as the step's doing."""
    with unheard(running_journal()):
        context = open_stores()
        try:
            yield context
        finally:
            close_stores(context)


@contextmanager
def unheard(journal: Journal | None) -> Iterator[None]:
    """Files and hosts that the stores use in the block do not count as the step's."""
    before = journal.busy if journal is not None else False
    try:
        if journal is not None:
            journal.busy = True
        yield
    finally:
        if journal is not None:
            journal.busy = before
