"""Live values to stored ones, and back."""

import mmap
import shutil
from pathlib import Path

import numpy as np
import pytest

from jupyter_mlpipe.engine.values import ValueStore
from jupyter_mlpipe.materializers.base import Materializer
from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.pages import open_tracker
from jupyter_mlpipe.materializers.registry import MaterializerRegistry, default_registry
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.folder import FolderBlobs

OLD = Path(__file__).parents[1] / "storage" / "format_1"
"""Stored by release 0.1.0: an array, a dict with a large array, a list."""
MANIFESTS = {
    "array": "871d00a6fb513155805c587627cabefc6931cb098f3a5136af1183845bfc90f0",
    "dict": "bcfd3d9452d8762af08ec63cc8048e083821043de8649b3611dfca4d95c4a236",
    "list": "e21d21bb6629d062dcc605179d8d350c12ca7a6dc5ab8fe83e3697bb966fe4f6",
}


def store(root):
    return ValueStore(
        ArtifactStore(FolderBlobs(root)), default_registry(), BufferDigests(open_tracker())
    )


def disk(root):
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def test_what_an_earlier_release_stored_is_read(tmp_path):
    shutil.copytree(OLD, tmp_path / "old")
    values = store(tmp_path / "old")
    loaded = {name: values.load_manifest(manifest) for name, manifest in MANIFESTS.items()}
    assert np.array_equal(loaded["array"], np.arange(1000.0))
    assert np.array_equal(loaded["dict"]["steps"][0], np.zeros(9000))
    assert (loaded["dict"]["steps"][1], loaded["list"]) == ("é", [1, 2, 3])
    loaded["array"][0] = 1  # a map that is private
    assert values.load_manifest(MANIFESTS["array"])[0] == 0


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_large_array_is_mapped_and_private(tmp_path, order):
    values = store(tmp_path)
    array = np.arange(600_000.0).reshape(3, -1).copy(order)
    kept = values.keep(array)
    loaded = values.load_manifest(kept.manifest)
    assert isinstance(loaded.base, mmap.mmap)
    assert loaded.flags.f_contiguous == array.flags.f_contiguous
    loaded[:] = 0
    assert np.array_equal(values.load_manifest(kept.manifest), array)


def test_a_column_that_changed_is_stored_alone(tmp_path):
    pd = pytest.importorskip("pandas")
    values = store(tmp_path)
    frame = pd.DataFrame({f"c{i}": np.random.default_rng(i).random(20_001) for i in range(10)})
    values.keep(frame)
    before = disk(tmp_path)
    frame["c3"] = np.random.default_rng(99).random(20_001)
    kept = values.keep(frame)
    assert disk(tmp_path) - before < 1.2 * frame["c3"].nbytes
    pd.testing.assert_frame_equal(values.load_manifest(kept.manifest), frame)


def test_appended_rows_store_little(tmp_path):
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


def test_a_materializer_of_a_package_gets_plain_files(tmp_path):
    registry = MaterializerRegistry((Shelves(),))
    values = ValueStore(ArtifactStore(FolderBlobs(tmp_path)), registry, BufferDigests(None))
    value = bytes(range(256)) * 10_000
    assert values.load_manifest(values.keep(value).manifest) == value
