"""Whose pickles may be loaded."""

import os

import pytest

from jupyter_mlpipe.model.errors import StorageError, UntrustedError
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs, trusted_content
from jupyter_mlpipe.storage.garbage import collect_garbage
from jupyter_mlpipe.storage.objects import Objects
from jupyter_mlpipe.storage.trust import TrustedStores


@pytest.fixture
def opened(tmp_path):
    """A store, as a user opens it."""

    def opened(url, user, *, everything=False):
        trusted = TrustedStores(tmp_path / user, everything)
        return open_blobs(url, tmp_path / f"{user}-cache", trusted=trusted)

    return opened


@pytest.fixture
def remote(tmp_path):
    return f"memory://{tmp_path.parent.name}-{tmp_path.name}"


def test_files_of_another_user_are_loaded_once_they_are_trusted(opened, tmp_path, monkeypatch):
    digest = opened(str(tmp_path / "store"), "me").put(b"x")
    assert opened(str(tmp_path / "store"), "me").is_trusted(digest)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    blobs = opened(str(tmp_path / "store"), "other")
    with pytest.raises(UntrustedError, match=r"stored by somebody else.*mlpipe trust"):
        trusted_content(blobs, digest)
    assert blobs.get(digest) == b"x"
    blobs.trust()
    assert trusted_content(opened(str(tmp_path / "store"), "other"), digest) == b"x"
    digest = opened(str(tmp_path / "another"), "me").put(b"x")
    assert not opened(str(tmp_path / "another"), "other").is_trusted(digest)


def test_a_store_elsewhere_is_trusted_by_who_began_it_and_by_who_says_so(opened, remote):
    digest = opened(remote, "me").put(b"x")
    assert opened(remote, "me").is_trusted(digest)
    opened(remote, "other").put(b"y")
    with pytest.raises(UntrustedError):
        ArtifactStore(opened(remote, "other")).require_trust(digest)
    opened(remote, "other").trust()
    assert opened(remote, "other").is_trusted(digest)
    assert opened(remote, "worker", everything=True).is_trusted(digest)


def test_a_store_that_others_filled_is_nobodys_until_it_is_trusted(opened, remote):
    Objects(remote).write("ab/cd/there", b"x")
    digest = opened(remote, "me").put(b"y")
    assert not opened(remote, "me").is_trusted(digest)
    opened(remote, "me").trust()
    assert opened(remote, "me").is_trusted(digest)
    assert not opened(remote, "other").is_trusted(digest)


def test_a_mark_that_was_copied_elsewhere_says_nothing(opened, remote):
    opened(remote, "me").put(b"x")
    Objects(f"{remote}-copy").write("begun", Objects(remote).read("begun"))
    blobs = opened(f"{remote}-copy", "me")
    assert not blobs.is_trusted(blobs.put(b"x"))


def test_what_is_trusted_is_asked_for_once(opened, remote, monkeypatch):
    digest = opened(remote, "me").put(b"x")
    blobs, asked = opened(remote, "me"), []
    read = blobs.objects.read
    monkeypatch.setattr(blobs.objects, "read", lambda key: asked.append(key) or read(key))
    assert blobs.is_trusted(digest)
    assert blobs.is_trusted(digest)
    assert asked == ["begun"]


def test_of_two_who_begin_at_once_one_did(opened, remote, monkeypatch):
    first, second = opened(remote, "first"), opened(remote, "second")
    monkeypatch.setattr(second.objects, "names", lambda folder: [])
    digest = first.put(b"x")
    assert second.put(b"x") == digest
    assert first.is_trusted(digest)
    assert not second.is_trusted(digest)


def test_collecting_garbage_leaves_the_mark(opened, remote):
    blobs = opened(remote, "me")
    blobs.put(b"x")
    collect_garbage(blobs, [], grace=-3600)
    assert opened(remote, "me").is_trusted(blobs.put(b"y"))


def test_where_nothing_can_be_remembered_values_are_stored_all_the_same(opened, remote, tmp_path):
    (tmp_path / "me").write_text("no folder")
    blobs = opened(remote, "me")
    digest = blobs.put(b"x")
    assert blobs.get(digest) == b"x"
    assert not blobs.is_trusted(digest)
    with pytest.raises(StorageError, match="MLPIPE_TRUST=all"):
        blobs.trust()
