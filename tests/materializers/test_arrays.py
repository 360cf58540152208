import mmap

import numpy as np
import pytest

from jupyter_mlpipe.materializers.arrays import NumpyMaterializer
from jupyter_mlpipe.testing.materializers import MaterializerContract


def read_only(array):
    array.flags.writeable = False
    return array


class TestNumpyMaterializer(MaterializerContract):
    def materializer(self):
        return NumpyMaterializer()

    def samples(self):
        return [
            *(np.arange(6).reshape(2, 3), np.empty((0, 4)), np.array(3.5), np.array(["é", ""])),
            *(np.arange(6, dtype=">i2"), np.array([True]), np.array([1j, np.nan])),
            *(np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(10)[::2]),
            np.array(["2026-01-01", "NaT"], "M8[ns]"),
            *(np.array([b"a", b""]), np.array([], "U")),
            np.zeros(100_000, np.float32),
            *(read_only(np.arange(3)), np.array([1, -1], "m8[D]"), np.float16([1, -0.0])),
        ]

    def left_to_others(self):
        return [np.ones(2).view(type("Own", (np.ndarray,), {}))]

    def same(self, left, right):
        return (
            left.dtype == right.dtype
            and left.shape == right.shape
            and left.tobytes() == right.tobytes()
            and left.flags.writeable == right.flags.writeable
            and (left.flags.f_contiguous or not right.flags.fnc)
        )

    def change(self, value):
        if value.flags.writeable and value.size:
            value.reshape(-1)[0] = value.reshape(-1)[-1]


@pytest.mark.parametrize(
    "value",
    [
        *(np.array([{}], dtype=object), np.recarray(1, "i4"), np.ma.array([1]), np.float64(1)),
        *(np.zeros(2, [("a", "i4"), ("b", "f8")]), np.rec.array([(1, 2)]), np.zeros(1, "V3")),
        *(np.array(["a"], np.dtypes.StringDType()), [1]),
        np.zeros(1, np.dtype("f8", metadata={"unit": "m"})),
    ],
)
def test_what_the_format_cannot_hold_is_left_to_pickle(value):
    assert not NumpyMaterializer().accepts(value)


def test_fortran_order_is_kept(tmp_path):
    NumpyMaterializer().save(np.asfortranarray(np.arange(6).reshape(2, 3)), tmp_path)
    assert NumpyMaterializer().load(tmp_path).flags.fnc


REPEATED = [
    np.broadcast_to(np.arange(4.0), (3, 4)),
    np.broadcast_to(np.arange(4.0)[:, None], (4, 3)).T,
    np.broadcast_to(np.array("2026-01-01", "M8[D]"), (2, 5)),
    np.broadcast_to(np.array(["a", "bc"]), (3, 2)),
    np.lib.stride_tricks.sliding_window_view(np.arange(9), 4),
    np.lib.stride_tricks.sliding_window_view(np.arange(9), 4)[::-1, ::-1],
    np.lib.stride_tricks.as_strided(np.arange(6), (3, 3), (8, 8)),
    np.broadcast_to(np.arange(20_000.0), (100, 20_000)),
]


@pytest.mark.parametrize("value", REPEATED, ids=lambda value: f"{value.shape}{value.strides}")
def test_what_shows_bytes_several_times_comes_back_so(value, tmp_path):
    NumpyMaterializer().save(value, tmp_path)
    loaded = NumpyMaterializer().load(tmp_path)
    assert (loaded.dtype, loaded.shape, loaded.strides) == (value.dtype, value.shape, value.strides)
    assert loaded.flags.writeable == value.flags.writeable
    assert loaded.tolist() == value.tolist()
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) < 200_000


def test_of_a_column_that_is_repeated_nothing_else_is_stored(tmp_path):
    value = np.broadcast_to(np.arange(40_000).reshape(200, 200)[:, 3:4], (200, 500))
    NumpyMaterializer().save(value, tmp_path)
    assert (NumpyMaterializer().load(tmp_path) == value).all()
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) < 3000


def test_changing_a_loaded_array_leaves_the_artifact_alone(tmp_path):
    NumpyMaterializer().save(np.zeros(3), tmp_path)
    NumpyMaterializer().load(tmp_path)[0] = 1.0
    assert NumpyMaterializer().load(tmp_path)[0] == 0.0


def test_a_large_array_is_a_map_of_the_file(tmp_path):
    NumpyMaterializer().save(np.zeros(100_000), tmp_path)
    assert isinstance(NumpyMaterializer().load(tmp_path).base, mmap.mmap)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["f8", "M8[ns]", "U3", "c16", ">i4"])
def test_numpy_itself_reads_the_file_of_a_large_array(tmp_path, kind, order):
    array = np.arange(60_000).reshape(3, -1).astype("i8").astype(kind).copy(order)
    NumpyMaterializer().save(array, tmp_path)
    read = np.load(tmp_path / "array.npy")
    assert read.dtype == array.dtype
    assert read.flags.f_contiguous == array.flags.f_contiguous
    assert np.array_equal(read, array)


@pytest.mark.parametrize("count", [6, 60_000])
@pytest.mark.parametrize("writeable", [True, False])
def test_an_array_that_has_a_base_has_one_again(tmp_path, count, writeable):
    value = np.arange(count).reshape(2, -1, order="F")
    value.flags.writeable = writeable
    NumpyMaterializer().save(value, tmp_path)
    loaded = NumpyMaterializer().load(tmp_path)
    assert loaded.base.size == count
    assert loaded.T[1:].base is loaded.base
    assert loaded.flags.writeable is writeable
    assert (loaded == value).all()
    assert loaded.strides == value.strides


def test_a_small_array_of_its_own_owns_its_memory_again(tmp_path):
    NumpyMaterializer().save(np.arange(6.0), tmp_path)
    loaded = NumpyMaterializer().load(tmp_path)
    assert loaded.base is None
    assert loaded.flags.owndata
