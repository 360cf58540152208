"""Chunks in packs that are kept elsewhere."""

import errno
import os

import fsspec
import pytest

from jupyter_mlpipe.model.chunk import CHUNK, chunks_of, cut
from jupyter_mlpipe.model.errors import CorruptArtifactError, StorageError
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.storage.manifests import Manifest
from jupyter_mlpipe.storage.objects import Objects

SIZE = 20 * CHUNK + 1000


@pytest.fixture(params=["memory", "s3"])
def url(request, tmp_path):
    root = request.getfixturevalue("s3") if request.param == "s3" else "memory://team"
    return f"{root}/{tmp_path.name}"


@pytest.fixture
def keep(url, tmp_path):
    (tmp_path / "empty").mkdir()

    def keep(data, cache="here"):
        store = ArtifactStore(open_blobs(url, tmp_path / cache))
        chunks = list(chunks_of(memoryview(data), cut(len(data))))
        return store.record(Manifest("x", store.store(tmp_path / "empty", {"a": chunks})))

    return keep


@pytest.fixture
def read(url, tmp_path):
    def read(digest, cache="there"):
        store = ArtifactStore(open_blobs(url, tmp_path / cache))
        store.check(digest)
        return bytes(store.content(store.open(digest).files[0]))

    return read


def remote_packs(url):
    fs, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
    listed = fs.ls(f"{path}/packs", detail=False)
    return fs, [key for key in listed if len(key.rpartition("/")[2]) == 32]


def test_what_one_machine_stored_another_reads(keep, read):
    data = os.urandom(SIZE)
    digest = keep(data)
    assert read(digest) == data
    assert read(digest, "here") == data


def test_only_new_chunks_are_sent_whoever_stored_the_others(keep, read, url):
    data = bytearray(os.urandom(SIZE))
    keep(data)
    data[CHUNK] ^= 1
    digest = keep(data, "there")
    fs, packs = remote_packs(url)
    assert sorted(fs.info(pack)["size"] // CHUNK for pack in packs) == [1, 20]
    assert read(digest, "third") == data


def test_only_missing_chunks_are_fetched(keep, read, tmp_path):
    data = bytearray(os.urandom(SIZE))
    read(keep(data))
    data[CHUNK] ^= 1
    read(keep(data))
    packs = [p for p in (tmp_path / "there" / "packs").iterdir() if len(p.name) == 32]
    assert sorted(pack.stat().st_size // CHUNK for pack in packs) == [1, 20]


def test_a_damaged_pack_is_refused(keep, read, url):
    digest = keep(os.urandom(SIZE))
    fs, (pack,) = remote_packs(url)
    content = bytearray(fs.cat_file(pack))
    content[CHUNK + 5] ^= 1
    fs.pipe_file(pack, bytes(content))
    with pytest.raises(CorruptArtifactError, match="packs"):
        read(digest)


def test_a_pack_that_is_gone_is_missing_and_stored_again(keep, read, url):
    data = os.urandom(SIZE)
    digest = keep(data)
    fs, (pack,) = remote_packs(url)
    fs.rm_file(pack)
    with pytest.raises(StorageError, match="missing"):
        read(digest)
    assert keep(data) == digest
    assert read(digest) == data


def test_a_damaged_local_copy_is_fetched_again(keep, read, tmp_path):
    data = os.urandom(SIZE)
    digest = keep(data)
    read(digest)
    (copy,) = (p for p in (tmp_path / "there" / "packs").iterdir() if len(p.name) == 32)
    copy.chmod(0o644)
    with copy.open("r+b") as file:
        file.write(b"changed")
    assert read(digest) == data


def test_what_was_not_sent_is_not_recorded(keep, url, monkeypatch):
    keep(b"a" * 100_000)
    fs, packs = remote_packs(url)

    def refuse(*arguments, **options):
        raise ConnectionError("the network is down")

    monkeypatch.setattr(fs, "put_file", refuse)
    with pytest.raises(StorageError, match="network is down"):
        keep(os.urandom(SIZE))
    monkeypatch.undo()
    assert remote_packs(url)[1] == packs


def test_what_another_machine_wrote_first_is_not_overwritten(url):
    here, there = Objects(url), Objects(url)
    assert there.create("key", b"first")
    assert not here.create("key", b"second")
    assert here.read("key") == b"first"


def test_a_store_that_knows_no_conditions_is_written_to_without(tmp_path, monkeypatch):
    blobs = open_blobs(f"memory://{tmp_path.name}-plain", tmp_path / "cache")
    plain = blobs.objects.fs.pipe_file

    def pipe_file(path, data, mode="overwrite"):
        if mode == "create":
            raise OSError(errno.ENOSYS, "A header you provided implies functionality ...")
        plain(path, data)

    monkeypatch.setattr(blobs.objects.fs, "pipe_file", pipe_file)
    assert blobs.get(blobs.put(b"hello")) == b"hello"
