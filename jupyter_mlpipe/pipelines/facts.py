"""What is known of each step before it runs here: from its text, and from how it last ran."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jupyter_mlpipe.analysis.canonical import canonical_hash
from jupyter_mlpipe.analysis.leftovers import leftovers
from jupyter_mlpipe.analysis.notebook import Notebook
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.receivers import told_by_text
from jupyter_mlpipe.analysis.signatures import step_signature
from jupyter_mlpipe.analysis.statements import Statement, StatementKind
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.analysis.touches import touches_process
from jupyter_mlpipe.analysis.variable_hints import KEPT_HINTS, asks_for_hints
from jupyter_mlpipe.engine.immovable import StepText, text_of
from jupyter_mlpipe.engine.open_figures import FIGURES
from jupyter_mlpipe.materializers.paths import FilesMaterializer
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import NotebookError
from jupyter_mlpipe.model.run import DependencyKind, Immovable, Status, StepRun
from jupyter_mlpipe.model.step import StepSignature, StepSource
from jupyter_mlpipe.pipelines.definitions import Definitions, names_of
from jupyter_mlpipe.pipelines.names import unique_slugs
from jupyter_mlpipe.pipelines.redefined import PastClasses
from jupyter_mlpipe.pipelines.states import StateUse, use_on_record
from jupyter_mlpipe.tracking.joins import by_ids
from jupyter_mlpipe.tracking.store import MetadataStore, Query

_RUNS_LOOKED_AT = 20
_FINDING_CLASSES = re.compile(r"__subclasses__|read_pickle|Unpickler|(pickle|dill|joblib)\.loads?")
"""How definitions find classes of the notebook that they do not mention."""


@dataclass(frozen=True, slots=True)
class StepFacts:
    """One step."""

    id: str
    step: StepSource
    source_hash: str
    signature: StepSignature
    definitions: tuple[Statement, ...]
    reads: frozenset[str]
    """Every name the cell mentions, and those that its definitions mention in turn."""
    makes: frozenset[str]
    """Data it may bind or was seen to leave, in place or anew."""
    shares: frozenset[str]
    """Data that was seen to share memory with what the step left, itself unchanged."""
    deletes: frozenset[str]
    changes: frozenset[str]
    """Data it may change in place although nothing says so; empty once the cell has run, for
    then its changes are on record."""
    uses: StateUse
    """What it does to its process and to files."""
    text: StepText
    immovable: tuple[Immovable, ...]
    """What it leaves in its process that no other can be given."""
    modules: frozenset[str]
    """Local modules that it was seen to reach."""
    mutates: frozenset[str]
    """Data it was seen to change in place."""
    rebinds: frozenset[str]
    """Data it was seen to bind anew or delete, whatever happens."""
    recorded: bool
    outside: frozenset[str]
    """Data that it found, when it last ran, as no step had left it."""
    past: Mapping[str, str]
    """Classes of which it reads objects that an earlier step made before they were defined anew,
    and the id of that step."""
    dynamic: str | None
    """Why it may read more than can be seen, through functions of other cells included."""

    @property
    def hides(self) -> bool:
        """Whether it may leave anything; runs on record tell what it left."""
        return self.dynamic is not None and not self.recorded


def read_facts(
    notebook: Notebook, definitions: Definitions, metadata: MetadataStore | None
) -> tuple[StepFacts, ...]:
    """Facts about each step in the notebook's order.

    Raises:
        NotebookError: A cell is not valid Python.
    """
    reader = _Reader(notebook, definitions, metadata)
    ids = unique_slugs((step.name for step in notebook.steps), "step")
    return tuple(reader.read(id_, step) for id_, step in zip(ids, notebook.steps, strict=True))


def hash_of(step: StepSource) -> str:
    """What a step run records as `cell_hash`.

    Raises:
        NotebookError: The cell is not valid Python.
    """
    try:
        return canonical_hash(python_source(step.source))
    except SyntaxError as error:
        raise NotebookError(step.label, f"it is not valid Python ({error}).") from error


class _Reader:
    """Goes through the steps in order, for a step may reach whatever those before it left."""

    def __init__(
        self, notebook: Notebook, definitions: Definitions, metadata: MetadataStore | None
    ) -> None:
        self._pipeline = notebook.name
        self._definitions = definitions
        self._metadata = metadata
        self._reach = _Reach()
        self._code_behind: dict[str, frozenset[str]] = {}
        """For each variable that a step makes, the functions and classes its value may need."""
        self._past = PastClasses()
        cells = (python_source(step.source) for step in notebook.steps)
        self._hints_matter = asks_for_hints((*cells, *(s.source for s in notebook.statements)))

    def read(self, id_: str, step: StepSource) -> StepFacts:
        """Facts about the next step."""
        source_hash = hash_of(step)
        signature = step_signature(step)
        runs = self._finished_runs(source_hash)
        own = self._definitions.of_step(step)
        needed, reads, hidden = self._needed(step, signature, runs)
        makes = (signature.writes | _bound_by_calls(needed, runs)) - names_of(own)
        makes |= {output.variable for run in runs for output in run.outputs}
        changes = self._reach.join(reads, makes)
        self._note_behind(makes, _code_names(needed) | _code_names(own) | signature.held)
        return StepFacts(
            id=id_,
            step=step,
            source_hash=source_hash,
            signature=signature,
            definitions=needed,
            reads=reads,
            makes=makes,
            shares=frozenset(s.variable for run in runs for s in run.shared) - makes,
            deletes=signature.deletes.union(*(run.deleted for run in runs)),
            changes=frozenset() if runs else changes,
            uses=use_on_record(runs, self._placed(runs)) if runs else _guess(step, (*needed, *own)),
            text=text_of(python_source(step.source), needed),
            immovable=_immovable(leftovers(python_source(step.source), needed), runs),
            modules=_modules_reached(runs),
            mutates=frozenset(o.variable for run in runs for o in run.outputs if o.mutated),
            rebinds=_rebinds(runs),
            recorded=bool(runs),
            outside=self._outside(runs),
            past=self._past.note(id_, reads, makes, (*needed, *own)),
            dynamic=hidden,
        )

    def _needed(
        self, step: StepSource, signature: StepSignature, runs: Sequence[StepRun]
    ) -> tuple[tuple[Statement, ...], frozenset[str], str | None]:
        """Definitions around the step, the variables it reads, and why others may be hidden."""
        mentioned = self._mentioned(signature, runs)
        needed, reads = self._close(mentioned, step.position, signature.deferred_reads)
        hidden = next((s.dynamic for s in needed if s.dynamic), None)
        if not self._is_settled(signature, needed):
            hidden = signature.dynamic or hidden
        if signature.subclasses or any(_FINDING_CLASSES.search(s.source) for s in needed):
            mentioned |= self._definitions.classes_above(step.position)
            needed, reads = self._close(mentioned, step.position, signature.deferred_reads)
        if self._hints_matter:  # in the notebook's order, so those that give some need the rest
            mentioned |= self._definitions.hinted_above(step.position)
            needed, reads = self._close(mentioned, step.position, signature.deferred_reads)
        if hidden:
            mentioned |= self._code_behind.keys() | self._definitions.code_above(step.position)
            needed, reads = self._close(mentioned, step.position, signature.deferred_reads)
        return needed, _as_seen(reads, mentioned, runs), hidden

    def _is_settled(self, signature: StepSignature, needed: Sequence[Statement]) -> bool:
        """Whether names that may hide what is read are all the notebook's own."""
        if not (signature.hiding or signature.receivers):
            return False
        classes = [parse(s.source) for s in needed if s.kind is StatementKind.CLASS]
        own = signature.hiding <= self._code_behind.keys()
        return own and all(any(told_by_text(r, c) for c in classes) for r in signature.receivers)

    def _mentioned(self, signature: StepSignature, runs: Sequence[StepRun]) -> frozenset[str]:
        """All names that the cell needs bound, whether or not it mentions them.

        A change through an alias needs the alias. Functions and classes may be found otherwise
        than by a name, which only a run tells.
        """
        touched = frozenset(name for run in runs for name in _touched(run))
        return signature.reads.union(*map(_met, runs), *map(_defined_for, runs)) | (
            touched & self._code_behind.keys()
        )

    def _outside(self, runs: Sequence[StepRun]) -> frozenset[str]:
        if not runs or self._metadata is None:
            return frozenset()
        versions = {i.variable: i.version_id for i in runs[0].inputs if i.is_variable}
        return frozenset(
            name
            for name, version in versions.items()
            if self._metadata.get(ArtifactVersion, version).step_run is None
        )

    def _note_behind(self, makes: frozenset[str], code: frozenset[str]) -> None:
        for name in makes:
            self._code_behind[name] = self._code_behind.get(name, frozenset()) | code

    def _close(
        self, reads: frozenset[str], position: int, deferred: Mapping[str, frozenset[str]]
    ) -> tuple[tuple[Statement, ...], frozenset[str]]:
        """Definitions and names that code needs, those behind the values it reads included.

        An object of a notebook's class can only be loaded where that class is defined.
        """
        needed: tuple[Statement, ...] = ()
        while True:
            behind = (self._code_behind.get(name, frozenset()) for name in reads)
            called = (deferred.get(name, frozenset()) for name in reads)
            wanted = reads.union(*behind, *called)
            needed = self._definitions.needed_by(wanted, position)
            closed = wanted.union(*(statement.reads for statement in needed))
            if closed == reads:
                return needed, reads
            reads = closed

    def _finished_runs(self, source_hash: str) -> tuple[StepRun, ...]:
        if self._metadata is None:
            return ()
        where = {
            "pipeline": self._pipeline,
            "cell_hash": source_hash,
            "element": "",
            "status": (Status.SUCCEEDED, Status.CACHED),
        }
        return self._metadata.find(Query(StepRun, where, limit=_RUNS_LOOKED_AT)).items

    def _placed(self, runs: Iterable[StepRun]) -> frozenset[str]:
        """Files that the makers of the paths that a step read had written."""
        read = {item.version_id for run in runs for item in run.inputs}
        if self._metadata is None or not read:
            return frozenset()
        versions = by_ids(self._metadata, ArtifactVersion, read)
        makers = {v.step_run for v in versions if v.materializer == FilesMaterializer.name}
        found = by_ids(self._metadata, StepRun, filter(None, makers))
        written = (d for run in found for d in run.dependencies if d.kind is DependencyKind.WRITTEN)
        return frozenset(dependency.name for dependency in written)


