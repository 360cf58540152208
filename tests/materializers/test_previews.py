import re

import numpy as np
import pandas as pd
import pytest

from jupyter_mlpipe.materializers.previews import (
    array_preview,
    json_preview,
    table_preview,
    text_preview,
)


def test_a_table_shows_its_first_rows_and_knows_how_many_there_are():
    preview = table_preview(pd.DataFrame({"a": range(1000), "b": ["x", None] * 500}))
    assert (len(preview.rows), preview.total_rows) == (20, 1000)
    assert preview.rows[1] == ("1", "1", "nan")
    assert [(c.name, c.dtype, c.nulls, c.summary) for c in preview.columns] == [
        ("", "int64", 0, ""),
        ("a", "int64", 0, "0 … 999, mean 499.5"),
        ("b", "str", 500, "1 different"),
    ]


def test_of_a_long_table_a_part_is_summarised_and_said_so():
    numbers = np.arange(1_000_000.0)
    numbers[10] = np.nan
    column = table_preview(pd.DataFrame({"a": numbers, "t": pd.to_datetime(numbers)})).columns[1]
    assert column.summary.startswith("about 0 … 999999, mean 5000")
    assert column.nulls == 1


def test_odd_columns_are_shown_without_fuss():
    odd = pd.DataFrame(
        {"l": [[1], [2]], "d": pd.to_datetime(["2026-01-01", None]), "e": [None] * 2}
    )
    odd["c"] = pd.Series([1j, 2])
    odd["n"] = pd.array([None, None], "Int64")
    odd.columns = pd.MultiIndex.from_product([["top"], odd.columns])
    preview = table_preview(odd)
    assert len(preview.columns) == 6
    assert preview.columns[1].name == "('top', 'l')"


def test_wide_and_long_cells_are_cut():
    wide = pd.DataFrame([["x" * 10_000] * 300] * 30)
    preview = table_preview(wide)
    assert len(preview.columns) == 51
    assert all(len(cell) <= 120 for row in preview.rows for cell in row)


def test_an_empty_table_is_a_table():
    assert table_preview(pd.DataFrame()).rows == ()


def test_markup_is_data():
    preview = table_preview(pd.DataFrame({"<b>": ["<script>"]}))
    assert (preview.columns[1].name, preview.rows[0][1]) == ("<b>", "<script>")


def test_large_values_have_short_previews():
    assert len(text_preview([[1] * 10_000] * 10_000).text) <= 4000
    assert len(text_preview("x" * 10**6).text) <= 4000
    assert len(json_preview({"a": "x" * 10**6}).text) <= 4000
    assert len(array_preview(np.zeros((100, 100, 100))).text) <= 4000


def test_an_array_tells_dtype_and_shape():
    assert array_preview(np.zeros((2, 1), "i4")).text == "int32 (2, 1)\n[[0]\n [0]]"


def test_addresses_do_not_show():
    assert text_preview([object()]).text == "[<object object>]"


def test_an_object_that_cannot_print_itself_is_named():
    class Dumb:
        def __repr__(self):
            raise RuntimeError("no")

    assert text_preview(Dumb()).text == "<Dumb instance>"


@pytest.mark.parametrize("rows", [1, 7, 300_000])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "u1", "Int64", "Float64"])
def test_numbers_are_summed_up_as_pandas_finds_them(rows, dtype):
    series = pd.Series(np.arange(rows) % 200).astype(dtype)
    (column,) = table_preview(pd.DataFrame({"a": series})).columns[1:]
    least, most, mean = f"{series.min():.6g}", f"{series.max():.6g}", series.mean()
    assert (least, most) == tuple(re.findall(r"[\d.]+", column.summary)[:2])
    assert float(column.summary.rpartition(" ")[2]) == pytest.approx(mean, rel=0.02)
    assert column.nulls == 0


def test_missing_and_infinite_numbers_are_no_obstacle():
    frame = pd.DataFrame({"a": [1.0, np.nan, 3.0], "b": [np.nan] * 3, "c": [np.inf, -np.inf, 1]})
    columns = table_preview(frame).columns[1:]
    assert [(c.nulls, c.summary) for c in columns] == [
        (1, "1 … 3, mean 2"),
        (3, "nan … nan, mean nan"),
        (0, "-inf … inf, mean nan"),
    ]
