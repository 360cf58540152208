"""What every place that an artifact store can be in must do, as tests to inherit."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import pytest

from jupyter_mlpipe.model.chunk import CHUNK, chunks_of, cut
from jupyter_mlpipe.model.errors import CorruptArtifactError, StorageError
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import BlobStore, open_blobs
from jupyter_mlpipe.storage.garbage import collect_garbage
from jupyter_mlpipe.storage.manifests import Manifest, StoredFile

Opened: TypeAlias = Callable[[str], BlobStore]
_ALL_OLD = -3600.0
"""A grace period within which nothing was used, whatever the clocks say."""


class ArtifactStoreContract(ABC):
    """Inherit, name the class `Test...`, and say where the store is."""

    @abstractmethod
    def url(self, folder: Path) -> str:
        """A place that is empty, another for each folder."""

    @pytest.fixture
    def opened(self, tmp_path: Path) -> Opened:
        """The store, as a machine of that name opens it."""
        url = self.url(tmp_path)
        return lambda machine: open_blobs(url, tmp_path / machine)

    @pytest.fixture
    def raw(self, tmp_path: Path) -> RawStore:
        """What lies in the store, past all of us."""
        return RawStore(self.url(tmp_path))

    def test_what_one_machine_stored_another_reads(self, opened: Opened) -> None:
        small, large = os.urandom(1000), os.urandom(3 * CHUNK + 1000)
        digest, value = opened("one").put(small), _keep(opened("one"), large)
        assert opened("two").get(digest) == small
        assert opened("two").path(digest).read_bytes() == small
        assert opened("two").size(digest) == 1000
        assert _read(opened("two"), value) == large

    def test_empty_content_is_content(self, opened: Opened) -> None:
        digest = opened("one").put(b"")
        assert opened("two").get(digest) == b""
        assert opened("two").exists(digest)

    def test_a_file_and_the_same_bytes_are_one(self, opened: Opened, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"hello")
        assert opened("one").put_file(tmp_path / "file") == opened("two").put(b"hello")
        assert opened("three").get(opened("one").put(b"hello")) == b"hello"

    def test_what_is_not_there_is_missing_with_advice(self, opened: Opened) -> None:
        assert not opened("one").exists("0" * 64)
        assert opened("one").size("0" * 64) is None
        with pytest.raises(StorageError, match=r"missing.*--no-cache"):
            opened("one").get("0" * 64)

    def test_what_is_there_is_not_stored_again(self, opened: Opened, raw: RawStore) -> None:
        data = bytearray(os.urandom(6 * CHUNK))
        _keep(opened("one"), bytes(data))
        data[0] ^= 1
        value = _keep(opened("two"), bytes(data))
        assert sorted(size // CHUNK for size in raw.packs().values()) == [1, 6]
        assert _read(opened("three"), value) == data

    def test_machines_that_store_the_same_at_once_leave_it_whole(self, opened: Opened) -> None:
        data = os.urandom(2 * CHUNK)
        stores = [opened(f"machine-{number}") for number in range(4)]
        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(lambda store: store.put(b"same"), stores))) == 1
            (value,) = set(pool.map(lambda store: _keep(store, data), stores))
        assert _read(opened("another"), value) == data
        assert opened("another").get(stores[0].put(b"same")) == b"same"

    def test_damage_is_refused_and_repaired_when_it_is_stored_again(
        self, opened: Opened, raw: RawStore
    ) -> None:
        data = os.urandom(3 * CHUNK)
        digest, value = opened("one").put(b"hello"), _keep(opened("one"), data)
        raw.change(next(key for key in raw.sizes() if key.endswith(digest)), b"jello")
        (pack,) = raw.packs()
        raw.flip(pack, CHUNK + 5)
        two = opened("two")
        with pytest.raises(CorruptArtifactError):
            two.get(digest)
        with pytest.raises(CorruptArtifactError):
            _read(two, value)
        assert (two.put(b"hello"), _keep(two, data)) == (digest, value)
        assert opened("three").get(digest) == b"hello"
        assert _read(opened("three"), value) == data

    def test_a_pack_cut_short_is_refused_and_no_obstacle(
        self, opened: Opened, raw: RawStore
    ) -> None:
        data = os.urandom(2 * CHUNK)
        value = _keep(opened("one"), data)
        (pack,) = raw.packs()
        raw.change(pack, b"")
        with pytest.raises(StorageError):
            _read(opened("two"), value)
        assert _read(opened("three"), _keep(opened("three"), data)) == data

    def test_garbage_goes_and_what_is_named_stays(self, opened: Opened, raw: RawStore) -> None:
        kept, gone = os.urandom(2 * CHUNK), os.urandom(2 * CHUNK)
        store = opened("one")
        stays, text = _keep(store, kept), store.put(b"a text that a record names")
        goes, other = _keep(store, gone), store.put(b"another")
        counted = collect_garbage(store, [stays, text], grace=_ALL_OLD, dry_run=True)
        collected = collect_garbage(opened("two"), [stays, text], grace=_ALL_OLD)
        assert (collected.blobs, collected.packs) == (counted.blobs, counted.packs) == (2, 1)
        assert collected.nbytes > len(gone)
        assert (_read(opened("three"), stays), store.get(text)) == (
            kept,
            b"a text that a record names",
        )
        for missing in (goes, other):
            assert not opened("three").exists(missing)
        assert not [key for key in raw.sizes() if goes in key or other in key]

    def test_what_was_used_lately_is_no_garbage(self, opened: Opened) -> None:
        digest, value = opened("one").put(b"hello"), _keep(opened("one"), os.urandom(CHUNK))
        assert collect_garbage(opened("one"), []).nbytes == 0
        assert opened("two").get(digest) == b"hello"
        assert len(_read(opened("two"), value)) == CHUNK

    def test_what_went_can_be_stored_again_by_who_had_it(self, opened: Opened) -> None:
        data, one = os.urandom(2 * CHUNK), opened("one")
        value = _keep(one, data)
        collect_garbage(opened("two"), [], grace=_ALL_OLD)
        assert _keep(one, data) == value
        assert _read(opened("three"), value) == data

    def test_a_manifest_of_a_newer_release_stops_the_collector(self, opened: Opened) -> None:
        digest, gone = opened("one").put(b'{"format": 99}'), opened("one").put(b"gone")
        with pytest.raises(StorageError, match="Upgrade"):
            collect_garbage(opened("one"), [digest], grace=_ALL_OLD)
        assert opened("one").exists(gone)


class RawStore:
    """Objects as the driver sees them."""

    def __init__(self, url: str) -> None:
        import fsspec

        self._fs, self._root = fsspec.core.url_to_fs(url, use_listings_cache=False)

    def sizes(self) -> dict[str, int]:
        """All objects and their bytes."""
        try:
            found = self._fs.find(self._root, detail=True)
        except FileNotFoundError:
            return {}
        return {key: facts["size"] for key, facts in found.items()}

    def packs(self) -> dict[str, int]:
        """The packs among them."""
        named = {key: key.rpartition("/packs/")[2] for key in self.sizes()}
        return {key: size for key, size in self.sizes().items() if len(named[key]) == 32}

    def change(self, key: str, content: bytes) -> None:
        """Put something else in its place."""
        self._fs.rm_file(key)
        self._fs.pipe_file(key, content)

    def flip(self, key: str, place: int) -> None:
        """Change one bit."""
        content = bytearray(self._fs.cat_file(key))
        content[place] ^= 1
        self.change(key, bytes(content))


def _keep(blobs: BlobStore, data: bytes) -> str:
    store, chunks = ArtifactStore(blobs), list(chunks_of(memoryview(data), cut(len(data))))
    with blobs.chunks.packing() as packing:
        digests = packing.add(chunks)
    file = StoredFile("a", len(data), chunks=digests.hex())
    return store.record(Manifest("x", (file,)))


def _read(blobs: BlobStore, value: str) -> bytes:
    store = ArtifactStore(blobs)
    store.check(value)
    return bytes(store.content(store.open(value).files[0]))
