"""A notebook on disk, made ready to leave this machine: its pipeline and its code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from jupyter_mlpipe.analysis.notebook import read_notebook
from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.parameters import parse_overrides
from jupyter_mlpipe.model.errors import PipelineError
from jupyter_mlpipe.model.pipeline import Pipeline
from jupyter_mlpipe.pipelines.bundle import pack
from jupyter_mlpipe.pipelines.codestore import locate
from jupyter_mlpipe.pipelines.compile import compile_notebook, with_code
from jupyter_mlpipe.pipelines.outside import refuse_lost_changes
from jupyter_mlpipe.tracking.store import MetadataStore

FOLDER_LABEL = "folder"
"""Label that names the notebook's folder: where relative paths in it lead, on this machine."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A pipeline that names its code archive, and that archive, not stored yet."""

    pipeline: Pipeline
    archive: bytes


def prepare(
    path: Path,
    settings: Settings,
    parameters: Mapping[str, object],
    metadata: MetadataStore | None,
) -> Prepared:
    """Compile and pack a notebook, with the given parameters as its new defaults.

    Raises:
        NotebookError: A cell cannot run elsewhere.
        PipelineError: There are no steps, a parameter does not fit, or modules are too large.
    """
    notebook = read_notebook(path)
    if not notebook.steps:
        raise PipelineError(
            f"{path.name} has no steps yet. Begin the cells that are to run with %%step NAME."
        )
    notebook = replace(notebook, path=_below(path, settings.root))
    overrides = parse_overrides(parameters, notebook.parameters)
    pipeline = compile_notebook(notebook, metadata)
    pipeline = replace(
        pipeline,
        parameters=tuple(
            replace(p, default=overrides.get(p.name, p.default)) for p in pipeline.parameters
        ),
    )
    beside = path.absolute().parent
    refuse_lost_changes(notebook, metadata, (beside, settings.root))
    archive = pack(pipeline, notebook, settings.root, metadata)
    code = locate(archive, settings.artifact_store, settings.home)
    located = _with_stores(with_code(pipeline, code), settings)
    labels = {FOLDER_LABEL: str(path.absolute().parent)}
    return Prepared(replace(located, labels=labels), archive)


def _below(path: Path, root: Path) -> str:
    """Relative to the project, so that two clones give the same pipeline."""
    return Path(os.path.relpath(path.absolute(), root.absolute())).as_posix()


def _with_stores(pipeline: Pipeline, settings: Settings) -> Pipeline:
    """A location that holds a password is left out: files we write hold no secrets."""
    warnings = list(pipeline.warnings)
    shown = {}
    for name in ("artifact_store", "metadata_store"):
        location = getattr(settings, name)
        shown[name] = location
        if _holds_password(location):
            shown[name] = ""
            warnings.append(
                f"The {name.replace('_', ' ')}'s location holds a password and is not written "
                f"down. Set MLPIPE_{name.upper()} where the steps run."
            )
    return replace(pipeline, warnings=tuple(warnings), **shown)


def _holds_password(location: str) -> bool:
    """PostgreSQL takes it among the options as well."""
    parts = urlsplit(location)
    return parts.password is not None or "password" in parse_qs(parts.query)
