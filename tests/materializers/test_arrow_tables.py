import datetime as dt
import decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_mlpipe.materializers.arrow_tables import ArrowMaterializer
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.testing.materializers import MaterializerContract

pa = pytest.importorskip("pyarrow")

TABLE = pa.table({"a": [1, None, 3], "é <b>": ["x", "é", None]})
FIELD = pa.field("a", pa.int64(), nullable=False, metadata={"unit": "m"})


class TestArrowMaterializer(MaterializerContract):
    def materializer(self):
        return ArrowMaterializer()

    def samples(self):
        moments = pa.array(
            [dt.datetime(2020, 1, 1, tzinfo=dt.UTC), None], pa.timestamp("ms", "Europe/Paris")
        )
        return [
            *(TABLE, TABLE.slice(1), pa.table({}), pa.concat_tables([TABLE, TABLE])),
            *(TABLE.replace_schema_metadata({"k": "v"}), TABLE.to_batches()[0], TABLE.select([0])),
            pa.table([pa.array([1])], schema=pa.schema([FIELD])),
            pa.Table.from_arrays([pa.array([1]), pa.array(["x"])], names=["a", "a"]),
            pa.table({"lists": [[1], None, [None]], "records": [{"a": 1}, None, {"a": None}]}),
            pa.table({"exact": [decimal.Decimal("1.1"), None], "moments": moments}),
            pa.table(
                {"nothing": pa.nulls(2), "views": pa.array(["a" * 20, None], pa.string_view())}
            ),
            pa.table({"maps": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int8()))}),
        ]

    def same(self, left, right):
        chunks = [[getattr(c, "num_chunks", 1) for c in v.columns] for v in (left, right)]
        return left.equals(right, check_metadata=True) and chunks[0] == chunks[1]


def chunked(*chunks):
    return pa.chunked_array([pa.array(chunk) for chunk in chunks])


@pytest.mark.parametrize(
    "value",
    [
        pa.table({"a": chunked([1], [2, 3]), "b": chunked([1, 2], [3])}),
        TABLE.slice(0, 0),
        pa.table({"words": pa.array(["x"]).dictionary_encode()}),
        pa.table({"ids": pa.array([b"0" * 16], pa.uuid())}),
        pa.array([1]),
    ],
)
def test_what_a_file_would_change_is_left_to_pickle(value):
    assert not ArrowMaterializer().accepts(value)


@given(st.lists(st.tuples(st.none() | st.floats(), st.none() | st.text(max_size=20)), min_size=1))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_table_comes_back(tmp_path_factory, rows):
    numbers, texts = zip(*rows, strict=True)
    types = {"numbers": pa.float64(), "texts": pa.string()}
    table = pa.table({"numbers": numbers, "texts": texts}, schema=pa.schema(types))
    folder = tmp_path_factory.mktemp("table")
    ArrowMaterializer().save(table, folder)
    loaded = ArrowMaterializer().load(folder)
    assert repr(loaded.to_pydict()) == repr(table.to_pydict())
    assert content_digest(loaded) == content_digest(table)


def test_the_summary_and_the_preview_tell_of_each_column():
    summary = ArrowMaterializer().summary(TABLE)
    assert (summary["shape"], summary["dtypes"]) == ([3, 2], ["int64", "string"])
    preview = ArrowMaterializer().preview(TABLE)
    assert (preview.total_rows, preview.rows[1]) == (3, ("None", "é"))
    assert [column.nulls for column in preview.columns] == [1, 1]
