"""Everything a process needs to run steps, built once and handed down."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.bus import EventBus
from jupyter_mlpipe.engine.trusting import open_store
from jupyter_mlpipe.engine.values import ValueStore
from jupyter_mlpipe.environments.capture import EnvironmentCapture
from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.pages import open_tracker
from jupyter_mlpipe.materializers.registry import MaterializerRegistry, default_registry
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import BlobStore
from jupyter_mlpipe.storage.flushing import Flush, flush_now
from jupyter_mlpipe.tracking.store import MetadataStore


@dataclass(frozen=True, slots=True)
class RunContext:
    """The stores and services of one process."""

    settings: Settings
    blobs: BlobStore
    artifacts: ArtifactStore
    metadata: MetadataStore
    materializers: MaterializerRegistry
    environment: EnvironmentCapture
    events: EventBus
    buffers: BufferDigests
    values: ValueStore
    """Live values to artifact versions and back."""


def open_context(settings: Settings, flush: Flush = flush_now) -> RunContext:
    """Open the stores that the settings name, creating them when they do not exist.

    Args:
        settings: Of the project.
        flush: Brings stored content to disk; a session that somebody waits for has it done later.

    Raises:
        StorageError: The artifact store cannot be used.
        MetadataError: The metadata store cannot be used.
    """
    from jupyter_mlpipe.tracking.sql import SqlMetadataStore  # SQLAlchemy costs 0.4 s to import

    blobs = open_store(settings, flush)
    artifacts, materializers = ArtifactStore(blobs), default_registry()
    buffers = BufferDigests(open_tracker() if settings.page_tracking else None)
    return RunContext(
        settings=settings,
        blobs=blobs,
        artifacts=artifacts,
        metadata=SqlMetadataStore(settings.metadata_store, settings.project),
        materializers=materializers,
        environment=EnvironmentCapture(settings.root),
        events=EventBus(),
        buffers=buffers,
        values=ValueStore(artifacts, materializers, buffers),
    )
