"""What the user's code calls, in a step or outside of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_mlpipe.client.artifacts import StoredArtifact
from jupyter_mlpipe.client.client import Client
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.engine.journal import open_stores, reach_stores, running_journal, unheard
from jupyter_mlpipe.engine.saving import Wanted, save_value
from jupyter_mlpipe.materializers.links import LinkMaterializer, link_to
from jupyter_mlpipe.model.artifact import ArtifactConfig, ArtifactType
from jupyter_mlpipe.model.errors import MetadataError, NotFoundError
from jupyter_mlpipe.model.labels import Labels, Subject, plain_metadata
from jupyter_mlpipe.model.run import StepRun
from jupyter_mlpipe.tracking.resolve import find_version
from jupyter_mlpipe.tracking.runs import LATEST, find_run
from jupyter_mlpipe.tracking.store import Query


def load_artifact(name: str, version: int | str | None = None) -> Any:
    """The value of an artifact of this project: its newest version unless told otherwise.

    In a `%%step` cell, the version is an input of the step.

    Raises:
        NotFoundError: No artifact is called so; names those that are close.
    """
    with Client() as client:
        return client.get_artifact_version(name, version).load()


def save_artifact(
    value: Any,
    name: str | ArtifactConfig,
    version: str | None = None,
    tags: Iterable[str] = (),
) -> StoredArtifact:
    """Store a value under a name at once, as its next version.

    Args:
        value: Anything that an output of a step could be.
        name: Of the artifact; or an `ArtifactConfig`, to give metadata and a type as well.
        version: A name for the version; its number is counted by itself.
        tags: Of the version.

    Raises:
        MetadataError: The version name is taken; nothing was stored.
        ValueNotStorableError: No materializer can keep it.
    """
    return _save(value, _wanted(name, version, tags))


def register_artifact(
    path_or_uri: str | Path,
    name: str | ArtifactConfig,
    version: str | None = None,
    tags: Iterable[str] = (),
) -> StoredArtifact:
    """Give existing data a name, without copying it: a file, a folder, or a URL.

    It loads as a `Path`, or as the URL where it is remote. A version stands for the names, sizes
    and times of the files; that they stay as they are is up to you.

    Args:
        path_or_uri: Where the data is.
        name: As in `save_artifact`.
        version: As in `save_artifact`.
        tags: As in `save_artifact`.

    Raises:
        StorageError: Nothing is there.
        MetadataError: The version name is taken.
    """
    wanted = _wanted(name, version, tags)
    return _save(link_to(path_or_uri), replace(wanted, materializer=LinkMaterializer.name))


def log_artifact_metadata(
    metadata: Mapping[str, Any],
    artifact_name: str | None = None,
    artifact_version: int | str | None = None,
) -> None:
    """Add metadata to an artifact version; in a step without a version, to its own output.

    Args:
        metadata: Numbers, text, booleans, paths, dtypes, lists and dicts.
        artifact_name: Of an artifact, or in a step the variable of an output; may be left out
            where a step leaves one output only.
        artifact_version: The newest when it is left out.

    Raises:
        MetadataError: A value is no metadata, or it is not said of which artifact.
        NotFoundError: There is no such artifact.
    """
    said = plain_metadata(metadata)
    journal = running_journal()
    if journal is not None and artifact_version is None:
        journal.of_outputs.setdefault(artifact_name or "", {}).update(said)
        return
    if artifact_name is None:
        raise MetadataError("Outside of a step, say which artifact is meant: artifact_name=.")
    with reach_stores() as context:
        id_ = find_version(context.metadata, artifact_name, artifact_version).id
        context.metadata.append((Labels(Subject.VERSION, id_, metadata=said),))


def log_metadata(
    metadata: Mapping[str, Any],
    *,
    artifact_name: str | None = None,
    artifact_version: int | str | None = None,
    run_id_name_or_prefix: str | None = None,
    step_name: str | None = None,
) -> None:
    """Add metadata to the step that runs, or to an artifact version, a run, or a step of a run.

    Raises:
        MetadataError: A value is no metadata, or it is not said of what.
        NotFoundError: There is no such thing.
    """
    said = plain_metadata(metadata)
    if artifact_name is not None:
        log_artifact_metadata(said, artifact_name, artifact_version)
        return
    journal = running_journal()
    if run_id_name_or_prefix is None and step_name is None:
        if journal is None:
            raise MetadataError(
                "Outside of a step, say what the metadata is about: artifact_name=, "
                "run_id_name_or_prefix= or step_name=."
            )
        journal.metadata.update(said)
        return
    with reach_stores() as context:
        subject, id_ = _run_or_step(run_id_name_or_prefix or LATEST, step_name, context)
        context.metadata.append((Labels(subject, id_, metadata=said),))


def _wanted(name: str | ArtifactConfig, version: str | None, tags: Iterable[str]) -> Wanted:
    said = name if isinstance(name, ArtifactConfig) else ArtifactConfig(name)
    return Wanted(
        said.name or "",
        version or said.version,
        tuple(dict.fromkeys((*said.tags, *tags))),
        plain_metadata(said.run_metadata),
        ArtifactType(said.artifact_type) if said.artifact_type else None,
    )


def _run_or_step(run_id: str, step: str | None, context: RunContext) -> tuple[Subject, str]:
    run = find_run(context.metadata, run_id)
    if step is None:
        return Subject.RUN, run.id
    where = {"run_id": run.id, "step": step}
    found = context.metadata.find(Query(StepRun, where, limit=1, counted=False)).items
    if not found:
        raise NotFoundError(f"The run {run.id} has no step {step!r}.")
    return Subject.STEP_RUN, found[0].id


def _save(value: Any, wanted: Wanted) -> StoredArtifact:
    with unheard(running_journal()):
        context = open_stores()
        return StoredArtifact(save_value(value, wanted, context), context)
