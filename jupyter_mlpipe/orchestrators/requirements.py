"""What a pipeline asks of its target, held against what the target can do."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_mlpipe.model.errors import OrchestratorError
from jupyter_mlpipe.model.pipeline import Pipeline, PipelineStep, Retries
from jupyter_mlpipe.orchestrators.base import Capabilities


def refuse_inexpressible(pipeline: Pipeline, title: str, capabilities: Capabilities) -> None:
    """Stop before anything is written when the target would have to drop something.

    Raises:
        OrchestratorError: Names every step and field that the target cannot express.
    """
    problems = [
        f"step {step.name!r} asks for {field}"
        for step in pipeline.steps
        for field, wanted in _demands(step)
        if wanted and not getattr(capabilities, field)
    ]
    if pipeline.schedule is not None and not capabilities.schedule:
        problems.append("the pipeline asks for a schedule")
    if problems:
        raise OrchestratorError(
            f"{title} cannot express this pipeline: {'; '.join(problems)}. Remove the option "
            "from the step's %%step line, or choose another target."
        )


def advisory_warnings(
    pipeline: Pipeline, title: str, capabilities: Capabilities
) -> tuple[str, ...]:
    """What the target will not do as one might expect, though the steps run."""
    mapped = [step.name for step in pipeline.steps if step.fan_out is not None]
    advice = _unenforced(pipeline, title) if not capabilities.resources else []
    if mapped:
        advice.append(
            f"{title} runs the elements of --map one after the other, inside one task "
            f"(steps: {', '.join(mapped)})."
        )
    return tuple(advice)


def _unenforced(pipeline: Pipeline, title: str) -> list[str]:
    names = [
        step.name
        for step in pipeline.steps
        if (step.resources.cpu, step.resources.memory, step.resources.disk) != (None, None, None)
    ]
    if not names:
        return []
    return [f"{title} does not enforce --cpu, --memory or --disk (steps: {', '.join(names)})."]


def _demands(step: PipelineStep) -> Iterator[tuple[str, bool]]:
    """Each field is named as in `Capabilities`."""
    yield "retries", step.retries != Retries()
    yield "timeout", step.timeout is not None
    yield "gpu", bool(step.resources.gpu)
    yield "image", step.image is not None
    yield "secrets", bool(step.secrets)
    yield "fan_out", step.fan_out is not None
    yield "condition", step.condition is not None
