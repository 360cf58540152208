"""What would come back as something else is refused."""

import ctypes
import pickle
from collections import namedtuple
from types import ModuleType

import pytest

from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.pickling import ExactPickler


@pytest.fixture
def stored(tmp_path):
    def store(value):
        with (tmp_path / "value").open("wb") as file:
            ExactPickler(file, lambda _: True, frozenset()).dump(value)
        return (tmp_path / "value").stat().st_size

    return store


def filled(**names):
    exec("def f(x):\n    return x * k", names)
    return names


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (filled(k=1), "namespace that exec"),
        (filled(k=1)["f"], "function 'f' of a namespace"),
        (filled(__name__="plugin")["f"], "function 'f' of a namespace"),
        ((ctypes.c_int * 2)(), "object of ctypes"),
        ([ModuleType("tiny")], "module 'tiny', which no import finds"),
    ],
)
def test_what_belongs_to_a_namespace_of_its_own_is_refused(stored, value, words):
    with pytest.raises(pickle.PicklingError, match=words):
        stored(value)
    assert content_digest(value) is None


def test_methods_that_libraries_make_of_texts_are_stored(stored):
    point = namedtuple("point", "x y")
    point.__module__ = "__main__"
    assert stored([point(1, 2), pickle, len])
