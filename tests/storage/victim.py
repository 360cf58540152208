"""Commits values until it is killed, and says which are kept: content, then the record.

Imports once, then forks a victim for each line on its input, so that a kill costs little.
"""

import os
import random
import sys
from pathlib import Path

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.chunk import CHUNK, chunks_of, cut
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.manifests import Manifest
from jupyter_mlpipe.tracking.sql import SqlMetadataStore

SHARED = [bytes([number]) * CHUNK for number in range(8)]


def commit_until_killed(folder, seed):
    chance = random.Random(seed)
    artifacts = ArtifactStore(FolderBlobs(folder / "store"))
    metadata = SqlMetadataStore(f"sqlite:///{folder / 'metadata.db'}")
    while True:
        fresh = os.urandom(chance.choice([0, 100_000, 5 * CHUNK]))
        data = b"".join(chance.sample(SHARED, 3)) + fresh
        chunks = list(chunks_of(memoryview(data), cut(len(data))))
        files = artifacts.store(folder / "empty", {"a": chunks})
        manifest = artifacts.record(Manifest("x", files))
        version = ArtifactVersion(new_id(), "value", manifest, manifest, nbytes=len(data))
        (kept,) = metadata.append([version])
        os.write(1, f"kept {kept.version} {manifest}\n".encode())


def main():
    folder = Path(sys.argv[1])
    for line in sys.stdin:
        victim = os.fork()
        if victim == 0:
            commit_until_killed(folder, line)
        os.write(1, f"victim {victim}\n".encode())
        os.waitpid(victim, 0)
        os.write(1, b"dead\n")


main()
