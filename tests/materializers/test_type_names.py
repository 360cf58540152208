"""Type variables and new types of the notebook."""

import sys

import pytest

from jupyter_mlpipe.materializers.classes import with_content
from jupyter_mlpipe.materializers.cloudpickled import CloudpickleMaterializer
from jupyter_mlpipe.materializers.fingerprint import content_digest, fingerprint

MAKERS = [
    *("TypeVar('T')", "TypeVar('U')", "TypeVar('T', bound=int)", "TypeVar('T', bound='Node')"),
    *("TypeVar('T', int, str)", "TypeVar('T', str, int)", "TypeVar('T', covariant=True)"),
    *("TypeVar('T', contravariant=True)", "ParamSpec('T')", "TypeVarTuple('T')"),
    *("NewType('T', int)", "NewType('T', str)"),
]


@pytest.mark.parametrize("digest", [content_digest, fingerprint])
def test_what_they_say_is_what_they_are(notebook, digest):
    notebook("from typing import *")
    found = [digest(notebook(f"T = {maker}", "T")) for maker in MAKERS]
    assert None not in found
    assert len(set(found)) == len(MAKERS)
    assert found == [digest(notebook(f"T = {maker}", "T")) for maker in MAKERS]


@pytest.mark.parametrize("maker", MAKERS)
def test_they_come_back_where_their_name_is_not_bound(notebook, tmp_path, maker):
    value = notebook(f"from typing import *\nT = {maker}", "T")
    CloudpickleMaterializer().save(with_content(value), tmp_path)
    notebook("del T")
    assert content_digest(CloudpickleMaterializer().load(tmp_path)) == content_digest(value)


@pytest.mark.parametrize("maker", ["TypeVar('T')", "NewType('T', int)", "ParamSpec('T')"])
def test_a_value_means_the_one_that_the_notebook_has_under_that_name(notebook, tmp_path, maker):
    held = notebook(f"from typing import *\nT = {maker}\nheld = [T]", "held")
    CloudpickleMaterializer().save(held, tmp_path)
    again = notebook(f"T = {maker}", "T")
    assert CloudpickleMaterializer().load(tmp_path)[0] is again


def test_one_under_another_name_is_the_same_however_often_it_is_loaded(notebook, tmp_path):
    CloudpickleMaterializer().save(
        notebook("from typing import *\nN = TypeVar('T')", "N"), tmp_path
    )
    loaded = [CloudpickleMaterializer().load(tmp_path) for _ in range(2)]
    assert loaded[0] is loaded[1]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="newer syntax")
@pytest.mark.parametrize("digest", [content_digest, fingerprint])
def test_those_in_brackets_count_and_stay_with_their_function(notebook, tmp_path, digest):
    texts = ("T", "T", "T: int", "T: (int, str)", "*T", "**T")
    make = "def make():\n  def f[{}](x): return x\n  return f\nf = make()"
    found = [notebook(make.format(text), "f") for text in texts]
    digests = [digest(f) for f in found]
    assert digests[0] == digests[1]
    assert None not in digests
    assert len(set(digests)) == len(texts) - 1
    for function in found:
        CloudpickleMaterializer().save(function, tmp_path)
        loaded = CloudpickleMaterializer().load(tmp_path)
        assert [p.__name__ for p in loaded.__type_params__] == ["T"]
        assert digest(loaded) == digest(function)
