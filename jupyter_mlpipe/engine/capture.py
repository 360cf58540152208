"""Values that a step read or left, made into artifact versions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from jupyter_mlpipe.engine.attempt import Attempt
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.held import Held
from jupyter_mlpipe.engine.immovable import cannot_travel, describe
from jupyter_mlpipe.engine.left_files import kept_with_files
from jupyter_mlpipe.engine.naming import default_name
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.engine.values import KeptValue
from jupyter_mlpipe.engine.watch import Sightings
from jupyter_mlpipe.materializers.places import holds_place
from jupyter_mlpipe.materializers.sharing import sharing_groups
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import ValueNotStorableError
from jupyter_mlpipe.model.run import Run, Shared
from jupyter_mlpipe.model.step import StepSource
from jupyter_mlpipe.tracking.store import Query


@dataclass(slots=True)
class Captured:
    """Versions ready to be recorded, and what could not be kept."""

    versions: dict[str, ArtifactVersion] = field(default_factory=dict)
    """By variable; their numbers are given when they are recorded."""
    shared: dict[str, ArtifactVersion] = field(default_factory=dict)
    """By variable, what is unchanged but was stored again beside a version that shares its
    memory: its old version, in a new place."""
    problems: dict[str, str] = field(default_factory=dict)
    """Variable to one line for the user."""

    def new_versions(self) -> tuple[ArtifactVersion, ...]:
        """Those that are to be recorded."""
        return (*self.versions.values(), *(v for v in self.shared.values() if not v.version))

    def shared_records(self) -> tuple[Shared, ...]:
        """What a step run says of them."""
        return tuple(Shared(n, v.id, v.manifest) for n, v in sorted(self.shared.items()))


@dataclass(frozen=True, slots=True)
class _Wishes:
    """How what a step left is to be stored."""

    materializers: Mapping[str, str] = field(default_factory=dict)
    """By variable, those that were chosen."""
    previewed: bool = True


def capture_outputs(
    names: frozenset[str],
    relinked: frozenset[str],
    attempt: Attempt,
    seen: Sightings,
    context: RunContext,
) -> Captured:
    """Store what a step left: each value by itself, those that share memory together.

    Args:
        names: What it made or changed.
        relinked: What is as it was, but shares memory with others than before.
        attempt: The step that ran.
        seen: What it was seen to do.
        context: Where it is stored.
    """
    captured, scope, step, step_run = Captured(), attempt.scope, attempt.step, attempt.id
    left = {name: scope.variables.namespace[name] for name in names}
    wishes = _Wishes(
        {**kept_with_files(left, seen, attempt.started), **step.options.materializers},
        step.options.visualizations,
    )
    for group in scope.variables.groups(names | relinked):
        kept_values = (
            _keep_alone(group, scope, context, wishes)
            if len(group) == 1 and group <= relinked - names
            else _keep(group, scope, context, wishes, captured.problems)
        )
        for name, kept in kept_values.items():
            if name in names:
                captured.versions[name] = _output_version(name, kept, step, step_run, scope)
            elif kept.member is not None:
                captured.shared[name] = _in_new_place(name, kept, scope, context)
    return captured


def _keep_alone(
    name: frozenset[str], scope: Scope, context: RunContext, wishes: _Wishes
) -> Mapping[str, KeptValue]:
    """What shares memory with nothing any more: it must not come back with what it did."""
    namespace = scope.variables.namespace
    alone = {n: namespace[n] for n in name}
    return context.values.keep_together(alone, previewed=wishes.previewed)


def _in_new_place(name: str, kept: KeptValue, scope: Scope, context: RunContext) -> ArtifactVersion:
    """The version a variable holds already; data that no step has met yet gets its first one."""
    fresh = _outside_version(name, kept, scope.run)
    known = scope.variables.version_of(name) or _recorded(fresh, context)
    return replace(known, manifest=kept.manifest, member=kept.member) if known else fresh


def capture_outside(
    names: Iterable[str], held: Mapping[str, Held], scope: Scope, context: RunContext
) -> Captured:
    """Store and record data that a step is about to read but that no step made.

    A value that was already recorded, in this session or an earlier one, keeps its version.
    """
    captured = Captured()
    wanted = frozenset(n for n in names if n in held)
    fresh: dict[str, ArtifactVersion] = {}
    for group in scope.variables.groups(wanted):
        for name, kept in _keep(
            group & wanted, scope, context, _Wishes(), captured.problems
        ).items():
            version = _outside_version(name, kept, scope.run)
            known = _recorded(version, context)
            if known is None:
                fresh[name] = version
            captured.versions[name] = known or version
    for stored in context.metadata.append((scope.run, *fresh.values())) if fresh else ():
        if isinstance(stored, ArtifactVersion):
            captured.versions[stored.variable] = stored
    for name, version in captured.versions.items():
        scope.variables.record(name, version, held[name])
    return captured


def _keep(
    group: frozenset[str],
    scope: Scope,
    context: RunContext,
    wishes: _Wishes,
    problems: dict[str, str],
) -> Mapping[str, KeptValue]:
    namespace = scope.variables.namespace
    chosen = None
    try:
        _refuse_places(group, scope)
        if len(group) > 1:
            together = {name: namespace[name] for name in group}
            return context.values.keep_together(together, previewed=wishes.previewed)
        (name,) = group
        chosen = wishes.materializers.get(name)
        value = namespace[name]
        return {name: context.values.keep(value, chosen, previewed=wishes.previewed)}
    except ValueNotStorableError as error:
        if len(group) > 1:
            return _keep_apart(group, scope, context, wishes, problems)
        (name,) = group
        travels_not = cannot_travel(name, describe(namespace[name], scope.watch.places))
        problems[name] = f"`{name}` is not kept: {error}" if chosen else travels_not
        return {}


def _refuse_places(group: frozenset[str], scope: Scope) -> None:
    """Stop at what is looked up by `id`: after loading, every object has another one."""
    places, namespace = scope.watch.places, scope.variables.namespace
    if places and any(holds_place(namespace[name], places) for name in group):
        raise ValueNotStorableError("It holds what id() gave, which no other process could use.")


def _keep_apart(
    group: frozenset[str],
    scope: Scope,
    context: RunContext,
    wishes: _Wishes,
    problems: dict[str, str],
) -> Mapping[str, KeptValue]:
    """One value that cannot be stored must not take those that share memory with it along.

    What the others share with each other stays shared, or none of them is kept: each alone would
    no longer change with the rest.
    """
    kept: dict[str, KeptValue] = {}
    for name in sorted(group):
        alone = frozenset({name})
        kept |= _keep(alone, scope, context, replace(wishes, materializers={}), problems)
    for part in sharing_groups({name: scope.variables.namespace[name] for name in sorted(kept)}):
        together = {name: scope.variables.namespace[name] for name in part}
        try:
            kept |= context.values.keep_together(together, previewed=wishes.previewed)
        except ValueNotStorableError as error:
            words = f"{', '.join(f'`{name}`' for name in sorted(part))} share memory"
            problems |= dict.fromkeys(sorted(part), f"{words} but cannot be kept together: {error}")
            kept = {name: value for name, value in kept.items() if name not in part}
    return kept


def _output_version(
    name: str, kept: KeptValue, step: StepSource, step_run: str, scope: Scope
) -> ArtifactVersion:
    said = step.options.of_output(name)
    return ArtifactVersion(
        id=new_id(),
        name=said.name or default_name(name, step, scope.run.pipeline),
        digest=kept.digest,
        manifest=kept.manifest,
        member=kept.member,
        version_name=said.version,
        type=said.artifact_type or kept.type,
        materializer=kept.materializer,
        python_type=kept.python_type,
        nbytes=kept.nbytes,
        summary=kept.summary,
        tags=tuple(said.tags),
        metadata=said.run_metadata,
        variable=name,
        step_run=step_run,
        created=time.time(),
    )


def _outside_version(name: str, kept: KeptValue, run: Run) -> ArtifactVersion:
    return ArtifactVersion(
        id=new_id(),
        name=f"{run.pipeline}::{name}",
        digest=kept.digest,
        manifest=kept.manifest,
        member=kept.member,
        type=kept.type,
        materializer=kept.materializer,
        python_type=kept.python_type,
        nbytes=kept.nbytes,
        summary=kept.summary,
        variable=name,
        created=time.time(),
    )


def _recorded(version: ArtifactVersion, context: RunContext) -> ArtifactVersion | None:
    where = {"name": version.name, "digest": version.digest}
    found = context.metadata.find(Query(ArtifactVersion, where, limit=1, counted=False)).items
    return found[0] if found else None
