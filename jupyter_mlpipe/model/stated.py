"""What `mlpipe.yaml` beside a notebook says, so that the notebook need not change for a release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from jupyter_mlpipe.model.artifact import ArtifactConfig
from jupyter_mlpipe.model.step import StepOptions, StepSource


@dataclass(frozen=True, slots=True)
class StatedStep:
    """What is said of one step, or of all."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `StepOptions`, to be put in the place of what the `%%step` line says."""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    materializers: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, ArtifactConfig] = field(default_factory=dict)
    """By variable."""

    def over(self, options: StepOptions) -> StepOptions:
        """The options with this on top; tags, metadata and the like add up."""
        return replace(
            options,
            **self.options,
            tags=tuple(dict.fromkeys((*options.tags, *self.tags))),
            metadata={**options.metadata, **self.metadata},
            env={**options.env, **self.env},
            materializers={**options.materializers, **self.materializers},
            configs={**options.configs, **self.outputs},
        )

    def joined(self, other: StatedStep) -> StatedStep:
        """This with another on top."""
        return StatedStep(
            options={**self.options, **other.options},
            tags=tuple(dict.fromkeys((*self.tags, *other.tags))),
            metadata={**self.metadata, **other.metadata},
            env={**self.env, **other.env},
            materializers={**self.materializers, **other.materializers},
            outputs={**self.outputs, **other.outputs},
        )


@dataclass(frozen=True, slots=True)
class Stated:
    """What is said of one pipeline."""

    file: str = ""
    """Empty where there is none."""
    cache: bool | None = None
    """None where nothing is said of it."""
    tags: tuple[str, ...] = ()
    """Of its runs."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    of_all: StatedStep = field(default_factory=StatedStep)
    steps: Mapping[str, StatedStep] = field(default_factory=dict)

    def over(self, step: StepSource) -> StepSource:
        """The step with this on top of what its `%%step` line says."""
        if not self.file:
            return step
        options = self.of_all.over(step.options)
        if step.name in self.steps:
            options = self.steps[step.name].over(options)
        return replace(step, options=options)
