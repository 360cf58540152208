"""Attributes are looked at without code of the class, which may change them when it is asked."""

import pytest

from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.cloudpickled import CloudpickleMaterializer
from jupyter_mlpipe.materializers.fingerprint import content_digest, fingerprint
from jupyter_mlpipe.materializers.sharing import sharing_groups


class Base:
    __slots__ = ("__weakref__", "_attrs", "_cache", "data")

    def __init__(self, data):
        self.data = data
        self._attrs = None

    @property
    def attrs(self):
        if self._attrs is None:
            self._attrs = {}
        return self._attrs

    def __getattr__(self, name):
        if name in self.attrs:
            return self.attrs[name]
        raise AttributeError(name)


class Guarded(Base):
    __slots__ = ("named",)

    def __setattr__(self, name, value):
        if name != "named":
            object.__setattr__(self, name, value)


class WithDict(Base):
    pass


@pytest.mark.parametrize("kind", [Base, Guarded, WithDict])
def test_a_look_asks_no_class_for_the_slots_that_are_empty(kind, tmp_path):
    value = kind([1, 2])
    content_digest(value)
    fingerprint(value, BufferDigests(None))
    sharing_groups({"a": value, "b": [value]})
    CloudpickleMaterializer().save(value, tmp_path)
    assert value._attrs is None


@pytest.mark.parametrize("kind", [Base, Guarded, WithDict])
def test_an_object_whose_class_answers_for_others_comes_back_whole(kind, tmp_path):
    value = kind([1, 2])
    object.__setattr__(value, "data", [3])
    before = content_digest(value)
    CloudpickleMaterializer().save(value, tmp_path)
    loaded = CloudpickleMaterializer().load(tmp_path)
    assert (loaded.data, loaded._attrs) == ([3], None)
    assert content_digest(loaded) == before
    loaded.data.append(4)
    assert content_digest(loaded) != before


def test_a_dict_of_attributes_beside_slots_comes_back():
    value = WithDict(1)
    before = content_digest(value)
    value.other = 2
    assert content_digest(value) != before
