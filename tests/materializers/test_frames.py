import numpy as np
import pandas as pd
import pytest

from jupyter_mlpipe.materializers.frames import PandasMaterializer
from jupyter_mlpipe.testing.materializers import MaterializerContract

LARGE = 20_000


def with_attrs(frame):
    frame.attrs["unit"] = ("m", 1)
    return frame.set_flags(allows_duplicate_labels=False)


class TestPandasMaterializer(MaterializerContract):
    def materializer(self):
        return PandasMaterializer()

    def samples(self):
        days = pd.date_range("2026-01-01", periods=3, freq="D", tz="Europe/Berlin")
        return [
            *(pd.DataFrame(), pd.Series([], dtype="f4"), pd.Series([1, 2], name=("a", 1))),
            pd.DataFrame({"a": [1, 2], "b": ["é", None], "c": [0.5, np.nan]}),
            with_attrs(pd.DataFrame({"a": [1]}, index=["x"])),
            pd.DataFrame({"t": days, "d": days - days[0], "p": days.tz_localize(None).to_period()}),
            pd.DataFrame(np.arange(6).reshape(3, 2), index=days, columns=["a", "a"]),
            pd.DataFrame({1: pd.Categorical(["b", "a"], ["b", "a"], ordered=True)}),
            pd.DataFrame({"i": pd.array([1, None], "Int64"), "s": pd.arrays.SparseArray([0, 1])}),
            pd.DataFrame({"o": [[1], {"k": (1,)}]}),
            pd.DataFrame({"x": [1, 2]}, pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])),
            pd.DataFrame(np.zeros((LARGE, 3)), columns=list("abc")),
            pd.DataFrame({"t": pd.date_range("2026", periods=LARGE, freq="s")}),
            pd.Series(pd.interval_range(0, 3)),
            pd.DataFrame({"m": [pd.NaT, pd.Timestamp(0)], "c": pd.Categorical(["x", None])}),
            pd.DataFrame(
                [[1, 2]], columns=pd.MultiIndex.from_product([["a"], [1, 2]], names=["i", "j"])
            ),
            *(pd.DataFrame(columns=["é", "<b>"]), pd.DataFrame({"b": np.arange(2, dtype=">i4")})),
            pd.Series([1.0, 2.0, 3.0])[::2],
        ]

    def left_to_others(self):
        return [type("Own", (pd.DataFrame,), {})({"a": [1]}), type("Own", (pd.Series,), {})([1])]

    def same(self, left, right):
        check = pd.testing.assert_frame_equal if left.ndim == 2 else pd.testing.assert_series_equal
        check(left, right, check_exact=True, check_freq=True, check_flags=True)
        axes = zip(left.axes, right.axes, strict=True)
        same_axes = all(type(a) is type(b) and a.identical(b) for a, b in axes)
        return same_axes and left.attrs == right.attrs

    def change(self, value):
        if value.ndim == 2 and value.size and not isinstance(value.iloc[0, 0], list):
            value.isetitem(0, value.iloc[:, 0].shift())


@pytest.mark.parametrize("value", [pd.Index([1]), pd.Timestamp(0), np.zeros(2), {}])
def test_other_things_are_not_accepted(value):
    assert not PandasMaterializer().accepts(value)


def test_a_subclass_is_left_to_pickle():
    class Special(pd.DataFrame):
        pass

    assert not PandasMaterializer().accepts(Special({"a": [1]}))


@pytest.mark.parametrize("column", ["f8", "M8[ns]", "m8[us]"])
def test_large_columns_are_mapped_from_files_of_their_own(tmp_path, column):
    frame = pd.DataFrame({"a": np.arange(LARGE).astype(column)})
    PandasMaterializer().save(frame, tmp_path)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert sizes["memory-0.bin"] == LARGE * 8
    assert sizes["value.pickle"] < 10_000


def test_a_loaded_frame_can_be_changed_and_its_file_stays(tmp_path):
    PandasMaterializer().save(pd.DataFrame({"a": np.zeros(LARGE)}), tmp_path)
    frame = PandasMaterializer().load(tmp_path)
    frame.loc[0, "a"] = 1.0
    frame["b"] = 2
    assert PandasMaterializer().load(tmp_path).loc[0, "a"] == 0.0


def test_the_summary_names_columns_and_types():
    frame = pd.DataFrame({"a": [1], 2: ["x"]})
    summary = PandasMaterializer().summary(frame)
    assert summary.pop("bytes") == frame.memory_usage().sum()
    assert summary == {"shape": [1, 2], "columns": ["a", "2"], "dtypes": ["int64", "str"]}
