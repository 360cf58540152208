import json
import os

import pytest

from jupyter_mlpipe.model.artifact import Column, Preview
from jupyter_mlpipe.model.errors import CorruptArtifactError, StorageError
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.storage.manifests import Manifest, StoredFile, encode

LARGE = b"a" * 500_000
MEDIUM = b"a" * 5000
TABLE = Preview("table", columns=(Column("é\ud800", "int64"),), rows=(("1",),), total_rows=1)


@pytest.fixture
def blobs(tmp_path):
    return open_blobs(str(tmp_path / "store"), tmp_path / "cache")


@pytest.fixture
def store(blobs):
    return ArtifactStore(blobs)


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.bin").write_bytes(LARGE)
    (folder / "é b.json").write_bytes(b"{}")
    return folder


def test_files_come_back_under_their_names(store, files, tmp_path):
    manifest = store.open(store.commit(files, "plain", pickled=False, previews={"": TABLE}))
    store.checkout(manifest, tmp_path / "out" / "deep")
    assert {p.name: p.read_bytes() for p in (tmp_path / "out" / "deep").iterdir()} == {
        "a.bin": LARGE,
        "é b.json": b"{}",
    }
    assert (manifest.materializer, manifest.pickled, manifest.nbytes) == (
        "plain",
        False,
        len(LARGE) + 2,
    )
    assert manifest.previews == {"": TABLE}


def test_equal_content_has_one_manifest(store, files):
    first = store.commit(files, "plain", pickled=True, previews={"b": TABLE, "a": TABLE})
    assert store.commit(files, "plain", pickled=True, previews={"a": TABLE, "b": TABLE}) == first
    assert store.commit(files, "other", pickled=True, previews={"a": TABLE, "b": TABLE}) != first


def test_a_value_without_files_is_a_value(store, tmp_path):
    (tmp_path / "none").mkdir()
    assert store.open(store.commit(tmp_path / "none", "x", pickled=False, previews={})).files == ()


def test_an_artifact_of_a_newer_release_asks_for_an_upgrade(store, blobs):
    digest = blobs.put(json.dumps({"format": 3, "parts": []}).encode())
    with pytest.raises(StorageError, match=r"format 3.*Upgrade"):
        store.open(digest)


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[]", b"{}", b'{"format": 1}', b'{"format": "1"}', b"[" * 100_000]
)
def test_bytes_that_are_no_manifest_are_refused(store, blobs, content):
    with pytest.raises(CorruptArtifactError):
        store.open(blobs.put(content))


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", "..", ".", "", "a\0b", "C:x", "n" * 300])
def test_a_manifest_cannot_write_elsewhere(store, blobs, tmp_path, name):
    manifest = Manifest("plain", (StoredFile(name, 1, digest=blobs.put(b"x")),))
    with pytest.raises(StorageError, match="not a plain file name"):
        store.checkout(manifest, tmp_path / "out")
    with pytest.raises(StorageError, match="not a plain file name"):
        store.open(blobs.put(encode(manifest)))


def test_folders_and_links_are_not_committed(store, files):
    (files / "link").symlink_to(files / "a.bin")
    with pytest.raises(StorageError, match="not a plain file"):
        store.commit(files, "plain", pickled=False, previews={})


def test_a_small_file_is_kept_inside_the_manifest(store, blobs, tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "value.json").write_bytes(b"[1]")
    digest = store.commit(folder, "plain", pickled=False, previews={})
    stored = [path.name for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert stored == [digest]
    store.checkout(store.open(digest), tmp_path / "out")
    assert (tmp_path / "out" / "value.json").read_bytes() == b"[1]"


def pack_in(tmp_path):
    (pack,) = (p for p in (tmp_path / "store" / "packs").iterdir() if len(p.name) == 32)
    pack.chmod(0o644)
    return pack


def test_a_file_that_is_gone_or_cut_short_is_found_without_reading_it(store, files, tmp_path):
    digest = store.commit(files, "plain", pickled=False, previews={})
    store.check(digest)
    pack = pack_in(tmp_path)
    content = pack.read_bytes()
    pack.write_bytes(content[:-1])
    with pytest.raises(CorruptArtifactError):
        store.check(digest)
    pack.unlink()
    with pytest.raises(StorageError, match="missing"):
        store.check(digest)


def test_a_damaged_file_is_not_checked_out(store, files, tmp_path):
    manifest = store.open(store.commit(files, "plain", pickled=False, previews={}))
    with pack_in(tmp_path).open("r+b") as pack:
        pack.write(b"bbb")
    with pytest.raises(CorruptArtifactError):
        store.checkout(manifest, tmp_path / "out")


def test_a_file_that_is_in_the_way_is_not_overwritten(store, files, tmp_path):
    manifest = store.open(store.commit(files, "plain", pickled=False, previews={}))
    with pytest.raises(StorageError, match="there already"):
        store.checkout(manifest, files)


def test_the_manifest_is_written_last(store, blobs, files, tmp_path, monkeypatch):
    def fail(data):
        raise StorageError("no")

    monkeypatch.setattr(blobs, "put", fail)
    with pytest.raises(StorageError):
        store.commit(files, "plain", pickled=False, previews={})
    assert LARGE in pack_in(tmp_path).read_bytes()


def old_file(blobs, tmp_path):
    """As releases before format 2 stored it: a blob of its own."""
    (tmp_path / "old").write_bytes(LARGE)
    return StoredFile("a.bin", len(LARGE), digest=blobs.put_file(tmp_path / "old"))


def test_a_file_that_is_neither_small_nor_large_is_a_blob(store, blobs, tmp_path):
    folder = tmp_path / "medium"
    folder.mkdir()
    (folder / "value.json").write_bytes(MEDIUM)
    manifest = store.open(store.commit(folder, "plain", pickled=False, previews={}))
    assert blobs.get(manifest.files[0].digest) == MEDIUM
    assert bytes(store.content(manifest.files[0])) == MEDIUM
    assert not (tmp_path / "store" / "packs").exists()


def test_a_file_of_format_1_is_linked_or_copied_where_links_are_impossible(
    store, blobs, tmp_path, monkeypatch
):
    manifest = Manifest("plain", (old_file(blobs, tmp_path),), format=1)
    store.checkout(manifest, tmp_path / "linked")
    assert (tmp_path / "linked" / "a.bin").samefile(blobs.path(manifest.files[0].digest))

    def refuse(source, target):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "symlink", refuse)
    store.checkout(manifest, tmp_path / "out")
    assert (tmp_path / "out" / "a.bin").read_bytes() == LARGE
    assert bytes(store.content(manifest.files[0])) == LARGE


def test_a_file_of_format_1_that_is_cut_short_is_found(store, blobs, tmp_path):
    manifest = Manifest("plain", (old_file(blobs, tmp_path),), format=1)
    digest = blobs.put(encode(manifest))
    store.check(digest)
    blob = blobs.path(manifest.files[0].digest)
    blob.chmod(0o644)
    blob.write_bytes(LARGE[:-1])
    with pytest.raises(CorruptArtifactError):
        store.check(digest)
    with pytest.raises(CorruptArtifactError):
        store.content(manifest.files[0])
