"""Processes that are killed, bytes that change, disks that are full."""

import gc
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from blake3 import blake3

from jupyter_mlpipe.model.chunk import CHUNK, chunks_of, cut
from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.garbage import collect_garbage
from jupyter_mlpipe.storage.manifests import Manifest

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


@pytest.mark.parametrize("kills", [25], ids="{} kills".format)
def test_whatever_was_stored_is_whole_after_a_kill_at_any_moment(tmp_path, empty, kills):
    chance, stored = random.Random(0), {}
    for kill in range(kills):
        process = start(tmp_path, kill)
        first = process.stdout.readline()
        time.sleep(chance.random() * 0.2)
        process.send_signal(signal.SIGKILL)
        lines = [first, *process.communicate()[0].splitlines(keepends=True)]
        whole = (line.split() for line in lines if line.endswith("\n"))
        stored |= {digest: int(length) for digest, length in whole}
    assert len(stored) >= kills
    for digest, length in stored.items():
        assert len(read(tmp_path / "store", digest)) == length
    for path in (tmp_path / "store").rglob("*.partial"):
        os.utime(path, (1, 1))
    collect_garbage(FolderBlobs(tmp_path / "store"), stored)
    assert not list((tmp_path / "store").rglob("*.partial"))


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
