import math
from pathlib import Path

import numpy as np
import pytest

from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.model.labels import plain_metadata


def test_what_json_has_stays_as_it_is():
    said = {"n": 3, "x": 0.5, "ok": True, "none": None, "deep": {"a": [1, "é"]}}
    assert plain_metadata(said) == said


def test_paths_types_and_scalars_of_numpy_become_text_and_numbers():
    said = {
        "path": Path("a/b"),
        "dtype": np.dtype("int8"),
        "type": int,
        "mean": np.float32(0.5),
        "shape": (np.int64(3), 4),
    }
    assert plain_metadata(said) == {
        "path": str(Path("a/b")),
        "dtype": "int8",
        "type": "int",
        "mean": 0.5,
        "shape": [3, 4],
    }


def test_what_json_has_no_number_for_becomes_text():
    assert plain_metadata({"loss": math.nan, "top": -math.inf}) == {"loss": "nan", "top": "-inf"}


@pytest.mark.parametrize("value", [object(), np.zeros(3), print])
def test_data_is_refused_by_its_key(value):
    with pytest.raises(MetadataError, match="'model'"):
        plain_metadata({"model": value})


def test_something_else_than_a_dict_is_refused():
    with pytest.raises(MetadataError, match="found a list"):
        plain_metadata([1])
