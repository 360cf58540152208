"""What earlier runs of a notebook ended with, read from the record; no value is loaded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from jupyter_mlpipe.analysis.code import meaning_of
from jupyter_mlpipe.analysis.statements import Statement, StatementKind, read_statements
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import DependencyKind, Input, Output, Run, Shared, Status, StepRun
from jupyter_mlpipe.tracking.joins import by_ids
from jupyter_mlpipe.tracking.left import in_place, left_by
from jupyter_mlpipe.tracking.store import MetadataStore, Query
from jupyter_mlpipe.tracking.unkept import unkept_left
from mlpipe_kernel.definitions import Definitions

SESSION = "notebook"
"""The kind of run that a kernel is."""
_NO_DEFINITION = (StatementKind.DATA, StatementKind.MAGIC)
_WRITTEN = (DependencyKind.CONSTANT, DependencyKind.PARAMETER)
_MOST_SESSIONS = 100
_PAGE = 500
_MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class EarlierState:
    """Variables, definitions and random generators at the end of a run."""

    versions: Mapping[str, ArtifactVersion]
    definitions: Definitions
    effects: Mapping[str, str] = field(default_factory=dict)
    """Name of a random generator, or other state of the process, to the blob of its state."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    """Of a run that was given other values than the notebook's."""
    unkept: Mapping[str, str] = field(default_factory=dict)
    """Variables whose values could not be stored, to the steps that made them."""


def last_state(pipeline: str, metadata: MetadataStore) -> EarlierState:
    """What the kernel sessions of a pipeline ended with, the newest counting first."""
    where = {"pipeline": pipeline, "kind": SESSION}
    sessions = metadata.find(Query(Run, where, limit=_MOST_SESSIONS, counted=False)).items
    return _state(sessions, metadata)


def state_after(run: Run, metadata: MetadataStore) -> EarlierState:
    """What was there at the end of one run.

    A session began with what those before it had left; a run elsewhere began with nothing.
    """
    if run.kind != SESSION:
        return _state_after_worker(run, metadata)
    where = {"pipeline": run.pipeline, "kind": SESSION}
    sessions = metadata.find(Query(Run, where, limit=_MOST_SESSIONS, counted=False)).items
    return _state([s for s in sessions if s.started <= run.started], metadata)


def _state(sessions: Sequence[Run], metadata: MetadataStore) -> EarlierState:
    finished = _finished(sessions, metadata)
    gathered = _Gathered()
    for session in sessions:
        gathered.add(session.definitions, finished[session.id])
    newest = [step_run for session in sessions for step_run in finished[session.id]]
    return _resolved(gathered, newest, metadata)


def _state_after_worker(run: Run, metadata: MetadataStore) -> EarlierState:
    finished = _finished([run], metadata)[run.id]
    gathered = _Gathered()
    for step_run in finished:
        gathered.add(f"{step_run.definitions}\n{_code_of(step_run)}", [step_run])
    return replace(_resolved(gathered, finished, metadata), parameters=run.parameters)


def _resolved(
    gathered: _Gathered, newest: Sequence[StepRun], metadata: MetadataStore
) -> EarlierState:
    ids = {item.version_id for item in gathered.items.values()}
    versions = {version.id: version for version in by_ids(metadata, ArtifactVersion, ids)}
    definitions = Definitions()
    for statements in reversed(gathered.statements):
        definitions.add(statements)
    effects: dict[str, str] = {}
    for step_run in newest:
        effects = {**step_run.effects, **effects}
    return EarlierState(
        {
            name: in_place(versions[item.version_id], item)
            for name, item in gathered.items.items()
            if item.version_id in versions
        },
        definitions,
        effects,
        unkept=gathered.unkept,
    )


