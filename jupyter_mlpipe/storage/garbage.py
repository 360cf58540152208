"""Garbage: what no record names any more, deleted beside processes that go on storing.

Whoever stores what is there already first says that it is in use, and only then looks whether
it is there to stay; else it is written anew. The collector first says that it is going, and only
then looks whether it is in use. However the two meet, one of them sees the other. What was used
within the grace period stays whatever the records say, for the record that names it may be on
its way. All times are of the clock of the store.

A blob, whose name can come again, is going when it is taken away from its name; a pack, whose
name never does, when a file says so beside it, so that readers miss nothing in between. Of two
collectors one is refused, for each would take the other's marks for its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.storage.addressing import is_digest
from jupyter_mlpipe.storage.blobs import BlobStore
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.folder_garbage import collect_in_folder
from jupyter_mlpipe.storage.marking import Collected
from jupyter_mlpipe.storage.remote import RemoteBlobs
from jupyter_mlpipe.storage.remote_garbage import collect_in_objects

DAY = 24 * 3600.0


def collect_garbage(
    blobs: BlobStore, named: Iterable[str], *, grace: float = DAY, dry_run: bool = False
) -> Collected:
    """Delete what is neither named, nor part of a value that is, nor was used lately.

    Args:
        blobs: The artifact store; processes may go on using it.
        named: Digests of all blobs and manifests that records name, read from the records just
            now: those of every project that shares the store, or what others stored is lost.
        grace: Seconds since its last use for which anything is kept: longer than it takes from
            when a value is stored to when its record can be read.
        dry_run: Whether to leave everything and only count.

    Raises:
        StorageError: The store cannot be read, holds what a newer release wrote, or is being
            collected by somebody else.
    """
    digests = {digest for digest in named if is_digest(digest)}
    if isinstance(blobs, FolderBlobs):
        return collect_in_folder(blobs, digests, grace, dry_run=dry_run)
    if isinstance(blobs, RemoteBlobs):
        return collect_in_objects(blobs, digests, grace, dry_run=dry_run)
    raise StorageError(f"Garbage cannot be collected in a {type(blobs).__name__}.")
