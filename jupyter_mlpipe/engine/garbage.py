"""What records need of the artifact store."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from typing import TypeVar

from jupyter_mlpipe.model.amounts import count_text
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.model.wire import to_json
from jupyter_mlpipe.storage.blobs import BlobStore
from jupyter_mlpipe.storage.garbage import DAY, collect_garbage
from jupyter_mlpipe.storage.marking import Collected
from jupyter_mlpipe.tracking.store import MetadataStore, Query

_DIGEST = re.compile(r'(?<=")[0-9a-f]{64}(?=")')
_PAGE = 1000
"""Records, two at least."""
_Named = TypeVar("_Named", Run, StepRun, ArtifactVersion)


def collect(
    blobs: BlobStore, metadata: MetadataStore, *, grace: float = DAY, dry_run: bool = False
) -> Collected:
    """Delete what no record names, beside kernels and workers that go on.

    Args:
        blobs: The artifact store, which no other metadata store uses.
        metadata: Records, of which those of all projects count.
        grace: Seconds for which what was used last is kept whatever the records say.
        dry_run: Whether to leave everything and only count.

    Raises:
        StorageError: The artifact store cannot be read, or holds what a newer release wrote.
        MetadataError: The records cannot be read.
    """
    return collect_garbage(blobs, set(named_digests(metadata)), grace=grace, dry_run=dry_run)


def named_digests(
    metadata: MetadataStore,
    gone: frozenset[str] = frozenset(),
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[str]:
    """Whatever looks like a digest: one too many keeps something that could go, no more.

    Args:
        metadata: Records, of which those of all projects count.
        gone: Ids of records that do not count.
        tell: Hears, in words, how far it is.
    """
    records: Iterator[ArtifactVersion | StepRun | Run] = chain.from_iterable(
        (_records(metadata, ArtifactVersion), _records(metadata, StepRun), _records(metadata, Run))
    )
    for place, record in enumerate(records):
        if place % _PAGE == 0:
            tell(f"read {count_text(place, 'record')}")
        if record.id not in gone:
            yield from _DIGEST.findall(json.dumps(to_json(record), default=str))


def _records(metadata: MetadataStore, kind: type[_Named]) -> Iterator[_Named]:
    """Each page begins with the last record of the one before it.

    Where it does not, somebody has removed records meanwhile, and others have moved up into what
    was read already; all is read again.
    """
    query = Query(kind, newest_first=False, everywhere=True, limit=_PAGE, counted=False)
    last = None
    while records := metadata.find(query).items:
        if last not in (None, records[0].id):
            query, last = replace(query, offset=0), None
            continue
        yield from records
        if len(records) < _PAGE:
            return
        query, last = replace(query, offset=query.offset + _PAGE - 1), records[-1].id
