"""What the user calls the outputs of a step, and the tags and metadata that they are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from jupyter_mlpipe.analysis.annotations import annotated_outputs
from jupyter_mlpipe.analysis.mutation import changed_in_place
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.model.artifact import ArtifactConfig, ArtifactVersion
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import NotebookError
from jupyter_mlpipe.model.labels import Labels, Subject
from jupyter_mlpipe.model.models import ModelVersion
from jupyter_mlpipe.model.run import StepRun
from jupyter_mlpipe.model.step import StepOptions, StepSignature, StepSource
from jupyter_mlpipe.tracking.store import Query

_MARK = "Annotated"


def with_annotations(
    step: StepSource, python: str, signature: StepSignature, scope: Scope
) -> StepSource:
    """The step with what the annotations of its cell say.

    Raises:
        NotebookError: They cannot be known before the cell runs.
    """
    if _MARK not in python:
        return step
    namespace = scope.variables.namespace
    known = {name: namespace[name] for name in signature.reads & namespace.keys()}
    constants = {name: value for name, value in known.items() if name not in signature.writes}
    found = annotated_outputs(python, constants, step.label)
    if scope.element is not None:
        found = _without_versions(found)
    return replace(step, options=replace(step.options, annotated=found))


def of_one_element(options: StepOptions) -> StepOptions:
    """What is said of a mapped step, for the run of one element.

    A version name, or of a model, belongs to the list of what all of them left.
    """
    return replace(
        options,
        fan_out=None,
        condition=None,
        version=None,
        model=None,
        configs=_without_versions(options.configs),
        inputs=(),
    )


def _without_versions(configs: Mapping[str, ArtifactConfig]) -> Mapping[str, ArtifactConfig]:
    return {name: replace(config, version=None) for name, config in configs.items()}


def name_of(variable: str, step: StepSource, pipeline: str) -> str:
    """The name given to an artifact, else one that says where the variable comes from."""
    return step.options.of_output(variable).name or default_name(variable, step, pipeline)


def default_name(variable: str, step: StepSource, pipeline: str) -> str:
    """Says where a variable comes from."""
    return f"{pipeline}::{step.name}::{variable}"


def refuse_taken_versions(
    step: StepSource, python: str, signature: StepSignature, scope: Scope, context: RunContext
) -> None:
    """Make sure that each version name is free before the cell computes for an hour.

    Raises:
        NotebookError: One is not.
    """
    claimed: dict[tuple[str, str], str] = {}
    for variable, version in _named_versions(step, python, signature):
        name = name_of(variable, step, scope.run.pipeline)
        other = claimed.setdefault((name, version), variable)
        if other != variable:
            raise NotebookError(
                step.label,
                f"`{other}` and `{variable}` would both be the version {version!r} of {name!r}. "
                "Give them different names or versions.",
            )
        where = {"name": name, "version_name": version}
        if context.metadata.find(Query(ArtifactVersion, where, limit=1, counted=False)).items:
            raise NotebookError(
                step.label,
                f"the artifact {name!r} already has a version {version!r}, and versions never "
                "change. Choose another version name, or leave it out.",
            )


def _named_versions(
    step: StepSource, python: str, signature: StepSignature
) -> Iterator[tuple[str, str]]:
    options = step.options
    if not (options.version or options.configs or options.annotated):
        return
    may_leave = signature.writes | options.outputs.keys()
    if options.version:
        may_leave |= changed_in_place(parse(python)) & signature.reads & options.named_outputs
    for variable in sorted(may_leave | options.configs.keys() | options.annotated.keys()):
        version = options.of_output(variable).version
        if version:
            yield variable, version


def grouped_outputs(step_run: StepRun, options: StepOptions) -> tuple[ModelVersion, ...]:
    """The version of the model, if the step is to leave one: its outputs by their variables."""
    if options.model is None or not step_run.outputs:
        return ()
    artifacts = {output.variable: output.version_id for output in step_run.outputs}
    version = ModelVersion(new_id(), options.model, artifacts, run_id=step_run.run_id)
    return (replace(version, created=step_run.started + step_run.seconds),)


def later_labels(step: StepSource, left: Mapping[str, ArtifactVersion]) -> tuple[Labels, ...]:
    """What is said of outputs now, and was not when an earlier run left them.

    Tags and metadata are no reason to run a step again, so a hit brings them up to date.
    """
    options = step.options
    if not (options.tags or options.metadata or options.configs or options.annotated):
        return ()
    said = ((version, options.of_output(name)) for name, version in left.items())
    return tuple(
        Labels(Subject.VERSION, version.id, tuple(config.tags), config.run_metadata)
        for version, config in said
        if set(config.tags) - set(version.tags)
        or any(version.metadata.get(k, ...) != v for k, v in config.run_metadata.items())
    )
