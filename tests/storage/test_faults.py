"""Processes that are killed, bytes that change, disks that are full."""

import gc
import os
import random
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

import pytest
from blake3 import blake3

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.chunk import CHUNK, chunks_of, cut
from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.garbage import collect_garbage
from jupyter_mlpipe.storage.manifests import Manifest
from jupyter_mlpipe.tracking.sql import SqlMetadataStore
from jupyter_mlpipe.tracking.store import Query

VICTIM = Path(__file__).with_name("victim.py")
CRASHER = Path(__file__).with_name("crasher.py")
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
"""


@pytest.fixture
def empty(tmp_path):
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def keep(root, empty, data):
    store = ArtifactStore(FolderBlobs(root))
    chunks = list(chunks_of(memoryview(data), cut(len(data))))
    return store.record(Manifest("x", store.store(empty, {"a": chunks})))


def read(root, digest):
    store = ArtifactStore(FolderBlobs(root))
    return bytes(store.content(store.open(digest).files[0]))


def start(folder, *arguments):
    command = [sys.executable, CRASHER, folder, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


KILLS = int(os.environ.get("MLPIPE_TEST_KILLS", "200"))


def kill_at_random_moments(folder, kills, seed):
    """Have as many victims killed, one after the other; what they said was kept."""
    chance, kept = random.Random(seed), []
    command = [sys.executable, VICTIM, folder]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    with subprocess.Popen(command, **pipes) as nursery:
        for kill in range(kills):
            nursery.stdin.write(f"{seed}-{kill}\n")
            victim, begun = 0, None
            for line in iter(nursery.stdout.readline, "dead\n"):
                word, *facts = line.split()
                if word == "victim":
                    victim = int(facts[0])
                elif word == "kept":
                    kept.append((int(facts[0]), facts[1]))
                if victim and begun is None and (word == "kept" or kill % 4 == 0):
                    begun = Timer(chance.random() * 0.04, os.kill, (victim, signal.SIGKILL))
                    begun.start()
        nursery.stdin.close()
    return kept


def test_what_was_kept_is_whole_and_nothing_dangles_after_a_kill_at_any_moment(tmp_path, empty):
    """Two at a time, so that each is killed beside one that goes on."""
    with ThreadPoolExecutor(2) as pool:
        halves = pool.map(lambda seed: kill_at_random_moments(tmp_path, KILLS // 2, seed), (1, 2))
        kept = dict(pair for half in halves for pair in half)
    metadata = SqlMetadataStore(f"sqlite:///{tmp_path / 'metadata.db'}")
    query = Query(ArtifactVersion, {"name": "value"}, limit=100_000)
    recorded = {version.version: version for version in metadata.find(query).items}
    metadata.close()
    assert {number: recorded[number].manifest for number in kept} == kept
    assert sorted(recorded) == list(range(1, len(recorded) + 1))
    assert len(kept) >= KILLS // 2
    store = ArtifactStore(FolderBlobs(tmp_path / "store"))
    for version in recorded.values():
        content = store.content(store.open(version.manifest).files[0])
        assert len(content) == version.nbytes
    for path in (tmp_path / "store").rglob("*.partial"):
        os.utime(path, (1, 1))
    collect_garbage(FolderBlobs(tmp_path / "store"), [v.manifest for v in recorded.values()])
    assert not list((tmp_path / "store").rglob("*.partial"))
    for version in recorded.values():
        store.check(version.manifest)


def test_eight_processes_store_side_by_side(tmp_path, empty):
    processes = [start(tmp_path, seed % 4, 12) for seed in range(8)]
    for process in processes:
        lines = process.communicate()[0].splitlines()
        assert (process.returncode, len(lines)) == (0, 12)
        for line in lines:
            digest, length = line.split()
            assert len(read(tmp_path / "store", digest)) == int(length)


def flipped(path, place):
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)
        file.seek(place)
        file.write(bytes([byte[0] ^ 1]))


def test_no_flipped_byte_of_a_pack_or_manifest_ever_gives_another_value(tmp_path, empty):
    data = os.urandom(CHUNK + 5000)
    digest = keep(tmp_path / "good", empty, data)
    gc.collect()  # closes the index, whose files come and go while it is open
    chance, refused = random.Random(0), 0
    for path in [p for p in (tmp_path / "good").rglob("*") if p.is_file()]:
        size = path.stat().st_size
        tail = range(max(0, size - 200), size)  # the table of a pack
        for place in {*chance.sample(range(size), min(size, 20)), *tail} if size else ():
            shutil.copytree(tmp_path / "good", tmp_path / "bad")
            flipped(tmp_path / "bad" / path.relative_to(tmp_path / "good"), place)
            try:
                assert read(tmp_path / "bad", digest) == data
            except StorageError:
                refused += 1
            shutil.rmtree(tmp_path / "bad")
    assert refused > 200


@pytest.mark.parametrize("limit", [1000, 100_000, CHUNK, 20 * CHUNK])
def test_a_disk_that_is_full_stores_nothing_and_loses_nothing(tmp_path, empty, limit):
    before = os.urandom(300_000)
    digest = keep(tmp_path / "store", empty, before)
    script = LIMITED + CRASHER.read_text().replace(
        "sys.argv[1]), int(sys.argv[2])", "sys.argv[2]), 0"
    )
    arguments = [sys.executable, "-c", script, str(limit), str(tmp_path)]
    ended = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert "StorageError: " in ended.stderr
    assert read(tmp_path / "store", digest) == before
    assert not list((tmp_path / "store").rglob("*.partial"))
    for line in ended.stdout.splitlines():
        assert read(tmp_path / "store", line.split()[0])


def test_no_bytes_are_a_manifest_or_pack_by_accident(tmp_path, empty):
    keep(tmp_path / "store", empty, os.urandom(300_000))
    for number in range(50):
        junk = os.urandom(number * 7)
        (tmp_path / "store" / "packs" / blake3(junk).hexdigest()[:32]).write_bytes(junk)
    data = os.urandom(300_000)
    assert read(tmp_path / "store", keep(tmp_path / "store", empty, data)) == data


@pytest.mark.skipif(os.geteuid() == 0, reason="no folder is closed to root")
def test_a_store_that_may_be_read_only_is_read(tmp_path, empty):
    data = os.urandom(300_000)
    digest = keep(tmp_path / "store", empty, data)
    for folder in [tmp_path / "store", *(tmp_path / "store").rglob("*")]:
        folder.chmod(folder.stat().st_mode & ~0o222)
    assert read(tmp_path / "store", digest) == data
    with pytest.raises(StorageError, match="permissions"):
        keep(tmp_path / "store", empty, os.urandom(300_000))