def _as_seen(
    reads: frozenset[str], mentioned: frozenset[str], runs: Iterable[StepRun]
) -> frozenset[str]:
    """What functions may read beyond the cell, as far as its runs did not tell it exactly."""
    seen = {d.name for run in runs for d in run.dependencies}
    return reads & (mentioned | seen) if seen else reads


def _bound_by_calls(definitions: Iterable[Statement], runs: Iterable[StepRun]) -> frozenset[str]:
    """Global names that functions bind, if they are called; runs on record tell it exactly."""
    return frozenset() if runs else frozenset().union(*(s.calls_bind for s in definitions))


def _modules_reached(runs: Iterable[StepRun]) -> frozenset[str]:
    found = (dependency for run in runs for dependency in run.dependencies)
    return frozenset(one.name for one in found if one.kind is DependencyKind.MODULE)


def _met(run: StepRun) -> frozenset[str]:
    return frozenset(item.variable for item in run.inputs if item.is_variable)


def _defined_for(run: StepRun) -> frozenset[str]:
    found = (d for d in run.dependencies if d.kind is DependencyKind.DEFINITION and d.detail)
    return frozenset(one.name.partition(".")[0] for one in found)


def _touched(run: StepRun) -> Iterator[str]:
    yield from (output.variable for output in run.outputs if output.mutated)
    yield from (item.variable for item in run.shared)


