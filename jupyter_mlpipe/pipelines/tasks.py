"""What an engine runs: processes, each of one step or of several that need one process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from jupyter_mlpipe.model.errors import PipelineError
from jupyter_mlpipe.model.pipeline import Pipeline, PipelineStep, Resources, Retries

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Task:
    """Steps that run one after the other in one process."""

    id: str
    """Of its first step."""
    steps: tuple[PipelineStep, ...]
    depends_on: tuple[str, ...]
    """Ids of tasks."""
    command: tuple[str, ...]
    image: str | None
    resources: Resources
    retries: Retries
    timeout: float | None
    """Of all steps together; None where one of them has none."""
    env: Mapping[str, str]
    """What no two steps set to different values; each step sets its own again."""
    secrets: Mapping[str, str]

    @property
    def name(self) -> str:
        """As the user wrote it; several steps are joined by `+`."""
        return " + ".join(step.name for step in self.steps)


def tasks_of(pipeline: Pipeline) -> tuple[Task, ...]:
    """In the order of their first steps.

    Raises:
        PipelineError: Steps of one task ask for different images or secrets.
    """
    members: dict[str, list[PipelineStep]] = {}
    for step in pipeline.steps:
        members.setdefault(step.task or step.id, []).append(step)
    task_of = {step.id: step.task or step.id for step in pipeline.steps}
    return tuple(_task(id_, steps, task_of) for id_, steps in members.items())


def unmet_by(task: Task) -> Iterable[str]:
    """What steps of a task ask for and cannot each have, for they share a process."""
    if len(task.steps) == 1:
        return
    asked = {step.retries for step in task.steps} - {Retries()}
    if len(asked) > 1:
        most = f"{task.retries.max} times, the most that one of its steps asks for"
        yield f"Task {task.name} is tried again {most}."
    timed = [step.name for step in task.steps if step.timeout is not None]
    if timed and task.timeout is None:
        yield f"Task {task.name} has no timeout: only {', '.join(timed)} set one."


def _task(id_: str, steps: Sequence[PipelineStep], task_of: Mapping[str, str]) -> Task:
    waits = (task_of[earlier] for step in steps for earlier in step.depends_on)
    return Task(
        id=id_,
        steps=tuple(steps),
        depends_on=tuple(dict.fromkeys(task for task in waits if task != id_)),
        command=steps[0].command,
        image=_same("--image", steps, lambda step: step.image),
        resources=_largest([step.resources for step in steps]),
        retries=max((step.retries for step in steps), key=lambda retries: retries.max),
        timeout=_together([step.timeout for step in steps]),
        env=_agreed([step.env for step in steps]),
        secrets=_secrets(steps),
    )


def _same(
    option: str, steps: Sequence[PipelineStep], ask: Callable[[PipelineStep], T | None]
) -> T | None:
    asked = {ask(step): step.name for step in steps if ask(step) is not None}
    if len(asked) > 1:
        raise PipelineError(
            f"Steps {', '.join(asked.values())} run as one task, for they share what cannot "
            f"travel, but their {option} differ: {', '.join(map(str, asked))}. Give them the same."
        )
    return next(iter(asked), None)


def _secrets(steps: Sequence[PipelineStep]) -> Mapping[str, str]:
    names = dict.fromkeys(name for step in steps for name in step.secrets)
    return {name: str(_same(f"--secret {name}", steps, _secret(name))) for name in names}


def _secret(name: str) -> Callable[[PipelineStep], str | None]:
    return lambda step: step.secrets.get(name)


def _largest(asked: Sequence[Resources]) -> Resources:
    """They run one after the other."""
    return Resources(
        cpu=_most(resources.cpu for resources in asked),
        memory=_most(resources.memory for resources in asked),
        gpu=_most(resources.gpu for resources in asked),
        disk=_most(resources.disk for resources in asked),
    )


def _most(values: Iterable[T | None]) -> T | None:
    return max((value for value in values if value is not None), default=None)  # type: ignore[type-var]


def _together(timeouts: Sequence[float | None]) -> float | None:
    stated = [timeout for timeout in timeouts if timeout is not None]
    return sum(stated) if len(stated) == len(timeouts) else None


def _agreed(given: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    names = dict.fromkeys(name for env in given for name in env)
    values = {name: {env[name] for env in given if name in env} for name in names}
    return {name: next(iter(found)) for name, found in values.items() if len(found) == 1}
