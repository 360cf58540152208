import numpy as np
import pytest

from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.materializers.sparse import SparseMaterializer
from jupyter_mlpipe.testing.materializers import MaterializerContract

sparse = pytest.importorskip("scipy.sparse")
FORMATS = ("csr", "csc", "coo", "bsr", "lil", "dok", "dia")
DENSE = np.array([[0.0, 1.5, 0.0], [np.nan, 0.0, 0.0]])


class TestSparseMaterializer(MaterializerContract):
    def materializer(self):
        return SparseMaterializer()

    def samples(self):
        unsorted = sparse.csr_array((np.ones(2), [2, 0], [0, 2]), shape=(1, 3))
        return [
            *(sparse.csr_array(DENSE).asformat(name) for name in FORMATS),
            *(sparse.csr_matrix(DENSE).asformat(name) for name in FORMATS),
            *(unsorted, sparse.csr_array((0, 5)), sparse.coo_array([1, 0, 2])),
            sparse.csr_array(DENSE.astype("f4")),
        ]

    def same(self, left, right):
        alike = np.array_equal(left.toarray(), right.toarray(), equal_nan=True)
        return alike and (left.format, left.dtype) == (right.format, right.dtype)

    def change(self, value):
        value *= 2


def test_other_things_are_left_to_others():
    assert not SparseMaterializer().accepts(DENSE)
    assert default_registry().for_value(sparse.csr_array(DENSE)).name == "scipy-sparse"


def test_the_summary_tells_what_is_stored():
    summary = SparseMaterializer().summary(sparse.csr_array(DENSE))
    assert (summary["shape"], summary["format"], summary["stored"]) == ([2, 3], "csr", 2)
    assert "2 stored" in SparseMaterializer().preview(sparse.csr_array(DENSE)).text
