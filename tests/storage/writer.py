"""Stores values again and again, and records some of them: a process of its own."""

import os
import random
import sys
from pathlib import Path

from jupyter_mlpipe.model.chunk import CHUNK, chunks_of, cut
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.storage.manifests import Manifest

folder, seed, url = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
chance = random.Random(seed)
store = ArtifactStore(open_blobs(url, folder / f"cache-{seed}"))
record, empty = folder / f"record-{seed}", folder / f"empty-{seed}"
empty.mkdir()
shared = [bytes([number]) * CHUNK for number in range(8)]
recorded: list[str] = []
while not (folder / "stop").exists():
    data = b"".join(chance.sample(shared, 3)) + os.urandom(chance.choice([0, 1000, 100_000]))
    files = store.store(empty, {"a": list(chunks_of(memoryview(data), cut(len(data))))})
    recorded = [*recorded[-chance.randint(0, 3) :], store.record(Manifest("x", files))]
    partial = record.with_suffix(".partial")
    partial.write_text("\n".join(recorded))
    partial.replace(record)
    for digest in recorded:
        assert bytes(store.content(store.open(digest).files[0]))
