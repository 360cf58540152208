import sys
import types
from argparse import Namespace
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from jupyter_mlpipe.materializers.bundle import BundleMaterializer
from jupyter_mlpipe.model.errors import ValueNotStorableError
from jupyter_mlpipe.testing.materializers import MaterializerContract


class TestBundleMaterializer(MaterializerContract):
    def materializer(self):
        return BundleMaterializer()

    def samples(self):
        rows, array = [1], np.arange(50_000.0)
        return [{}, {"a": rows, "b": [rows]}, {"array": array, "view": array[::-2]}]

    def same(self, left, right):
        return repr(left) == repr(right)

    def change(self, value):
        for member in value.values():
            member[0] = 7


@pytest.fixture
def kept(tmp_path):
    def keep(**values):
        BundleMaterializer().save(values, tmp_path)
        return BundleMaterializer().load(tmp_path)

    return keep


def test_an_alias_is_an_alias_again(kept):
    rows = [1]
    loaded = kept(rows=rows, table={"rows": rows})
    assert loaded["table"]["rows"] is loaded["rows"]


@pytest.mark.parametrize("dtype", ["f8", "M8[s]", "?", "U3", "c16", "O", ">i2"])
def test_views_look_at_the_same_memory_again(kept, dtype):
    base = np.arange(12).reshape(3, 4).astype(dtype)
    views = {"base": base, "row": base[1], "back": base[::-1, 1:3], "turned": base.T}
    loaded = kept(**views)
    assert all(np.array_equal(loaded[name], views[name]) for name in views)
    loaded["base"][1, 1] = loaded["base"][0, 0]
    assert loaded["row"][1] == loaded["back"][1, 0] == loaded["turned"][1, 1] == base[0, 0]


@pytest.mark.parametrize("dtype", ["f8", "O"])
def test_views_of_memory_in_neither_order_hold_what_they_did(kept, dtype):
    points = np.arange(12).reshape(2, 6).T.reshape(6, 1, 2).astype(dtype, order="K")
    pairs = np.concatenate([points[:-1], points[1:]], axis=1)
    assert not pairs.flags.forc
    loaded = kept(pairs=pairs, last=pairs[-1])
    assert np.array_equal(loaded["pairs"], pairs)
    loaded["pairs"][-1, 0, 0] = -1
    assert loaded["last"].tolist() == [[-1, 10], [5, 11]]


@pytest.mark.parametrize(("offset", "strides"), [(0, (8, 1)), (10, (-8, 1)), (3, (0, 1))])
def test_views_of_borrowed_memory_hold_what_they_did(kept, offset, strides):
    array = np.ndarray((2, 3), "u1", bytes(range(16)), offset, strides)
    loaded = kept(array=array, row=array[1])
    assert np.array_equal(loaded["array"], array)
    assert np.shares_memory(loaded["row"], loaded["array"])


def test_two_views_of_a_base_that_is_gone(kept):
    base = np.zeros(100_000)
    loaded = kept(left=base[:60_000], right=base[40_000:])
    loaded["left"][-1] = 5
    assert loaded["right"][19_999] == 5


def test_a_view_that_may_not_be_written_stays_so_beside_one_that_may(kept):
    base = np.zeros(3)
    view = base[:]
    view.flags.writeable = False
    loaded = kept(base=base, view=view)
    loaded["base"][0] = 1
    assert (loaded["view"][0], loaded["view"].flags.writeable) == (1, False)


def test_an_array_and_the_frame_over_it_stay_together(kept):
    array = np.zeros((40_000, 2))
    loaded = kept(array=array, frame=pd.DataFrame(array, columns=["a", "b"], copy=False))
    loaded["array"][3, 1] = 7
    assert loaded["frame"].loc[3, "b"] == 7


def test_frames_that_copied_on_write_still_do(kept):
    frame = pd.DataFrame({"a": np.zeros(20_000), "b": [[]] * 20_000})
    loaded = kept(frame=frame, column=frame["a"], both=frame[:])
    loaded["frame"].loc[0, "a"] = 1.0
    assert loaded["column"].iloc[0] == loaded["both"].loc[0, "a"] == 0.0


def test_an_array_into_two_frames_is_refused_rather_than_kept_wrongly(kept):
    array = np.zeros((4, 2))
    frame = pd.DataFrame(array, copy=False)
    with pytest.raises(ValueNotStorableError, match="copy"):
        kept(array=array, one=frame, two=frame[:])


def test_an_array_that_only_reads_two_frames_is_kept(kept):
    frame = pd.DataFrame({"a": np.zeros(20_000), "b": 1})
    column = frame["a"]
    loaded = kept(frame=frame, column=column, values=column.to_numpy())
    loaded["frame"].loc[0, "a"] = 1.0
    assert loaded["values"][0] == loaded["column"].iloc[0] == 0.0


def test_axes_belong_to_their_figure_again(kept):
    figure = Figure()
    axes = figure.subplots()
    axes.plot([1, 2])
    loaded = kept(figure=figure, axes=axes, line=axes.lines[0])
    assert loaded["axes"] is loaded["figure"].axes[0]
    assert loaded["axes"].lines[0] is loaded["line"]


def test_a_loaded_bundle_can_be_kept_again(kept, tmp_path):
    base = np.arange(20_000.0)
    loaded = kept(base=base, view=base[5:])
    (tmp_path / "again").mkdir()
    BundleMaterializer().save(loaded, tmp_path / "again")
    again = BundleMaterializer().load(tmp_path / "again")
    again["base"][5] = -1
    assert again["view"][0] == -1


