import errno
import os
import subprocess
import sys
import threading

import fsspec
import pytest

from jupyter_mlpipe.model.errors import CorruptArtifactError, StorageError
from jupyter_mlpipe.storage.blobs import open_blobs

HELLO = b"hello"


@pytest.fixture(params=["folder", "file", "memory"])
def blobs(request, tmp_path):
    urls = {
        "folder": str(tmp_path / "store"),
        "file": f"file://{tmp_path}/store",
        "memory": f"memory://{tmp_path.name}-{request.param}",
    }
    return open_blobs(urls[request.param], tmp_path / "cache")


@pytest.fixture
def folder(tmp_path):
    return open_blobs(str(tmp_path / "store"), tmp_path / "cache")


def overwrite(path, data):
    path.chmod(0o644)
    path.write_bytes(data)


def test_what_was_put_comes_back_by_its_digest(blobs):
    digest = blobs.put(HELLO)
    assert blobs.get(digest) == HELLO
    assert blobs.path(digest).read_bytes() == HELLO
    assert blobs.exists(digest)


def test_a_file_and_the_same_bytes_share_one_digest(blobs, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(HELLO * 1_000_000)
    assert blobs.put_file(source) == blobs.put(HELLO * 1_000_000)


def test_empty_content_is_content(blobs, tmp_path):
    digest = blobs.put(b"")
    assert blobs.get(digest) == b""
    (tmp_path / "empty").touch()
    assert blobs.put_file(tmp_path / "empty") == digest


def test_a_blob_that_was_never_put_is_missing_with_advice(blobs):
    assert not blobs.exists("0" * 64)
    with pytest.raises(StorageError, match=r"missing.*--no-cache"):
        blobs.get("0" * 64)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "A" * 64, "0" * 63, "", "0" * 64 + "\n", None]
)
def test_only_a_digest_may_name_a_blob(blobs, name):
    for use in (blobs.get, blobs.path, blobs.exists, blobs.location):
        with pytest.raises(StorageError, match="not the digest"):
            use(name)


def test_content_that_is_there_is_not_written_again(folder):
    path = folder.path(folder.put(HELLO))
    before = path.stat()
    folder.put(HELLO)
    assert path.stat().st_ino == before.st_ino


def test_content_that_is_put_again_counts_as_used(folder):
    path = folder.path(folder.put(HELLO))
    os.utime(path, (1, 1))
    folder.put(HELLO)
    assert path.stat().st_mtime > 1


def test_blobs_are_read_only_files(folder):
    assert folder.path(folder.put(HELLO)).stat().st_mode & 0o777 == 0o444


def test_nothing_but_the_blob_is_left_behind(folder, tmp_path):
    folder.put(HELLO)
    assert len([path for path in (tmp_path / "store").rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("damage", [b"jello", b"he", b"hello and more", b""])
def test_damaged_bytes_are_refused_and_the_place_is_named(folder, damage):
    digest = folder.put(HELLO)
    overwrite(folder.path(digest), damage)
    for read in (folder.get, folder.path):
        with pytest.raises(CorruptArtifactError) as caught:
            read(digest)
        assert folder.location(digest) in str(caught.value)


def test_a_damaged_blob_is_repaired_when_it_is_put_again(folder, tmp_path):
    digest = folder.put(HELLO)
    overwrite(folder.path(digest), b"jello")
    folder.put(HELLO)
    assert folder.get(digest) == HELLO
    overwrite(folder.path(digest), b"")
    (tmp_path / "source").write_bytes(HELLO)
    folder.put_file(tmp_path / "source")
    assert folder.get(digest) == HELLO


def test_writers_that_race_leave_one_whole_blob(folder, tmp_path):
    data = os.urandom(2_000_000)
    writers = [threading.Thread(target=folder.put, args=(data,)) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert [path.read_bytes() == data for path in files] == [True]


def test_a_spare_file_becomes_the_blob_and_another_one_stays_its_owners(folder, tmp_path):
    for name, spare in (("spare", True), ("mine", False)):
        file = tmp_path / name
        file.write_bytes(name.encode() * 2000)
        blob = folder.path(folder.put_file(file, spare=spare))
        assert blob.samefile(file) == spare
        file.unlink()
        assert blob.read_bytes() == name.encode() * 2000


def test_a_full_disk_is_told_in_a_sentence_and_leaves_no_part(folder, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"No space.*artifact_store"):
        folder.put(HELLO)
    assert not list((tmp_path / "store").rglob("*.partial"))


def test_a_file_in_the_place_of_the_folder_is_told_in_a_sentence(tmp_path):
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StorageError, match=r"artifact store failed at .*store"):
        open_blobs(str(tmp_path / "store"), tmp_path).put(HELLO)


@pytest.mark.skipif(os.geteuid() == 0, reason="no folder is read-only for root")
def test_a_read_only_folder_is_told_in_a_sentence(tmp_path):
    (tmp_path / "store").mkdir(mode=0o555)
    with pytest.raises(StorageError, match="permissions"):
        open_blobs(str(tmp_path / "store"), tmp_path).put(HELLO)


def test_a_url_without_a_driver_says_what_is_missing(tmp_path):
    with pytest.raises(StorageError, match="nosuch"):
        open_blobs("nosuch://bucket", tmp_path)


def test_a_driver_that_takes_no_options_of_ours_is_used_without(tmp_path, monkeypatch):
    plain = fsspec.core.url_to_fs

    def particular(url, **options):
        if options:
            raise TypeError("connect() got an unexpected keyword argument")
        return plain(url)

    monkeypatch.setattr(fsspec.core, "url_to_fs", particular)
    blobs = open_blobs(f"memory://{tmp_path.name}-particular", tmp_path / "cache")
    assert blobs.get(blobs.put(HELLO)) == HELLO


def test_a_damaged_remote_blob_is_refused_and_repaired(tmp_path):
    url = f"memory://{tmp_path.name}-damaged"
    blobs = open_blobs(url, tmp_path / "cache")
    digest = blobs.put(HELLO)
    fsspec.filesystem("memory").pipe_file(blobs.location(digest), b"jello")
    with pytest.raises(CorruptArtifactError, match="memory://"):
        blobs.get(digest)
    blobs.put(HELLO)
    assert blobs.get(digest) == HELLO


def test_a_damaged_local_copy_of_a_remote_blob_is_fetched_again(tmp_path):
    blobs = open_blobs(f"memory://{tmp_path.name}-copy", tmp_path / "cache")
    digest = blobs.put(HELLO)
    overwrite(blobs.path(digest), b"jello")
    assert blobs.get(digest) == HELLO


def test_local_stores_do_not_pay_for_fsspec():
    code = "import sys, jupyter_mlpipe.storage.artifacts; sys.exit('fsspec' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
