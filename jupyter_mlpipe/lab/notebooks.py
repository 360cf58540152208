"""A notebook file as the sidebar sees it, also when it cannot run as a pipeline yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jupyter_mlpipe.analysis.notebook import Notebook, read_notebook
from jupyter_mlpipe.lab.places import Place
from jupyter_mlpipe.model.errors import MlpipeError, NotebookError
from jupyter_mlpipe.model.step import StepSource
from jupyter_mlpipe.model.views import LineageGraph
from jupyter_mlpipe.pipelines.compile import compile_notebook
from jupyter_mlpipe.pipelines.facts import hash_of
from jupyter_mlpipe.tracking.graph import NotebookStep, lineage_graph
from jupyter_mlpipe.tracking.store import MetadataStore


def notebook_graph(place: Place, store: MetadataStore) -> LineageGraph:
    """What is recorded of the notebook's steps; problems are told, and hide nothing else."""
    try:
        notebook = read_notebook(place.file)
    except NotebookError as error:
        return LineageGraph(place.file.stem, place.path, problems=(str(error),))
    expected, problems = _expected_edges(notebook, store)
    steps = [
        NotebookStep(step.name, step.cell_id, _hash(step), expected.get(step.name, ()))
        for step in notebook.steps
    ]
    return replace(lineage_graph(store, notebook.name, place.path, steps), problems=problems)


def pipeline_name(place: Place) -> str:
    """Under which name the notebook's runs are recorded."""
    try:
        return read_notebook(place.file).name
    except NotebookError:
        return place.file.stem


def _expected_edges(
    notebook: Notebook, store: MetadataStore
) -> tuple[Mapping[str, tuple[str, ...]], tuple[str, ...]]:
    """For each step the names of those it waits for, and why the notebook is no pipeline yet."""
    try:
        pipeline = compile_notebook(notebook, store)
    except MlpipeError as error:
        return {}, (str(error),)
    names = {step.id: step.name for step in pipeline.steps}
    return {
        step.name: tuple(names[other] for other in step.depends_on) for step in pipeline.steps
    }, ()


def _hash(step: StepSource) -> str:
    try:
        return hash_of(step)
    except NotebookError:
        return ""  # told among the problems
