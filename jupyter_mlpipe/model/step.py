"""A step as the notebook states it: its cell, its options, and what the cell mentions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jupyter_mlpipe.model.artifact import ArtifactConfig, ArtifactType
from jupyter_mlpipe.model.pipeline import FanOut, Resources, Retries


@dataclass(frozen=True, slots=True)
class StepOptions:
    """What the `%%step` line says besides the name; everything not said is inferred."""

    outputs: Mapping[str, str] = field(default_factory=dict)
    """Variable to artifact name, from `--out df=iris_dataset`; a bare `--out df` keeps the
    default name."""
    inputs: tuple[str, ...] = ()
    """Variables named by `--in`; checked against what the cell reads."""
    types: Mapping[str, str] = field(default_factory=dict)
    """Variable to artifact type name, from `--type model=MODEL`."""
    materializers: Mapping[str, str] = field(default_factory=dict)
    """Variable to materializer name, from `--materializer df=cloudpickle`."""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    version: str | None = None
    """A version name for every output of the step, from `--version`."""
    model: str | None = None
    """The model of which the outputs become a new version, from `--model`."""
    configs: Mapping[str, ArtifactConfig] = field(default_factory=dict)
    """Variable to what `mlpipe.yaml` says of it."""
    annotated: Mapping[str, ArtifactConfig] = field(default_factory=dict)
    """Variable to what its annotation in the cell says; known once the step is looked up."""
    visualizations: bool = True
    """Whether previews of the outputs are made and kept."""
    cache: bool = True
    expires_after: float | None = None
    """Seconds after which a run no longer counts as a hit."""
    resources: Resources = field(default_factory=Resources)
    image: str | None = None
    retries: Retries = field(default_factory=Retries)
    timeout: float | None = None
    """Seconds."""
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Environment variable to secret reference; never a secret's value."""
    fan_out: FanOut | None = None
    condition: str | None = None
    """A Python expression; the step is skipped while it is false."""
    after: tuple[str, ...] = ()

    def of_output(self, variable: str) -> ArtifactConfig:
        """All that is said of one output: `mlpipe.yaml` wins over the line, that over the cell.

        A version that is said of one output wins over one that is said of the whole step.
        """
        filed = self.configs.get(variable, _NOTHING_SAID)
        noted = self.annotated.get(variable, _NOTHING_SAID)
        kind = self.types.get(variable)
        return ArtifactConfig(
            name=filed.name or self.outputs.get(variable) or noted.name,
            version=filed.version or noted.version or self.version,
            tags=tuple(dict.fromkeys((*noted.tags, *self.tags, *filed.tags))),
            artifact_type=filed.artifact_type
            or (ArtifactType(kind) if kind else noted.artifact_type),
            run_metadata={**noted.run_metadata, **self.metadata, **filed.run_metadata},
        )

    @property
    def named_outputs(self) -> frozenset[str]:
        """Variables that something is said of."""
        return frozenset(
            {*self.outputs, *self.types, *self.materializers, *self.configs, *self.annotated}
        )


_NOTHING_SAID = ArtifactConfig()


@dataclass(frozen=True, slots=True)
class StepSource:
    """One `%%step` cell."""

    name: str
    source: str
    """The cell's code below the `%%step` line, as the user wrote it."""
    options: StepOptions = field(default_factory=StepOptions)
    cell_id: str | None = None
    position: int = -1
    """Index of the cell in the notebook, counted from 0 over all cells; -1 where not known."""

    @property
    def label(self) -> str:
        """How messages name the cell."""
        place = f"cell {self.position + 1}" if self.position >= 0 else "the cell"
        return f"{place} (%%step {self.name})"


@dataclass(frozen=True, slots=True)
class Receiver:
    """An object that is given a text by one of its methods, which may run the text as code."""

    method: str
    variable: str = ""
    """The global name it is bound to, where nothing more is known of it."""
    kind: str = ""
    """Else the qualified name of its class."""


@dataclass(frozen=True, slots=True)
class StepSignature:
    """The module-level names that code mentions, over-approximated where it must be."""

    reads: frozenset[str] = frozenset()
    direct: frozenset[str] = frozenset()
    """Those of the reads that no function's body stands around."""
    fatal: frozenset[str] = frozenset()
    """Those of the reads that stop the code wherever they are not bound: where it runs to its
    end all the same, it bound them before."""
    held: frozenset[str] = frozenset()
    """What functions' bodies read; reading a value that holds such a function may read it too."""
    writes: frozenset[str] = frozenset()
    certain: frozenset[str] = frozenset()
    """Those of the writes that happen on every way through the code."""
    deletes: frozenset[str] = frozenset()
    deferred_reads: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By function or class that the code defines: what calling it, or its methods, reads. Not
    among `reads`, unless the code itself mentions the function."""
    deferred_writes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The same for names that are bound there, by `global`."""
    deferred_dynamic: Mapping[str, str] = field(default_factory=dict)
    """The same for why what is read there cannot be known."""
    strings: frozenset[str] = frozenset()
    """String literals in the code; those that name existing files are taken as inputs."""
    dynamic: str | None = None
    """Why the reads or writes cannot be known (`uses exec`), or None when they are."""
    texts: frozenset[str] = frozenset()
    """Templates of what is run, or looked up, as code, the names of variables in braces."""
    imported: frozenset[str] = frozenset()
    """Modules that are imported by a text, as in `import_module("json")`."""
    subclasses: bool = False
    """Whether it may find any class of the notebook: it asks one for its subclasses, or loads what
    was pickled."""
    hiding: frozenset[str] = frozenset()
    """Builtins because of which alone it is dynamic; not so where they are bound to others."""
    receivers: frozenset[Receiver] = frozenset()
    """Objects because of which alone it is dynamic; not so where the notebook defines the method
    of each."""
