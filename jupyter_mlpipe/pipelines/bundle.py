"""A pipeline's code as one archive: the same notebook gives the same bytes anywhere."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jupyter_mlpipe.analysis.notebook import Notebook
from jupyter_mlpipe.analysis.statements import StatementKind
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.engine.archive import Unpacked, unpack
from jupyter_mlpipe.model.pipeline import Pipeline
from jupyter_mlpipe.model.wire import to_json
from jupyter_mlpipe.pipelines.definitions import definitions_of
from jupyter_mlpipe.pipelines.facts import StepFacts, read_facts
from jupyter_mlpipe.pipelines.modules import local_modules
from jupyter_mlpipe.tracking.store import MetadataStore

__all__ = ["Unpacked", "pack", "pipeline_json", "unpack"]


def pack(
    pipeline: Pipeline, notebook: Notebook, root: Path, metadata: MetadataStore | None = None
) -> bytes:
    """Gather the pipeline, its cells, their definitions and the local modules they import.

    `root` is the project's folder; modules are looked for beside the notebook, then there. What
    is on record adds definitions only where runs found functions to which no text leads.

    Raises:
        NotebookError: A cell is not valid Python.
        PipelineError: The local modules are too large.
    """
    facts = read_facts(notebook, definitions_of(notebook), metadata)
    files = {"pipeline.json": pipeline_json(_movable(pipeline))}
    for fact in facts:
        files[f"steps/{fact.id}.py"] = fact.step.source.encode("utf-8", "surrogatepass")
        files[f"steps/{fact.id}.json"] = _plain_json(replace(fact.step, source=""))
        files[f"definitions/{fact.id}.py"] = _definitions(fact).encode("utf-8", "surrogatepass")
    sources = [
        text for fact in facts for text in (python_source(fact.step.source), _definitions(fact))
    ]
    beside = (root / notebook.path).parent
    made = _written(facts)
    for path, content in local_modules(sources, (beside, root)).items():
        if not any((place / path).resolve() in made for place in (beside, root)):
            files[f"modules/{path}"] = content
    return _archive(files)


def pipeline_json(pipeline: Pipeline) -> bytes:
    """A pipeline as readable JSON."""
    return _plain_json(pipeline)


def _written(facts: Sequence[StepFacts]) -> frozenset[Path]:
    """Modules that steps write: the one of an earlier run would hide that of this run."""
    paths = frozenset[str]().union(*(fact.uses.written_files for fact in facts))
    return frozenset(Path(path).resolve() for path in paths if path.endswith(".py"))


def _movable(pipeline: Pipeline) -> Pipeline:
    """Without what depends on this machine, on this moment, or on the archive itself."""
    return replace(
        pipeline,
        code=None,
        artifact_store="",
        metadata_store="",
        schedule=None,
        warnings=(),
        labels={},
    )


def _definitions(fact: StepFacts) -> str:
    """Without the parameters, which the worker sets to the values of its run."""
    kept = (s for s in fact.definitions if s.kind is not StatementKind.PARAMETER)
    return "\n".join(f"{statement.source.rstrip()}\n" for statement in kept)


def _plain_json(record: object) -> bytes:
    text = json.dumps(to_json(record), indent=1, ensure_ascii=True, sort_keys=True)
    return f"{text}\n".encode()


def _archive(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size = len(files[name])
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(files[name]))
    compressed = io.BytesIO()
    with gzip.GzipFile("", "wb", compresslevel=9, fileobj=compressed, mtime=0) as stream:
        stream.write(packed.getvalue())
    return compressed.getvalue()
