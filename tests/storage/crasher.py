"""Stores values until it is killed, and says which were stored: a process of its own."""

import os
import random
import sys
from pathlib import Path

from jupyter_mlpipe.model.chunk import CHUNK, chunks_of, cut
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.manifests import Manifest

folder, seed = Path(sys.argv[1]), int(sys.argv[2])
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else sys.maxsize
chance = random.Random(seed)
store, empty = ArtifactStore(FolderBlobs(folder / "store")), folder / "empty"
shared = [bytes([number]) * CHUNK for number in range(8)]
for _ in range(rounds):
    data = b"".join(chance.sample(shared, 3)) + os.urandom(chance.choice([0, 100_000, 20 * CHUNK]))
    files = store.store(empty, {"a": list(chunks_of(memoryview(data), cut(len(data))))})
    sys.stdout.write(f"{store.record(Manifest('x', files))} {len(data)}\n")
    sys.stdout.flush()
