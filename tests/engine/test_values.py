"""Live values to stored ones, and back."""

import contextlib
import mmap
import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from jupyter_mlpipe.engine.values import ValueStore
from jupyter_mlpipe.materializers import buffers
from jupyter_mlpipe.materializers.base import Materializer
from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.pages import open_tracker
from jupyter_mlpipe.materializers.registry import MaterializerRegistry, default_registry
from jupyter_mlpipe.model.chunk import CHUNK
from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.folder import FolderBlobs

OLD = Path(__file__).parents[1] / "storage" / "format_1"
"""Stored by release 0.1.0: an array, a dict with a large array, a list."""
MANIFESTS = {
    "array": "871d00a6fb513155805c587627cabefc6931cb098f3a5136af1183845bfc90f0",
    "dict": "bcfd3d9452d8762af08ec63cc8048e083821043de8649b3611dfca4d95c4a236",
    "list": "e21d21bb6629d062dcc605179d8d350c12ca7a6dc5ab8fe83e3697bb966fe4f6",
}


@pytest.fixture
def store():
    """Makes value stores over a folder; they watch memory where the system lets them."""
    trackers = []

    def opened(root, registry=None, *, watching=True):
        trackers.append(open_tracker() if watching else None)
        digests = BufferDigests(trackers[-1])
        return ValueStore(ArtifactStore(FolderBlobs(root)), registry or default_registry(), digests)

    yield opened
    for tracker in filter(None, trackers):
        tracker.close()


def disk(root):
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def test_what_an_earlier_release_stored_is_read(store, tmp_path):
    shutil.copytree(OLD, tmp_path / "old")
    values = store(tmp_path / "old")
    loaded = {name: values.load_manifest(manifest) for name, manifest in MANIFESTS.items()}
    assert np.array_equal(loaded["array"], np.arange(1000.0))
    assert np.array_equal(loaded["dict"]["steps"][0], np.zeros(9000))
    assert (loaded["dict"]["steps"][1], loaded["list"]) == ("é", [1, 2, 3])
    loaded["array"][0] = 1  # a map that is private
    assert values.load_manifest(MANIFESTS["array"])[0] == 0


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_large_array_is_mapped_and_private(store, tmp_path, order):
    values = store(tmp_path)
    array = np.arange(600_000.0).reshape(3, -1).copy(order)
    kept = values.keep(array)
    loaded = values.load_manifest(kept.manifest)
    assert isinstance(loaded.base, mmap.mmap)
    assert loaded.flags.f_contiguous == array.flags.f_contiguous
    loaded[:] = 0
    assert np.array_equal(values.load_manifest(kept.manifest), array)


@pytest.mark.parametrize("watching", [True, False])
def test_the_digest_of_what_is_kept_is_that_of_the_value(store, tmp_path, watching):
    pd = pytest.importorskip("pandas")
    values = store(tmp_path, watching=watching)
    array = np.random.default_rng(0).random((3, 600_001))
    for value in (array, array.T, array[:, ::2], pd.DataFrame(array.T.copy()), {"a": [array]}):
        kept = values.keep(value)
        assert kept.digest == content_digest(value)
        assert kept.digest == content_digest(values.load_manifest(kept.manifest))


def test_a_column_that_changed_is_stored_alone(store, tmp_path):
    pd = pytest.importorskip("pandas")
    values = store(tmp_path)
    frame = pd.DataFrame({f"c{i}": np.random.default_rng(i).random(20_001) for i in range(10)})
    values.keep(frame)
    before = disk(tmp_path)
    frame["c3"] = np.random.default_rng(99).random(20_001)
    kept = values.keep(frame)
    assert disk(tmp_path) - before < 1.2 * frame["c3"].nbytes
    pd.testing.assert_frame_equal(values.load_manifest(kept.manifest), frame)


def test_appended_rows_store_little(store, tmp_path):
    pd = pytest.importorskip("pandas")
    values = store(tmp_path)
    numbers = np.random.default_rng(0)
    frame = pd.DataFrame(numbers.random((500_000, 4)))
    values.keep(frame)
    before = disk(tmp_path)
    frame = pd.concat([frame, pd.DataFrame(numbers.random((10_000, 4)))], ignore_index=True)
    kept = values.keep(frame)
    assert disk(tmp_path) - before < 0.15 * before
    pd.testing.assert_frame_equal(values.load_manifest(kept.manifest), frame)


