"""Collection beside whoever goes on storing."""

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jupyter_mlpipe.model.chunk import CHUNK, chunks_of, cut
from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.storage.addressing import digest_of_bytes, place, shard
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.garbage import collect_garbage
from jupyter_mlpipe.storage.manifests import Manifest

SECONDS = float(os.environ.get("MLPIPE_TEST_SECONDS", "8"))
"""How long writers and collectors run beside each other."""
WRITER = Path(__file__).with_name("writer.py")


@pytest.fixture
def blobs(tmp_path):
    return FolderBlobs(tmp_path / "store")


@pytest.fixture
def keep(blobs, tmp_path):
    (tmp_path / "empty").mkdir()

    def keep(data):
        chunks = chunks_of(memoryview(data), cut(len(data)))
        store = ArtifactStore(blobs)
        return store.record(Manifest("x", store.store(tmp_path / "empty", {"a": list(chunks)})))

    return keep


def read(blobs, digest):
    store = ArtifactStore(blobs)
    return bytes(store.content(store.open(digest).files[0]))


def age(blobs):
    for path in blobs.root.rglob("*"):
        os.utime(path, (1, 1))


def test_what_nothing_names_goes_and_the_rest_stays(blobs, keep):
    first, second = os.urandom(300_000), os.urandom(300_000)
    gone, stays, text = keep(first), keep(second), blobs.put(b"a text that a record names")
    age(blobs)
    collected = collect_garbage(blobs, [stays, text])
    assert (collected.blobs, collected.packs) == (1, 1)
    assert 300_000 < collected.nbytes < 310_000
    assert (read(blobs, stays), blobs.get(text)) == (second, b"a text that a record names")
    with pytest.raises(StorageError, match="missing"):
        read(blobs, gone)


def test_blobs_in_two_levels_of_folders_are_read_and_go_like_others(blobs):
    paths = [blobs.path(blobs.put(text)) for text in (b"stays", b"goes")]
    for path in paths:
        deep = path.parent / path.name[2:4] / path.name
        deep.parent.mkdir(exist_ok=True)
        path.rename(deep)
    age(blobs)
    assert collect_garbage(blobs, [paths[0].name]).blobs == 1
    assert blobs.get(paths[0].name) == b"stays"
    assert not blobs.exists(paths[1].name)
    assert blobs.path(blobs.put(b"stays")).parent.name == paths[0].name[2:4]
    assert blobs.path(blobs.put(b"goes")) == paths[1]


def test_a_dry_run_deletes_nothing(blobs, keep):
    digest = keep(os.urandom(300_000))
    age(blobs)
    assert collect_garbage(blobs, [], dry_run=True).packs == 1
    assert len(read(blobs, digest)) == 300_000
    assert collect_garbage(blobs, []).packs == 1


def test_what_was_written_lately_stays(blobs, keep):
    digest = keep(os.urandom(300_000))
    assert collect_garbage(blobs, []).nbytes == 0
    assert read(blobs, digest)


def test_what_is_stored_again_counts_as_written_lately(blobs, keep):
    data = os.urandom(300_000)
    keep(data)
    age(blobs)
    digest = keep(data)
    assert collect_garbage(blobs, []).nbytes == 0
    assert read(blobs, digest) == data


def test_a_chunk_of_another_version_keeps_its_pack(blobs, keep):
    data = bytearray(os.urandom(4 * CHUNK))
    keep(data)
    data[0] ^= 1
    second = keep(data)
    age(blobs)
    assert (collect_garbage(blobs, [second]).packs, read(blobs, second)) == (0, data)


def test_the_rest_of_a_pack_that_is_mostly_garbage_is_moved(blobs, keep):
    data = bytearray(os.urandom(6 * CHUNK))
    keep(data)
    data[: 5 * CHUNK] = os.urandom(5 * CHUNK)
    second = keep(data)
    age(blobs)
    before = sum(path.stat().st_size for path in blobs.root.rglob("*"))
    assert collect_garbage(blobs, [second]).packs == 1
    assert sum(p.stat().st_size for p in blobs.root.rglob("*")) < before - 4 * CHUNK
    assert read(FolderBlobs(blobs.root), second) == read(blobs, second) == data


