"""Processes that are killed, bytes that change, disks that are full."""

import gc
import itertools
import os
import random
import re
import signal
import subprocess
import sys
from array import array
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Timer

import fsspec
import pytest
from blake3 import blake3

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.chunk import CHUNK, chunks_of, cut
from jupyter_mlpipe.model.errors import CorruptArtifactError, StorageError
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.garbage import collect_garbage
from jupyter_mlpipe.storage.manifests import Manifest
from jupyter_mlpipe.storage.packs import PackTable, encode_table, parse_table, table_length
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


def keep_in(store, empty, data):
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


def stretches(content):
    """The places of each part of a pack, and the last byte of each."""
    table = parse_table(content)
    end, count = len(content) - table_length(content), len(table)
    first, size = table.offsets[0], table.sizes[0]
    gaps = [
        place
        for one, length, other in zip(table.offsets, table.sizes, table.offsets[1:], strict=False)
        for place in range(one + length, other)
    ]
    return {
        "first chunk": range(first, first + size),
        "last chunk": range(table.offsets[-1], table.offsets[-1] + table.sizes[-1]),
        "gap": gaps,
        "digests": range(end, end + 32 * count),
        "offsets": range(end + 32 * count, end + 40 * count),
        "sizes": range(end + 40 * count, end + 44 * count),
        "digest of the table": range(end + 44 * count, end + 44 * count + 32),
        "length of the table": range(len(content) - 16, len(content) - 8),
        "mark": range(len(content) - 8, len(content)),
    }


def damaged_packs(content, chance):
    """Ways in which a pack can be another than it was, and what each is."""
    for part, places in stretches(content).items():
        if not places:
            continue
        some = {places[0], places[-1], *chance.sample(list(places), min(len(places), 6))}
        for place in sorted(some):
            changed = bytearray(content)
            changed[place] ^= 1 << chance.randrange(8)
            yield part, bytes(changed)
    for length in (0, 1, 47, 48, len(content) // 2, len(content) - 44, len(content) - 1):
        yield f"cut at {length}", content[:length]
    for more in (b"\0", os.urandom(100), content[-48:], content):
        yield "extended", content + more
    yield (
        "another's table",
        content[: -table_length(content)]
        + encode_table(PackTable(bytes(32), array("Q", [0]), array("I", [100]))),
    )


def damaged_manifests(content, chance):
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << chance.randrange(8)
        yield f"byte {place}", bytes(changed)
    for length in (0, 1, len(content) // 2, len(content) - 1):
        yield f"cut at {length}", content[:length]
    yield "extended", content + b" "


@pytest.fixture(params=["folder", "memory"])
def places(request, tmp_path):
    """Where the store is, and where the copies that another machine keeps are."""
    root = tmp_path / "store" if request.param == "folder" else f"memory://{tmp_path.name}"
    return Places(str(root), tmp_path, remote=request.param == "memory")


class Places:
    def __init__(self, url, folder, *, remote):
        self.url, self.folder, self.remote = url, folder, remote
        self.fs, self.root = fsspec.core.url_to_fs(url)
        self.machines = itertools.count()

    def machine(self):
        """One that never saw the store."""
        name = f"machine-{next(self.machines)}"
        return ArtifactStore(open_blobs(self.url, self.folder / name))

    def one(self, is_it):
        (path,) = (p for p in self.fs.find(self.root) if is_it(p.rpartition("/")[2]))
        return path

    def change(self, path, content):
        self.fs.rm_file(path)
        if not self.remote:
            for index in Path(path).parent.glob("index.db*"):  # another machine has none
                index.unlink()
        self.fs.pipe_file(path, content)


def test_no_change_to_a_pack_ever_gives_another_value(places, empty):
    data = os.urandom(2 * CHUNK + 5000)
    sizes = cut(len(data), CHUNK // 2 + 100)  # rows that begin within a page leave gaps
    store = places.machine()
    value = store.record(
        Manifest("x", store.store(empty, {"a": list(chunks_of(memoryview(data), sizes))}))
    )
    pack = places.one(re.compile("[0-9a-f]{32}").fullmatch)
    content, chance, refused, tried = places.fs.cat_file(pack), random.Random(0), set(), 0
    for part, changed in damaged_packs(content, chance):
        places.change(pack, changed)
        tried += 1
        reader = places.machine()
        try:
            found = bytes(reader.content(reader.open(value).files[0]))
            assert found == data, part
        except StorageError:
            refused.add(part)
    assert refused >= set(stretches(content)) - {"gap"}
    assert tried > 70
    places.change(pack, content)
    reader = places.machine()
    assert bytes(reader.content(reader.open(value).files[0])) == data


def test_no_change_to_a_manifest_ever_gives_another_value(places, empty):
    (empty / "value.json").write_bytes(b'{"a": 1}')
    value = places.machine().commit(empty, "x", pickled=False, previews={})
    path = places.one(value.__eq__)
    content, tried = places.fs.cat_file(path), 0
    for how, changed in damaged_manifests(content, random.Random(0)):
        places.change(path, changed)
        tried += 1
        with pytest.raises(CorruptArtifactError):
            pytest.fail(f"{how}: {places.machine().open(value)}")
    assert tried > 100


def test_no_change_to_a_local_copy_ever_gives_another_value(places, empty):
    """A remote store is read through copies, and a folder through what is known of its packs."""
    data = os.urandom(2 * CHUNK + 5000)
    value = keep_in(places.machine(), empty, data)
    reader = places.machine()
    assert bytes(reader.content(reader.open(value).files[0])) == data
    root = places.folder / ("machine-1" if places.remote else "store")
    (pack,) = (p for p in (root / "packs").iterdir() if re.fullmatch("[0-9a-f]{32}", p.name))
    content, tried, given = pack.read_bytes(), 0, 0
    for _part, changed in damaged_packs(content, random.Random(0)):
        pack.unlink(missing_ok=True)
        pack.write_bytes(changed)
        tried += 1
        try:
            again = ArtifactStore(open_blobs(places.url, places.folder / "machine-1"))
            assert bytes(again.content(again.open(value).files[0])) == data
            given += 1
        except StorageError:
            assert not places.remote  # else it is fetched again
    assert tried > 50
    assert given == tried or not places.remote


@pytest.mark.parametrize("name", ["index.db", "remote.db"])
def test_an_index_that_says_other_things_changes_no_value(places, empty, name):
    data = os.urandom(2 * CHUNK + 5000)
    value = keep_in(places.machine(), empty, data)
    gc.collect()  # closes the indexes
    chance = random.Random(0)
    for file in [p for p in places.folder.rglob(name) if p.stat().st_size]:
        content = file.read_bytes()
        for _ in range(12):
            changed = bytearray(content)
            for place in chance.sample(range(len(content)), chance.choice([1, 1, 50])):
                changed[place] = chance.randrange(256)
            for suffix in ("-wal", "-shm"):
                Path(f"{file}{suffix}").unlink(missing_ok=True)
            file.write_bytes(changed)
            reader = ArtifactStore(open_blobs(places.url, places.folder / "machine-0"))
            with suppress(StorageError):
                assert bytes(reader.content(reader.open(value).files[0])) == data
            del reader
            gc.collect()


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