def _code_names(statements: Iterable[Statement]) -> frozenset[str]:
    kinds = (StatementKind.FUNCTION, StatementKind.CLASS)
    return frozenset(name for s in statements if s.kind in kinds for name in s.names)


def _immovable(by_text: Iterable[Immovable], runs: Sequence[StepRun]) -> tuple[Immovable, ...]:
    """What is on record, and what the text states of modules and of hints of variables."""
    stated = [state for state in by_text if not runs or state.kind in ("module", KEPT_HINTS)]
    found = [*stated, *(state for run in reversed(runs) for state in run.immovable)]
    return tuple({_subject(state): state for state in found}.values())


def _subject(state: Immovable) -> tuple[str, ...]:
    """Each step that drew on a figure counts, though it did not after every run."""
    return (state.kind, state.name, *(state.shares if state.kind == FIGURES else ()))


def _rebinds(runs: Iterable[StepRun]) -> frozenset[str]:
    found = [
        {*run.deleted, *(output.variable for output in run.outputs if not output.mutated)}
        for run in runs
    ]
    return frozenset(set.intersection(*found)) if found else frozenset()


def _guess(step: StepSource, needed: Iterable[Statement]) -> StateUse:
    """Nothing more than settings, where the text leaves no room for it."""
    sources = (python_source(step.source), *(statement.source for statement in needed))
    return StateUse(unknown=touches_process(sources, _code_names(needed)), by_text=True)


class _Reach:
    """Names that may share memory, as far as text can tell: read and left by one step."""

    def __init__(self) -> None:
        self._groups: list[frozenset[str]] = []

    def join(self, reads: frozenset[str], makes: frozenset[str]) -> frozenset[str]:
        """Count a step in; returns all names through which it could change a value."""
        touched = [group for group in self._groups if group & reads]
        reached = reads.union(*touched)
        rest = [group for group in self._groups if not group & (reads | makes)]
        merged = reached.union(makes, *(g for g in self._groups if g & makes))
        self._groups = [*rest, merged]
        return reached
