import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.polars_frames import PolarsMaterializer
from jupyter_mlpipe.testing.materializers import MaterializerContract

pl = pytest.importorskip("polars")

FRAME = pl.DataFrame({"a": [1, 2, None, 4], "é <b>": ["x", "é", "longer than twelve bytes", None]})
MOMENT = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
COLUMNS = {
    "dates": [dt.date(2020, 1, 1), None],
    "times": [dt.time(1), None],
    "lasting": [dt.timedelta(1), None],
    "zoned": pl.Series([MOMENT, None]).dt.convert_time_zone("Europe/Paris"),
    "exact": pl.Series(["1.10", None]).cast(pl.Decimal(20, 3)),
    "lists": [[1, None], []],
    "records": [{"a": 1, "b": "x"}, None],
    "fixed": pl.Series([[1, 2], None], dtype=pl.Array(pl.Int64, 2)),
    "nothing": [None, None],
    "numbers": [float("nan"), -0.0],
    "small": pl.Series([1, None], dtype=pl.Int8),
    "bytes": [b"\0", None],
    "truths": [True, None],
    "kinds": pl.Series(["x", "y"], dtype=pl.Categorical),
    "some": pl.Series(["x", None], dtype=pl.Enum(["x", "y"])),
    "deep": [[[{"a": [1]}]], None],
}


class TestPolarsMaterializer(MaterializerContract):
    def materializer(self):
        return PolarsMaterializer()

    def samples(self):
        return [
            *(FRAME, FRAME.slice(1, 2), FRAME.clear(), pl.DataFrame(), FRAME["a"]),
            *(pl.concat([FRAME, FRAME], rechunk=False), FRAME.filter(pl.col("a") > 1)),
            *(FRAME.sort("a"), FRAME.sort("a", descending=True)["a"], pl.Series([])),
            *(pl.DataFrame({name: column}) for name, column in COLUMNS.items()),
            pl.DataFrame(COLUMNS),
        ]

    def left_to_others(self):
        derived = type("Own", (pl.DataFrame,), {})({"a": [1]})
        return [derived, FRAME.lazy(), pl.Series([object()], dtype=pl.Object)]

    def same(self, left, right):
        frames = [v if isinstance(v, pl.DataFrame) else v.to_frame() for v in (left, right)]
        alike = frames[0].equals(frames[1]) and frames[0].schema == frames[1].schema
        return alike and orders(frames[0]) == orders(frames[1])

    def change(self, value):
        if isinstance(value, pl.Series) or value.width:
            value.extend(value)


def orders(frame):
    flags = ("SORTED_ASC", "SORTED_DESC")
    return [[column.flags[flag] for flag in flags] for column in frame.get_columns()]


@given(st.lists(st.tuples(st.none() | st.integers(-9, 9), st.none() | st.text(max_size=20))))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_frame_comes_back(tmp_path_factory, rows):
    frame = pl.DataFrame(rows, schema={"n": pl.Int64, "t": pl.String}, orient="row")
    frame = pl.concat([frame.filter(pl.col("n") > 0), frame.reverse()], rechunk=False)
    folder = tmp_path_factory.mktemp("frame")
    PolarsMaterializer().save(frame, folder)
    loaded = PolarsMaterializer().load(folder)
    assert loaded.equals(frame)
    assert content_digest(loaded) == content_digest(frame)


def test_equal_frames_have_one_digest_and_others_another():
    whole = content_digest(FRAME)
    assert content_digest(pl.concat([FRAME, FRAME]).slice(4)) == whole
    others = [FRAME.rename({"a": "b"}), FRAME.cast({"a": pl.Int32}), FRAME.reverse(), FRAME["a"]]
    assert len({whole, *map(content_digest, others)}) == 5


def test_files_are_readable_without_this_package(tmp_path):
    PolarsMaterializer().save(FRAME, tmp_path)
    feather = pytest.importorskip("pyarrow.feather")
    assert feather.read_table(tmp_path / "frame.arrow").to_pydict() == FRAME.to_dict(
        as_series=False
    )


def test_the_summary_and_the_preview_tell_of_each_column():
    summary = PolarsMaterializer().summary(FRAME)
    assert summary["shape"] == [4, 2]
    assert summary["dtypes"] == ["Int64", "String"]
    preview = PolarsMaterializer().preview(FRAME)
    assert (preview.total_rows, preview.rows[0]) == (4, ("1", "x"))
    assert [column.nulls for column in preview.columns] == [1, 1]
    assert preview.columns[0].summary == "1 … 4, mean 2.33333"
