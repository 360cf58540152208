"""Processes that are killed, disks that are full, folders that are closed."""

import codecs
import gc
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

import pytest

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.chunk import CHUNK
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import MetadataError, StorageError
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.garbage import collect_garbage
from jupyter_mlpipe.tracking.sql import SqlMetadataStore
from jupyter_mlpipe.tracking.store import Query
from tests.storage.keeping import keep, keep_in, read

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


@pytest.fixture
def for_all():
    """A folder that every user can reach, which pytest's are not."""
    folder = Path(tempfile.mkdtemp(prefix="for-all-"))
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o700)
    shutil.rmtree(folder)


def as_somebody(deed):
    """Do something as a user to whom folders can be closed; what it raised, in words."""
    codecs.lookup("ascii")  # Python's own folder may be closed as well
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = "nothing"
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            deed()
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read().decode()


def test_a_store_that_may_only_be_read_is_read(for_all):
    (for_all / "empty").mkdir()
    data = os.urandom(300_000)
    digest = keep(for_all / "store", for_all / "empty", data)
    gc.collect()  # closes the index
    for path in [for_all / "store", *(for_all / "store").rglob("*")]:
        path.chmod((path.stat().st_mode & ~0o222) | 0o044 | (0o011 if path.is_dir() else 0))

    def look():
        assert read(for_all / "store", digest) == data

    assert as_somebody(look) == "nothing"
    for new in (b"small", os.urandom(300_000)):
        said = as_somebody(lambda new=new: keep(for_all / "store", for_all / "empty", new))
        assert said.startswith("StorageError: ")
        assert "permissions" in said
    assert read(for_all / "store", digest) == data


@pytest.mark.parametrize("closed", ["packs", "blobs"])
def test_a_store_that_is_closed_to_the_user_says_so(for_all, closed):
    (for_all / "empty").mkdir()
    digest = keep(for_all / "store", for_all / "empty", os.urandom(300_000))
    gc.collect()
    for path in (for_all / "store").iterdir():
        if (path.name == "packs") == (closed == "packs"):
            path.chmod(0)
    said = as_somebody(lambda: read(for_all / "store", digest))
    assert said.startswith("StorageError: ")
    assert "permissions" in said or "missing" in said
    assert "\n" not in said


@pytest.fixture
def small_disk(tmp_path):
    """A file system of three megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(place)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    yield place
    gc.collect()
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_is_really_full_is_told_and_loses_nothing(small_disk, empty):
    metadata = SqlMetadataStore(f"sqlite:///{small_disk / 'metadata.db'}")
    before, kept, refused = os.urandom(300_000), {}, []
    for number in range(30):
        data = before + os.urandom(100_000) + bytes([number])
        try:
            manifest = keep(small_disk / "store", empty, data)
            metadata.append([ArtifactVersion(new_id(), "value", manifest, manifest)])
        except (StorageError, MetadataError) as error:
            refused.append(str(error))
        else:
            kept[manifest] = data
    assert kept
    assert [words for words in refused if "\n" not in words] == refused != []
    recorded = metadata.find(Query(ArtifactVersion, {"name": "value"}, limit=100)).items
    metadata.close()
    assert {version.manifest for version in recorded} == set(kept)
    for manifest, data in kept.items():
        assert read(small_disk / "store", manifest) == data
    assert not list(small_disk.rglob("*.partial"))


def test_a_cache_on_a_full_disk_is_told_and_the_store_is_whole(small_disk, empty, tmp_path):
    url, data = f"memory://{tmp_path.name}", os.urandom(5_000_000)
    value = keep_in(ArtifactStore(open_blobs(url, tmp_path / "roomy")), empty, data)
    cramped = ArtifactStore(open_blobs(url, small_disk / "cache"))
    with pytest.raises(StorageError, match="No space is left"):
        cramped.content(cramped.open(value).files[0])
    with pytest.raises(StorageError, match="No space is left"):
        keep_in(cramped, empty, os.urandom(5_000_000))
    another = ArtifactStore(open_blobs(url, tmp_path / "another"))
    assert bytes(another.content(another.open(value).files[0])) == data