def test_a_pack_that_is_going_is_not_relied_upon(blobs, keep):
    data = os.urandom(300_000)
    keep(data)
    (name,) = blobs.chunks.shelf.names()
    with blobs.chunks.shelf.going(name):
        digest = keep(data)
    blobs.chunks.shelf.remove(name)
    assert read(blobs, digest) == data


def test_what_a_stopped_collector_took_away_is_put_back(blobs):
    path = blobs.path(blobs.put(b"hello"))
    path.rename(path.with_name(f".{path.name}.0123456789abcdef.trash"))
    collect_garbage(blobs, [path.name])
    assert blobs.get(path.name) == b"hello"


@pytest.mark.parametrize("folders", [place, shard])
def test_a_reader_takes_back_what_a_collector_just_looks_at(blobs, folders):
    path, digest = blobs.path(blobs.put(b"hello")), digest_of_bytes(b"hello")
    taken = blobs.root / folders(digest)
    taken = taken.with_name(f".{digest}.0123456789abcdef.trash")
    for look in (blobs.get, blobs.size, blobs.exists, blobs.path):
        taken.parent.mkdir(exist_ok=True)
        blobs.path(digest).rename(taken)
        assert look(digest)
        assert not taken.exists()
    assert blobs.get(digest) == b"hello"
    assert path.parent in blobs.path(digest).parents


def test_what_a_stopped_writer_left_goes(blobs, keep):
    keep(os.urandom(300_000))
    (blobs.chunks.root / ".0123.partial").write_bytes(b"half")
    (blobs.path(blobs.put(b"x")).parent / ".4567.partial").write_bytes(b"half")
    age(blobs)
    collect_garbage(blobs, [])
    assert [p.name for p in blobs.root.rglob("*") if p.is_file() and "index" not in p.name] == []


def test_a_manifest_of_a_newer_release_stops_it(blobs):
    digest = blobs.put(b'{"format": 99}')
    with pytest.raises(StorageError, match="Upgrade"):
        collect_garbage(blobs, [digest])


def test_two_do_not_collect_at_once(blobs, keep):
    keep(os.urandom(300_000))
    age(blobs)
    folder = os.open(blobs.root, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    with pytest.raises(StorageError, match="collected by another process"):
        collect_garbage(blobs, [])
    assert collect_garbage(blobs, [], dry_run=True).packs == 1
    os.close(folder)
    assert collect_garbage(blobs, []).packs == 1


@pytest.mark.parametrize(("where", "grace"), [("folder", 0.5), ("s3", 12.0)])
def test_four_writers_lose_nothing_to_a_collector_beside_them(request, tmp_path, where, grace):
    """Each forgets what it stored a while ago, and now and then stores it again."""
    bucket = request.getfixturevalue("s3") if where == "s3" else ""
    url = f"{bucket}/{tmp_path.name}" if bucket else str(tmp_path / "store")
    blobs = open_blobs(url, tmp_path / "cache")
    command = [sys.executable, WRITER, tmp_path]
    writers = [subprocess.Popen([*command, str(seed), url]) for seed in range(4)]
    while len(list(tmp_path.glob("record-?"))) < 4 and all(w.poll() is None for w in writers):
        time.sleep(0.05)
    removed, begun = 0, time.monotonic()
    while all(writer.poll() is None for writer in writers):
        took = time.monotonic() - begun
        if took > SECONDS and (removed > 2 or took > 120):  # a machine may be busy
            break
        named = set()
        for record in tmp_path.glob("record-?"):
            named |= set(record.read_text().split())
        collected = collect_garbage(blobs, named, grace=grace)
        removed += collected.packs + collected.blobs
    (tmp_path / "stop").touch()
    assert [writer.wait(60) for writer in writers] == [0] * 4
    alive = [d for record in tmp_path.glob("record-?") for d in record.read_text().split()]
    for digest in alive:
        assert len(read(open_blobs(url, tmp_path / "another"), digest)) > CHUNK
    assert removed > 2
    assert alive
