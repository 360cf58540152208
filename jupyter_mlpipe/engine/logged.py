"""What a step's code logged while it ran, as parts of its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from jupyter_mlpipe.engine.capture import Captured
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.journal import Journal
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.model.labels import Labels, Subject
from jupyter_mlpipe.model.run import StepRun
from jupyter_mlpipe.tracking.resolve import find_version


@dataclass(frozen=True, slots=True)
class Settled:
    """Metadata of artifacts that are no outputs, and lines about what found no place."""

    labels: tuple[Labels, ...] = ()
    problems: tuple[str, ...] = ()


def settle(captured: Captured, journal: Journal, context: RunContext) -> Settled:
    """Give the outputs what was logged of them, by their variables or names."""
    if not journal.of_outputs:
        return Settled()
    labels, problems = [], []
    for called, metadata in journal.of_outputs.items():
        variable = _variable(called, captured.versions)
        if variable is not None:
            version = captured.versions[variable]
            said = {**version.metadata, **metadata}
            captured.versions[variable] = replace(version, metadata=said)
        elif not called:
            known = ", ".join(f"`{name}`" for name in sorted(captured.versions)) or "none"
            problems.append(
                f"metadata was logged without artifact_name=; the outputs are {known}, so it is "
                "not known of which"
            )
        else:
            try:
                id_ = find_version(context.metadata, called).id
                labels.append(Labels(Subject.VERSION, id_, metadata=metadata))
            except NotFoundError as error:
                problems.append(f"metadata of {called!r} is not kept: {error}")
    return Settled(tuple(labels), tuple(problems))


def with_journal(step_run: StepRun, journal: Journal) -> StepRun:
    """The record with what its code read by name and said of itself."""
    if not (journal.inputs or journal.dependencies or journal.metadata):
        return step_run
    known = {dependency.name for dependency in step_run.dependencies}
    read = (found for name, found in journal.dependencies.items() if name not in known)
    return replace(
        step_run,
        inputs=(*step_run.inputs, *journal.inputs.values()),
        dependencies=(*step_run.dependencies, *read),
        metadata=journal.metadata,
    )


def _variable(called: str, versions: Mapping[str, ArtifactVersion]) -> str | None:
    if not called:
        return next(iter(versions)) if len(versions) == 1 else None
    named = (name for name, version in versions.items() if version.name == called)
    return called if called in versions else next(named, None)