def test_what_joins_a_loaded_bundle_is_kept_with_it(kept):
    matrix = np.arange(16.0).reshape(4, 4)
    loaded = kept(matrix=matrix, diagonal=np.einsum("ii->i", matrix))
    window = np.lib.stride_tricks.sliding_window_view(loaded["matrix"][1], 2)
    again = kept(**loaded, window=window)
    again["matrix"][1, 1] = 99
    assert again["diagonal"][1] == again["window"][0, 1] == again["window"][1, 0] == 99
    assert not again["window"].flags.writeable


@pytest.mark.parametrize("names", [("array", "tensor", "view"), ("view", "tensor", "array")])
def test_arrays_and_tensors_stay_one_however_often_they_are_kept(kept, names):
    torch = pytest.importorskip("torch")
    array = np.zeros(4, dtype=np.float32)
    tensor = torch.from_numpy(array)
    loaded = {"array": array, "tensor": tensor, "view": tensor.view(2, 2)}
    for _ in range(3):
        loaded = kept(**{name: loaded[name] for name in names})
    loaded["tensor"].add_(2)
    assert loaded["array"].tolist() == loaded["view"].ravel().tolist() == [2, 2, 2, 2]


def test_a_record_is_a_row_of_its_array_again(kept):
    table = np.zeros(3, dtype=[("a", "i4"), ("b", "f8")])
    loaded = kept(table=table, row=table[1])
    loaded["row"]["a"] = 7
    assert loaded["table"]["a"].tolist() == [0, 7, 0]


def test_fields_and_rows_of_records_that_hold_objects_are_views_again(kept):
    table = np.zeros(4, dtype=[("a", "i4"), ("b", "f8"), ("c", "O")])
    loaded = kept(
        table=table, field=table["c"], number=table["b"][::-1], fields=table[["a", "b"]],
        rows=table[3:0:-2], grid=table.reshape(2, 2), row=table[1], single=table[2, ...],
    )  # fmt: skip
    loaded["field"][0] = ["x"]
    loaded["number"][0] = 4.0
    loaded["fields"]["a"][1] = 5
    loaded["rows"]["a"] += 1
    loaded["grid"]["b"][1, 0] = 2.5
    loaded["row"]["c"] = "y"
    loaded["single"]["a"] = 7
    assert loaded["table"].tolist() == [(0, 0, ["x"]), (6, 0, "y"), (7, 2.5, 0), (1, 4, 0)]


def test_an_array_of_a_class_is_looked_at_again(tmp_path, monkeypatch):
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    exec("import numpy\nclass P: cells = numpy.zeros(3)", vars(main))
    BundleMaterializer().save({"P": main.P, "view": main.P.cells[1:]}, tmp_path)
    del main.P
    loaded = BundleMaterializer().load(tmp_path)
    loaded["view"][0] = 4
    assert loaded["P"].cells.tolist() == [0, 4, 0]


def test_records_that_hold_objects_in_an_odd_order_are_refused(kept):
    table = np.zeros((2, 3), dtype=[("a", "i4"), ("c", "O")])
    with pytest.raises(ValueNotStorableError):
        kept(table=table, columns=table[:, 1:])


def test_a_masked_array_shares_its_data_again(kept):
    data = np.arange(3.0)
    loaded = kept(data=data, masked=np.ma.MaskedArray(data, mask=[0, 1, 0], copy=False))
    loaded["masked"][0] = 9
    assert loaded["data"][0] == 9
    assert loaded["masked"].mask.tolist() == [False, True, False]


def test_the_keys_of_a_dict_follow_it_again(kept):
    table = {"a": 1}
    loaded = kept(table=table, keys=table.keys())
    loaded["table"]["b"] = 2
    assert list(loaded["keys"]) == ["a", "b"]


def test_an_array_looks_at_its_bytearray_again(kept):
    buffer = bytearray(4)
    loaded = kept(buffer=buffer, array=np.frombuffer(buffer, "u1"))
    loaded["array"][1] = 255
    assert loaded["buffer"] == b"\0\xff\0\0"


@pytest.mark.parametrize("borrowed", [slice(2, None), slice(None, None, -2), slice(4, None)])
def test_an_array_looks_at_its_part_of_a_bytearray_again(kept, borrowed):
    buffer = bytearray(range(4))
    loaded = kept(buffer=buffer, array=np.asarray(memoryview(buffer)[borrowed]))
    assert bytes(loaded["array"]) == buffer[borrowed]
    loaded["buffer"][3] = 255
    assert bytes(loaded["array"]) == loaded["buffer"][borrowed]


def test_a_dict_of_attributes_that_is_kept_is_that_of_its_object_again(kept):
    settings = Namespace(rate=1)
    loaded = kept(given=vars(settings), settings=settings, shown=MappingProxyType(vars(settings)))
    loaded["given"]["rate"] = 2
    assert loaded["settings"].rate == loaded["shown"]["rate"] == 2


def test_objects_that_share_their_attributes_share_them_again(kept):
    one, other = Namespace(), Namespace()
    one.__dict__ = other.__dict__
    loaded = kept(one=one, held=[other])
    loaded["one"].rate = 3
    assert loaded["held"][0].rate == 3


def test_attributes_that_would_come_apart_are_refused(kept):
    settings = SimpleNamespace(rate=1)
    assert kept(settings=settings)["settings"] == settings
    with pytest.raises(ValueNotStorableError, match="holds the dict of its attributes"):
        kept(settings=settings, given=vars(settings))
