"""What the records of a project need of the artifact store."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.model.wire import to_json
from jupyter_mlpipe.storage.blobs import BlobStore
from jupyter_mlpipe.storage.garbage import DAY, collect_garbage
from jupyter_mlpipe.storage.marking import Collected
from jupyter_mlpipe.tracking.store import MetadataStore, Query, R

_DIGEST = re.compile(r'(?<=")[0-9a-f]{64}(?=")')
_PAGE = 1000


def collect(
    blobs: BlobStore, metadata: MetadataStore, *, grace: float = DAY, dry_run: bool = False
) -> Collected:
    """Delete what no record names, beside kernels and workers that go on.

    Args:
        blobs: The artifact store, of this project alone.
        metadata: All records of the project.
        grace: Seconds for which what was used last is kept whatever the records say.
        dry_run: Whether to leave everything and only count.

    Raises:
        StorageError: The artifact store cannot be read, or holds what a newer release wrote.
        MetadataError: The records cannot be read.
    """
    return collect_garbage(blobs, set(_named(metadata)), grace=grace, dry_run=dry_run)


def _named(metadata: MetadataStore) -> Iterator[str]:
    """Whatever looks like a digest: one too many keeps something that could go, no more."""
    yield from _named_by(metadata, ArtifactVersion)
    yield from _named_by(metadata, StepRun)
    yield from _named_by(metadata, Run)


def _named_by(metadata: MetadataStore, kind: type[R]) -> Iterator[str]:
    query = Query(kind, newest_first=False, limit=_PAGE, counted=False)
    while records := metadata.find(query).items:
        for record in records:
            yield from _DIGEST.findall(json.dumps(to_json(record), default=str))
        query = replace(query, offset=query.offset + len(records))
