"""A notebook in the form that every orchestrator takes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from jupyter_mlpipe.analysis.mutation import changed_in_place
from jupyter_mlpipe.analysis.notebook import Notebook
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.statements import Statement
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.model.digest import digest_of
from jupyter_mlpipe.model.pipeline import CodeArchive, Pipeline, PipelineInput, PipelineStep
from jupyter_mlpipe.model.wire import to_json
from jupyter_mlpipe.pipelines.definitions import (
    Definitions,
    abstract_classes,
    definitions_of,
    mutable_literals,
    stateful_classes,
    stateful_functions,
)
from jupyter_mlpipe.pipelines.facts import StepFacts, read_facts
from jupyter_mlpipe.pipelines.fusing import bonds, in_tasks, reasons
from jupyter_mlpipe.pipelines.states import must_follow
from jupyter_mlpipe.pipelines.tasks import tasks_of, unmet_by
from jupyter_mlpipe.pipelines.validate import (
    ALWAYS_THERE,
    check_edges,
    check_reads,
    predecessors,
)
from jupyter_mlpipe.tracking.store import MetadataStore


def compile_notebook(notebook: Notebook, metadata: MetadataStore | None) -> Pipeline:
    """Steps in the notebook's order, each with the steps it must wait for.

    A variable is read from the last step, in the notebook's order, that left a version of it; so
    a step waits for all that may do so. It never waits for earlier *readers* of what it changes:
    versions are immutable, and a reader that comes first in the notebook takes its version from
    the steps before itself, however late it starts.

    What a cell may change in place is taken from its recorded runs. Where there is none, it may
    have changed whatever it can reach; the pipeline's `warnings` say so.

    Raises:
        NotebookError: A step cannot run elsewhere; names the cell. Its kinds are `CycleError`
            and `OutsideDataError`.
    """
    definitions = definitions_of(notebook)
    facts = read_facts(notebook, definitions, metadata)
    hazards = check_reads(facts, definitions)
    after = predecessors(facts)
    steps: tuple[PipelineStep, ...] = ()
    for index, fact in enumerate(facts):
        earlier = facts[:index]
        waits = (*after[index], *_state_before(fact, earlier))
        found = _inputs(fact, earlier, definitions)
        before = _before((*waits, *(id_ for read, _ in found for id_ in read.sources)), steps)
        inputs = tuple(_with_aliases(*read, before, earlier) for read in found)
        steps = (*steps, _step(fact, inputs, waits, notebook))
    check_edges(steps, facts)
    bound = bonds(facts)
    steps = in_tasks(facts, bound, steps)
    pipeline = Pipeline(
        name=notebook.name,
        version=_version(notebook, facts),
        steps=steps,
        parameters=notebook.parameters,
        notebook=notebook.path,
        python=_python(),
        cache=notebook.cache,
        tags=notebook.tags,
        warnings=(*notebook.notes, *_guesses(facts), *hazards, *reasons(bound, steps)),
    )
    unmet = tuple(line for task in tasks_of(pipeline) for line in unmet_by(task))
    return replace(pipeline, warnings=(*pipeline.warnings, *unmet))


def with_code(pipeline: Pipeline, archive: CodeArchive) -> Pipeline:
    """The pipeline whose steps run from a stored archive."""
    members = {task.id: [step.id for step in task.steps] for task in tasks_of(pipeline)}
    steps = tuple(
        replace(step, command=steps_command(archive, *members[step.task or step.id]))
        for step in pipeline.steps
    )
    return replace(pipeline, code=archive, steps=steps)


def steps_command(archive: CodeArchive, *steps: str) -> tuple[str, ...]:
    """What runs the steps of a task anywhere, as arguments that no shell has to see."""
    place = ("--pipeline", archive.uri, "--sha256", archive.sha256)
    asked = (word for step in steps for word in ("--step", step))
    return ("python", "-m", "jupyter_mlpipe", "run-step", *place, *asked)


def _step(
    fact: StepFacts, inputs: tuple[PipelineInput, ...], after: tuple[str, ...], notebook: Notebook
) -> PipelineStep:
    options = fact.step.options
    parameters = frozenset(parameter.name for parameter in notebook.parameters)
    waits = dict.fromkeys(source for read in inputs for source in read.sources)
    return PipelineStep(
        id=fact.id,
        name=fact.step.name,
        cell_id=fact.step.cell_id,
        source_hash=fact.source_hash,
        depends_on=tuple(waits | dict.fromkeys(after)),
        inputs=inputs,
        outputs=tuple(sorted(fact.makes)),
        shared=tuple(sorted(fact.shares)),
        parameters=tuple(sorted(fact.reads & parameters)),
        image=options.image,
        resources=options.resources,
        retries=options.retries,
        timeout=options.timeout,
        secrets=options.secrets,
        env=options.env,
        cache=options.cache,
        expires_after=options.expires_after,
        condition=options.condition,
        fan_out=options.fan_out,
    )


def _inputs(
    fact: StepFacts, earlier: Sequence[StepFacts], definitions: Definitions
) -> tuple[tuple[PipelineInput, int], ...]:
    """Data that steps leave; whatever stands above an untagged binding of the name is past.

    The number is the position of that binding, or -1. What is code, but may be changed by a step,
    counts too: a list or dict written out in an untagged cell, one imported from a module, the
    attributes of a class, what a function keeps from call to call. So does a name that nothing is
    seen to make, where a step hides what it makes.
    """
    code = fact.definitions
    literals = mutable_literals(code) | stateful_classes(code) | stateful_functions(code)
    literals |= _changed_imports(code, earlier)
    literals |= abstract_classes(code) if _registers(code, earlier) else frozenset()
    hiding = any(e.hides for e in earlier)
    inputs = []
    for name in sorted(fact.reads):
        bound = definitions.last_binding(name, fact.step.position)
        since = bound.cell if bound else -1
        leaving = [e for e in earlier if e.step.position > since and _may_leave(e, name)]
        unknown = hiding and bound is None and name not in ALWAYS_THERE
        if name in literals or unknown or any(name in other.makes for other in leaving):
            inputs.append((PipelineInput(name, tuple(other.id for other in leaving)), since))
    return tuple(inputs)


def _before(ids: Sequence[str], steps: Sequence[PipelineStep]) -> frozenset[str]:
    """These steps, and all that they wait for in turn."""
    by_id = {step.id: step for step in steps}
    waiting, found = list(ids), set[str]()
    while waiting:
        id_ = waiting.pop()
        if id_ not in found:
            found.add(id_)
            waiting.extend(by_id[id_].depends_on if id_ in by_id else ())
    return frozenset(found)


def _with_aliases(
    read: PipelineInput, since: int, before: frozenset[str], earlier: Sequence[StepFacts]
) -> PipelineInput:
    """The input, taken from where it was stored beside what shares its memory.

    Both are aliases still if they come from the same place. No step is waited for because of it.
    """
    beside = {
        e.id
        for e in earlier
        if e.id in before and e.step.position > since and read.variable in e.shares
    }
    return replace(
        read, sources=tuple(e.id for e in earlier if e.id in beside or e.id in read.sources)
    )


def _changed_imports(
    definitions: Sequence[Statement], earlier: Sequence[StepFacts]
) -> frozenset[str]:
    """Values that a module brought, and that a step changes in place."""
    sources = [python_source(fact.step.source) for fact in earlier]
    changed = frozenset[str]().union(*(changed_in_place(parse(source)) for source in sources))
    imports = (s for s in definitions if s.source.startswith("from "))
    return changed & frozenset(name for s in imports for name in s.names)


def _registers(code: Sequence[Statement], earlier: Sequence[StepFacts]) -> bool:
    """Whether a class may be registered with an abstract one by now."""
    known = [*code, *(statement for fact in earlier for statement in fact.definitions)]
    sources = [*(s.source for s in known), *(fact.step.source for fact in earlier)]
    return any(".register" in source for source in sources)


def _state_before(fact: StepFacts, earlier: Sequence[StepFacts]) -> tuple[str, ...]:
    """Steps that share a random generator, a setting or a file go one after the other."""
    return tuple(other.id for other in earlier if must_follow(fact.uses, other.uses))


def _may_leave(fact: StepFacts, name: str) -> bool:
    return fact.hides or name in fact.makes or name in fact.deletes or name in fact.changes


def _version(notebook: Notebook, facts: Sequence[StepFacts]) -> str:
    """Of what the notebook says, not of what is on record: running it does not change it.

    But for definitions that a step was seen to find otherwise than by a name.
    """
    steps = [
        {
            "id": fact.id,
            "name": fact.step.name,
            "source": fact.source_hash,
            "options": to_json(fact.step.options),
            "definitions": [statement.source for statement in fact.definitions],
        }
        for fact in facts
    ]
    parameters = [to_json(parameter) for parameter in notebook.parameters]
    return digest_of(
        "pipeline",
        {
            "name": notebook.name,
            "steps": steps,
            "parameters": parameters,
            "python": _python(),
            "cache": notebook.cache,
        },
    )


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _guesses(facts: Sequence[StepFacts]) -> tuple[str, ...]:
    names = ", ".join(fact.step.name for fact in facts if not fact.recorded)
    if not names:
        return ()
    warning = (
        f"Not on record yet in their present form: {names}. What they change in place is guessed, "
        "so steps may wait for more than they need. Run the notebook once to know."
    )
    return (warning,)