@pytest.mark.skipif(open_tracker() is None, reason="nothing tells of written pages here")
def test_one_changed_element_reads_and_stores_one_chunk(store, tmp_path, monkeypatch):
    values = store(tmp_path)
    array = np.random.default_rng(0).random(4_000_000)
    values.keep(array)
    read = []
    digest_of = buffers.blake3
    monkeypatch.setattr(buffers, "blake3", lambda data: read.append(len(data)) or digest_of(data))
    for number in range(3):  # Linux may not tell once in a while, and all is read by the store
        before, array[2_000_000] = disk(tmp_path), number
        kept = values.keep(array)
        if read:
            break
    # Linux may call the pages at an end written, too, when it joins the mapping to its neighbour.
    assert CHUNK <= sum(read) < 2 * CHUNK
    assert disk(tmp_path) - before < 1.3 * CHUNK
    assert np.array_equal(values.load_manifest(kept.manifest), array)


@pytest.mark.skipif(open_tracker() is None, reason="nothing tells of written pages here")
def test_a_loaded_value_is_known_without_reading_it(store, tmp_path, monkeypatch):
    first = store(tmp_path)
    array = np.random.default_rng(0).random((2, 1_000_001))
    kept = first.keep(array)
    again = store(tmp_path)
    loaded = again.load_manifest(kept.manifest)
    read, digest_of = [], buffers.blake3
    monkeypatch.setattr(buffers, "blake3", lambda data: read.append(len(data)) or digest_of(data))
    before = again._buffers.digest(loaded)
    assert again.keep(loaded).digest == kept.digest
    assert len(read) <= 4  # the first and last page of a map may lie in two files
    loaded[1, 500_000] += 1
    assert again._buffers.digest(loaded) != before
    assert again.keep(loaded).digest == content_digest(loaded) != kept.digest


@pytest.mark.parametrize("order", ["load", "other file"])
def test_memory_that_was_mapped_is_forgotten_when_it_is_given_back(store, tmp_path, order):
    values, seen = store(tmp_path), set()
    kept = [values.keep(np.random.default_rng(seed).random(1_000_000)) for seed in range(6)]
    for number, one in enumerate(kept):
        loaded = values.load_manifest(one.manifest)
        place = loaded.__array_interface__["data"][0]
        seen.add(place)
        loaded[number] += 1
        assert values.keep(loaded).digest == content_digest(loaded)
        del loaded
        if order == "other file":
            (tmp_path / "file").write_bytes(os.urandom(8_004_096))
            other = np.memmap(tmp_path / "file", mode="c")[4096:].view("f8")
            assert values.keep(other).digest == content_digest(other)
            del other
    assert len(seen) < 6  # the system gave the same addresses again


@pytest.mark.parametrize("count", [1, 1000, 1_000_000])
def test_what_is_written_to_a_loaded_value_is_seen_each_time(store, tmp_path, count):
    values = store(tmp_path)
    kept = values.keep(np.random.default_rng(0).random(6_000_000))
    loaded, digests = values.load_manifest(kept.manifest), {kept.digest}
    for number in range(4):
        loaded[number :: len(loaded) // count] += 1
        again = values.keep(loaded)
        assert again.digest == content_digest(loaded)
        digests.add(again.digest)
    assert len(digests) == 5


def test_a_thread_that_writes_meanwhile_makes_no_wrong_value(store, tmp_path):
    values, stop = store(tmp_path), threading.Event()
    array = np.zeros(2_000_000)

    def write():
        while not stop.is_set():
            array[::50_000] += 1

    thread = threading.Thread(target=write)
    thread.start()
    for _ in range(20):
        with contextlib.suppress(StorageError):  # "The value changed while it was being stored."
            kept = values.keep(array)
            assert content_digest(values.load_manifest(kept.manifest)) == kept.digest
    stop.set()
    thread.join()
    kept = values.keep(array)
    assert content_digest(values.load_manifest(kept.manifest)) == content_digest(array)


class Shelves(Materializer):
    """Of a package that knows nothing of how we store."""

    name = "shelves"

    def accepts(self, value):
        return type(value) is bytes

    def save(self, value, directory):
        (directory / "large").write_bytes(value)
        (directory / "small").write_bytes(b"!")

    def load(self, directory):
        assert (directory / "small").read_bytes() == b"!"
        return (directory / "large").read_bytes()


def test_a_materializer_of_a_package_gets_plain_files(store, tmp_path):
    registry = MaterializerRegistry((Shelves(),))
    values = store(tmp_path, registry)
    value = bytes(range(256)) * 10_000
    assert values.load_manifest(values.keep(value).manifest) == value
