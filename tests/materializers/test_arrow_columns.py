import itertools

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpipe.materializers.fingerprint import content_digest, fingerprint
from jupyter_mlpipe.materializers.frames import PandasMaterializer

pa = pytest.importorskip("pyarrow")
WORDS = [f"word {number} é" if number % 7 else None for number in range(80_000)]


def bytes_in(folder):
    return sum(path.stat().st_size for path in folder.iterdir())


def chunks_of(series):
    return [len(chunk) for chunk in series.array._pa_array.chunks]


def test_a_column_comes_back_in_the_chunks_it_had(tmp_path):
    series = pd.concat([pd.Series(WORDS), pd.Series(WORDS[:5])], ignore_index=True)
    PandasMaterializer().save(series, tmp_path)
    loaded = PandasMaterializer().load(tmp_path)
    pd.testing.assert_series_equal(loaded, series)
    assert chunks_of(loaded) == chunks_of(series) == [len(WORDS), 5]


def test_of_a_slice_only_its_own_rows_are_stored(tmp_path):
    series = pd.Series(WORDS).iloc[10:20]
    PandasMaterializer().save(series, tmp_path)
    assert bytes_in(tmp_path) < 10_000
    pd.testing.assert_series_equal(PandasMaterializer().load(tmp_path), series)


@pytest.mark.parametrize("kind", ["str", "string[pyarrow]", "int64[pyarrow]", "bool[pyarrow]"])
def test_empty_columns_come_back(tmp_path, kind):
    series = pd.Series([], dtype=kind)
    PandasMaterializer().save(series, tmp_path)
    pd.testing.assert_series_equal(PandasMaterializer().load(tmp_path), series)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, len(WORDS)), max_size=5))
def test_how_a_long_column_is_cut_does_not_matter(cuts):
    whole = pa.array(WORDS)
    places = [0, *sorted(cuts), len(WORDS)]
    cut = pa.chunked_array([whole[i:j] for i, j in itertools.pairwise(places)])
    assert content_digest(cut) == content_digest(pa.chunked_array([whole]))


def test_whether_two_series_have_one_column_in_common_does_not_matter():
    series = pd.Series(["x", "y"])
    apart = pd.Series(["x", "y"])
    assert content_digest([series, series.copy()]) == content_digest([series, apart])


def words(*texts):
    return pa.array(texts).dictionary_encode()


@pytest.mark.parametrize("digest", [content_digest, fingerprint])
@pytest.mark.parametrize(
    "make",
    [
        lambda column: column,
        lambda column: pa.chunked_array([column, column]),
        lambda column: pa.StructArray.from_arrays([column], ["a"]),
        lambda column: pa.ListArray.from_arrays([0, 2], column),
        lambda column: pa.table({"a": column}),
        lambda column: pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([column]))),
    ],
    ids=["array", "chunked", "in records", "in lists", "table", "pandas"],
)
def test_what_a_dictionary_holds_counts(digest, make):
    assert digest(make(words("a", "b"))) == digest(make(words("a", "b"))) or digest is fingerprint
    assert digest(make(words("a", "b"))) != digest(make(words("a", "c")))


def test_how_a_dictionary_is_cut_does_not_matter():
    apart = pa.chunked_array([words("a", "b"), words("c", "a")])
    assert content_digest(apart) == content_digest(pa.chunked_array([words("a", "b", "c", "a")]))