class _Gathered:
    """Names with what they meant last, filled from the newest session to the oldest."""

    def __init__(self) -> None:
        self.items: dict[str, _Item] = {}
        self.unkept: dict[str, str] = {}
        """Variables whose values could not be stored, to the steps that made them."""
        self.statements: list[Sequence[Statement]] = []
        """Definitions still in force, those of the newest session first."""
        self._settled: set[str] = set()
        self._seen: set[str] = set()

    def add(self, definitions: str, finished: Sequence[StepRun]) -> None:
        """Take up a session: its definitions at its end, its step runs from the newest on."""
        end = _Held()
        for step_run in finished:
            end.take(step_run)
        held = end.items
        statements = self._statements(definitions)
        defined = {
            name
            for statement in statements
            for name in statement.names
            if name not in held or statement.source not in held[name][1].definitions
        }
        settled = frozenset(self._settled)
        for name, (item, _) in held.items():
            if name not in settled | defined or _tells_more(item, self.items.get(name)):
                self.items[name] = item
        kept = [s for s in statements if s.names <= defined - settled]
        self.statements.append(kept)
        self.unkept |= {n: s for n, s in end.unkept.items() if n not in settled | defined}
        self._settled |= held.keys() | defined | end.gone | end.unkept.keys()

    def _statements(self, definitions: str) -> tuple[Statement, ...]:
        """Most sessions end with the definitions that the one before them ended with."""
        if definitions in self._seen:
            return ()
        self._seen.add(definitions)
        return tuple(s for s in read_statements(definitions) if s.kind not in _NO_DEFINITION)


_Item: TypeAlias = Input | Output | Shared


def _tells_more(older: _Item, newer: _Item | None) -> bool:
    """Who left a version knows where it is together with what shares its memory."""
    reads = isinstance(newer, Input) and not isinstance(older, Input)
    return reads and newer is not None and newer.version_id == older.version_id


@dataclass(frozen=True, slots=True)
class _Held:
    """What a session's variables held in the end, filled from its newest step run to its oldest."""

    items: dict[str, tuple[_Item, StepRun]] = field(default_factory=dict)
    """The last version of each, with the step run that left or read it."""
    gone: set[str] = field(default_factory=set)
    unkept: dict[str, str] = field(default_factory=dict)
    """What could not be stored, to the step that made it, or the first that changed it."""
    written: set[str] = field(default_factory=set)
    """Those that held, when a step read them, what their cells say."""
    made: set[str] = field(default_factory=set)
    """Those of them whose maker is known."""

    def take(self, step_run: StepRun) -> None:
        """What a step read was there when it began, also where no step had made it."""
        past = self.gone | self.unkept.keys() | self.written
        for name, item in left_by(step_run).items():
            known, since = self.items.get(name, (None, step_run))
            if name not in past and (known is None or _tells_more(item, known)):
                self.items[name] = (item, since)
        self.gone.update(set(step_run.deleted) - self.items.keys() - self.unkept.keys())
        for state in unkept_left(step_run):
            if state.name not in self.items.keys() | self.gone | self.made:
                self.unkept[state.name] = step_run.step
                self.made.update(() if state.mutated else {state.name})
        for read in step_run.inputs:
            if (
                read.is_variable
                and read.variable not in self.gone | self.unkept.keys() | self.written
            ):
                self.items.setdefault(read.variable, (read, step_run))
        read_as = {d.name for d in step_run.dependencies if d.kind in _WRITTEN}
        self.written.update(read_as - self.items.keys())


def _finished(runs: Sequence[Run], metadata: MetadataStore) -> Mapping[str, list[StepRun]]:
    """Step runs that left something, the newest first, by run."""
    where = {
        "run_id": tuple(run.id for run in runs),
        "status": (Status.SUCCEEDED, Status.CACHED),
        "element": "",
    }
    found: dict[str, list[StepRun]] = defaultdict(list)
    for page in range(_MOST_PAGES):
        query = Query(StepRun, where, limit=_PAGE, offset=page * _PAGE, counted=False)
        items = metadata.find(query).items
        for step_run in items:
            found[step_run.run_id].append(step_run)
        if len(items) < _PAGE:
            break
    return found


def _code_of(step_run: StepRun) -> str:
    """Imports, functions and classes of the cell itself."""
    own = Definitions()
    own.learn_step(step_run.source, meaning_of(read_statements(step_run.definitions)))
    return own.source
