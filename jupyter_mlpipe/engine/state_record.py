"""What a step read and changed of its process, as parts of its record."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from jupyter_mlpipe.analysis.parsing import nodes_of_cell, parse
from jupyter_mlpipe.engine.environ import EVERYTHING
from jupyter_mlpipe.engine.module_states import is_of_module
from jupyter_mlpipe.engine.randomness import seeded_first, state_bytes, state_digest
from jupyter_mlpipe.engine.states import WORKING_DIRECTORY, ProcessStates, Snapshot
from jupyter_mlpipe.engine.watch import Sightings
from jupyter_mlpipe.model.run import Dependency, DependencyKind, StepRun
from jupyter_mlpipe.storage.blobs import BlobStore, trusted_content


@dataclass(frozen=True, slots=True)
class StateFacts:
    """A step that ran, as far as the state of its process goes."""

    python: str
    before: Snapshot
    after: Snapshot
    seen: Sightings
    packages: frozenset[str]
    """Installed packages that it reached, and `logging`, which has settings too."""
    paths: bool
    """Whether it has names at hand by which it could ask for the working directory."""
    looked_at: frozenset[str] = frozenset()
    """Generators that it may have asked how they stand."""


def with_states(
    step_run: StepRun, facts: StateFacts, states: ProcessStates, blobs: BlobStore
) -> StepRun:
    """The record with the process's state as dependencies and effects."""
    changed = states.effects(facts.before, facts.after, facts.seen.environ.written)
    seeded = seeded_first(facts.python) & facts.after.generators.keys()
    kept = {name: state_bytes(facts.after.generators[name]) for name in seeded}
    contents = {**kept, **changed.contents}
    return replace(
        step_run,
        dependencies=(*step_run.dependencies, *_dependencies(facts, states)),
        effects={name: blobs.put(content) for name, content in contents.items()},
        immovable=(*step_run.immovable, *changed.immovable),
    )


def state_contents(effects: Mapping[str, str], blobs: BlobStore) -> Mapping[str, bytes]:
    """What a step left of its process's state, to be applied.

    Raises:
        UntrustedError: It may run code of somebody's who is not trusted.
        StorageError: It is missing.
    """
    return {name: trusted_content(blobs, blob) for name, blob in effects.items()}


def recalled(step_run: StepRun) -> Sightings:
    """What an earlier run was seen to read and write, from its record."""
    seen = Sightings()
    seen.journal.inputs |= {item.variable: item for item in step_run.inputs if not item.is_variable}
    for dependency in step_run.dependencies:
        if dependency.kind is DependencyKind.FILE:
            seen.read.add(dependency.name)
        elif dependency.kind is DependencyKind.WRITTEN:
            seen.written.add(dependency.name)
        elif dependency.kind is DependencyKind.INQUIRY:
            seen.inquiries.asked[dependency.name] = dependency.digest
            seen.inquiries.by_user.add(dependency.name)
        elif dependency.kind is DependencyKind.ENVIRONMENT:
            seen.environ.read[dependency.name] = dependency.digest
        elif dependency.kind in (DependencyKind.ARTIFACT, DependencyKind.MODEL):
            seen.journal.dependencies[dependency.name] = dependency
        elif dependency.name == WORKING_DIRECTORY:
            seen.relative = True
        elif _is_used_by_code(dependency):
            seen.executed.earlier[dependency.kind, dependency.name] = dependency
    return seen


def _is_used_by_code(dependency: Dependency) -> bool:
    if dependency.kind is DependencyKind.INPUT:
        return not dependency.detail  # else it counts although nothing reads it
    return dependency.kind in _CODE or is_of_module(dependency.name)


_CODE = frozenset(
    {
        *(DependencyKind.DEFINITION, DependencyKind.IMPORT, DependencyKind.MODULE),
        *(DependencyKind.PACKAGE, DependencyKind.CONSTANT, DependencyKind.PARAMETER),
    }
)


def imported_packages(python: str) -> frozenset[str]:
    """Top-level names of what the code itself imports."""
    return frozenset(name for node in nodes_of_cell(parse(python)) for name in _imported(node))


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield (node.module or "").partition(".")[0]


def _dependencies(facts: StateFacts, states: ProcessStates) -> Iterator[Dependency]:
    yield from _generators(facts)
    for name, digest in sorted(_variables(facts.seen).items()):
        yield Dependency(DependencyKind.ENVIRONMENT, name, digest)
    names = list(states.concerning(facts.packages))
    if facts.paths or facts.seen.relative:
        names.append(WORKING_DIRECTORY)
    for name in names:
        yield Dependency(DependencyKind.STATE, name, states.digest(name, facts.before))


def _generators(facts: StateFacts) -> Iterator[Dependency]:
    """Those it drew from, or asked how they stand, unless it seeded them before it did."""
    before, after = facts.before.generators, facts.after.generators
    seeded = seeded_first(facts.python)
    for name, state in after.items():
        drawn = state != before.get(name)
        if (drawn or name in facts.looked_at) and name not in seeded:
            yield Dependency(DependencyKind.RANDOM, name, state_digest(name, before))


def _variables(seen: Sightings) -> Mapping[str, str]:
    read = seen.environ.read
    return {EVERYTHING: read[EVERYTHING]} if EVERYTHING in read else read
