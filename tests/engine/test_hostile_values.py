"""Objects that refuse, lie, hang or change when they are looked at."""

import sys
import types
import weakref

import numpy as np
import pytest

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.context import open_context
from jupyter_mlpipe.engine.variables import Variables
from jupyter_mlpipe.model.step import StepSignature


@pytest.fixture
def variables(tmp_path):
    opened = open_context(Settings(tmp_path, tmp_path / ".mlpipe"))
    yield Variables({}, opened.values, opened.buffers)
    opened.metadata.close()


def changes(variables, code="pass"):
    before = variables.look()
    exec(code, variables.namespace)
    return variables.changes(before, variables.look(), StepSignature())


class Refuses:
    def __getattribute__(self, name):
        raise RuntimeError("no")

    __eq__ = __hash__ = __bool__ = __repr__ = __len__ = __iter__ = lambda *_: 1 / 0


class Pretends:
    def __init__(self, what):
        self.what = what

    __class__ = property(lambda self: self.what)


class BrokenClass:
    __class__ = property(lambda self: 1 / 0)


class Unhashable(type):
    __hash__ = None


class OfUnhashable(metaclass=Unhashable):
    pass


class Counts:
    looks = 0

    def __reduce__(self):
        self.looks += 1
        return object.__reduce__(self)


class Grows:
    def __init__(self):
        self.items = []

    def __getstate__(self):
        self.items.append(1)
        return vars(self)


class Proxy:
    """Makes what it stands for when it is first asked."""

    def __init__(self, make):
        object.__setattr__(self, "make", make)

    def __getattr__(self, name):
        return getattr(object.__getattribute__(self, "make")(), name)


REFERENT = Counts()
HOSTILE = {
    "refuses": Refuses(),
    "function": Pretends(types.FunctionType),
    "module": Pretends(types.ModuleType),
    "class": Pretends(type),
    "number": Pretends(int),
    "array": Pretends(np.ndarray),
    "broken": BrokenClass(),
    "unhashable": OfUnhashable(),
    "kind": OfUnhashable,
    "counts": Counts(),
    "grows": Grows(),
    "proxy": Proxy(list),
    "weak": weakref.proxy(REFERENT),
    "nested": [Refuses(), {"a": Counts()}, (BrokenClass(), OfUnhashable())],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_value_leaves_all_others_in_order(variables, name):
    variables.namespace.update({name: HOSTILE[name], "good": [1], "other": [1]})
    for _ in range(2):
        found = changes(variables, "good.append(1)")
        assert found.mutated - {name} == {"good"}
        assert not found.written | found.deleted
        assert variables.groups(frozenset({"good", name}))


@pytest.mark.parametrize("name", ["counts", "grows"])
def test_what_changes_by_being_looked_at_counts_as_opaque_not_as_changed(variables, name):
    variables.namespace.update({name: HOSTILE[name], "inside": [HOSTILE[name]]})
    for _ in range(3):
        assert not changes(variables).mutated
        assert variables.look()["inside"].fingerprint is None


def test_what_claims_to_be_a_module_is_data(variables):
    variables.namespace["value"] = HOSTILE["module"]
    assert variables.names() == {"value"}


class Node:
    def __init__(self, after):
        self.after = after


@pytest.mark.parametrize("limit", [1000, 200_000])
def test_a_chain_of_ten_thousand_nodes_is_opaque_and_harmless(variables, limit):
    chain, nested = None, []
    for _ in range(10_000):
        chain, nested = Node(chain), [nested]
    variables.namespace.update(chain=chain, nested=nested, good=[1])
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        assert changes(variables, "good.append(1)").mutated == {"good"}
        assert len(variables.groups(frozenset({"chain", "good"}))) == 2
        assert sys.getrecursionlimit() == limit
    finally:
        sys.setrecursionlimit(before)


class Hangs:
    def __reduce__(self):
        raise KeyboardInterrupt


def test_a_value_at_which_the_user_lost_patience_is_not_looked_into_again(variables):
    variables.namespace.update(good=[1], slow=Hangs(), last=[1])
    with pytest.raises(KeyboardInterrupt):
        variables.look()
    assert changes(variables, "good.append(1)").mutated == {"good"}
    variables.namespace["slow"] = 1
    assert changes(variables, "slow = 2").written == {"slow"}


def test_thousands_of_variables_are_told_apart(variables):
    variables.namespace.update({f"v{n}": [n] for n in range(5000)})
    found = changes(variables, "v7.append(1)\nv8 = 1\ndel v9")
    assert (found.mutated, found.written, found.deleted) == ({"v7"}, {"v8"}, {"v9"})


def test_names_that_are_no_texts_are_left_alone(variables):
    variables.namespace.update({"good": [1], 1: [2], None: 3})
    assert changes(variables, "good.append(1)").mutated == {"good"}


def test_variables_named_like_builtins_are_variables(variables):
    variables.namespace.update(list=[1], print={"a": 1}, time=(1, [2]))
    assert changes(variables, "list.append(1)\ntime[1].append(3)").mutated == {"list", "time"}


def test_a_class_defined_anew_makes_its_old_objects_no_trouble(variables):
    define = "class C:\n    def __init__(self): self.n = []\n"
    exec(define + "c = C()", variables.namespace)
    assert not changes(variables, define).mutated
    assert changes(variables, "c.n.append(1)").mutated == {"c"}


def test_arrays_of_many_gigabytes_that_hold_nothing_cost_nothing(variables):
    variables.namespace.update(a=np.zeros(4 << 27), b=np.empty(1))
    if not variables._buffers.tracks:
        pytest.skip("this system tells nothing of written pages")
    assert changes(variables, "a[5] = 1").mutated == {"a"}
    assert not changes(variables, "b[0], a[7]").mutated
