"""Records to try a metadata store, or what stands on one, with."""

from __future__ import annotations

from dataclasses import replace

from jupyter_mlpipe.model.artifact import ArtifactType, ArtifactVersion
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.environment import EnvironmentSnapshot, GitState
from jupyter_mlpipe.model.run import (
    Dependency,
    DependencyKind,
    Immovable,
    Input,
    Output,
    Run,
    Shared,
    Status,
    StepRun,
)
from jupyter_mlpipe.tracking.store import MetadataStore, Record


def a_run(id: str = "run") -> Run:
    """A run of the pipeline `p`."""
    parameters = {"lr": 0.1, "deep": [1, None]}
    return Run(
        id,
        "p",
        "notebook",
        Status.RUNNING,
        1.5,
        parameters=parameters,
        definitions="import os",
        tags=("nightly",),
        metadata={"site": "é"},
    )


def a_version(name: str, step_run: str | None = None) -> ArtifactVersion:
    """A version that is yet to be numbered."""
    return ArtifactVersion(
        new_id(), name, "d" * 64, "m" * 64, variable="x", step_run=step_run, created=2.0
    )


def a_snapshot() -> EnvironmentSnapshot:
    """A snapshot with every field filled."""
    git = GitState("abc", "main", "https://example.org/x.git", None)
    return EnvironmentSnapshot(
        "e" * 64, "3.11.7", "Linux", "x86", 2, ("H200",), {"numpy": "2.4"}, git, "image:1"
    )


def a_step(
    name: str, reads: tuple[str, ...] = (), *, full: bool = False
) -> tuple[StepRun, ArtifactVersion]:
    """A step run of the run `run` that left one version, `full` with every field filled."""
    version = a_version(f"p::{name}::x", step_run=new_id())
    step = StepRun(
        str(version.step_run),
        "run",
        "p",
        name,
        Status.SUCCEEDED,
        3.0,
        inputs=tuple(Input("x", version_id) for version_id in reads),
        outputs=(Output("x", version.id, mutated=full),),
    )
    return (_filled(step, version)) if full else (step, version)


def a_chain(store: MetadataStore, *steps: str) -> list[str]:
    """Steps that each read what the one before left; returns the ids of those versions."""
    records: list[Record] = [a_run()]
    reads: tuple[str, ...] = ()
    chain = []
    for name in steps:
        step, version = a_step(name, reads)
        records += [step, version]
        reads = (version.id,)
        chain.append(version.id)
    store.append(records)
    return chain


def _filled(step: StepRun, version: ArtifactVersion) -> tuple[StepRun, ArtifactVersion]:
    dependency = Dependency(DependencyKind.PACKAGE, "numpy", "2.4")
    step = replace(
        step,
        seconds=0.25,
        reason="edited",
        cell_hash="c",
        cell_id="cell",
        source="x = 1",
        definitions="def f(): ...",
        shared=(Shared("w", version.id, "f" * 64),),
        deleted=("y", "z"),
        dependencies=(dependency, replace(dependency, kind=DependencyKind.INPUT)),
        uncacheable="reads random numbers",
        cached_from="other",
        display="blob",
        effects={"random": "blob"},
        immovable=(Immovable("g", "variable", "a generator", ("y",), mutated=True),),
        environment="e" * 64,
        error="none",
        tags=("b", "a"),
        metadata={"loss": [0.5, None]},
    )
    version = replace(
        version,
        version_name="v1.0",
        member="x",
        type=ArtifactType.MODEL,
        materializer="sklearn",
        python_type="sklearn.svm.SVC",
        nbytes=2**40,
        summary={"shape": [3, 4]},
        tags=("b", "a"),
        metadata={"team": "é"},
        version=1,
    )
    return step, version
