"""Live variables and the versions they hold."""

import math
import sys
import types

import numpy as np
import pytest

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.context import open_context
from jupyter_mlpipe.engine.data import is_data
from jupyter_mlpipe.engine.variables import Variables
from jupyter_mlpipe.materializers.memory import is_private
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.step import StepSignature


@pytest.fixture
def context(tmp_path):
    opened = open_context(Settings(tmp_path, tmp_path / ".mlpipe"))
    yield opened
    opened.metadata.close()


@pytest.fixture
def variables(context):
    return Variables({}, context.values, context.buffers)


def stored(context, **values):
    """Versions of values, stored alone or, when there are several, together."""
    together = len(values) > 1
    kept = (
        context.values.keep_together(values)
        if together
        else {name: context.values.keep(value) for name, value in values.items()}
    )
    return {
        name: ArtifactVersion(
            id=f"id-{name}", name=name, digest=k.digest, manifest=k.manifest, member=k.member
        )
        for name, k in kept.items()
    }


def changes(variables, code, writes=()):
    before = variables.look()
    exec(code, variables.namespace)
    return variables.changes(before, variables.look(), StepSignature(certain=frozenset(writes)))


def test_created_rebound_changed_and_deleted_variables_are_told_apart(variables):
    variables.namespace.update(a=[1], b=[1], c=[1])
    found = changes(variables, "a = [2]\nb.append(3)\ndel c\nd = 4")
    assert (found.written, found.mutated, found.deleted) == ({"a", "d"}, {"b"}, {"c"})


def test_binding_an_equal_number_again_counts_when_the_code_says_so(variables):
    variables.namespace["n"] = 5
    assert changes(variables, "n = 5", writes=["n"]).written == {"n"}
    assert changes(variables, "m = n").written == {"m"}


def test_a_change_through_an_alias_is_seen_on_both_names(variables):
    variables.namespace["a"] = variables.namespace["b"] = [1]
    assert changes(variables, "a.append(2)").mutated == {"a", "b"}


def test_a_pending_variable_is_absent_until_it_is_loaded(variables, context):
    variables.expect(stored(context, a=[1, 2]))
    assert "a" not in variables.namespace
    assert variables.load(["a", "unknown"]) == {"a"}
    assert variables.namespace["a"] == [1, 2]
    assert variables.version_of("a").id == "id-a"


def test_values_that_share_memory_are_loaded_together(variables, context):
    shared = [1]
    variables.expect(stored(context, a=shared, b={"inner": shared}))
    assert variables.load(["b"]) == {"a", "b"}
    assert variables.namespace["b"]["inner"] is variables.namespace["a"]


def test_a_version_is_held_only_while_the_value_is_unchanged(variables, context):
    variables.expect(stored(context, a=[1]))
    variables.load(["a"])
    variables.look()
    assert variables.version_of("a") is not None
    variables.namespace["a"].append(2)
    variables.look()
    assert variables.version_of("a") is None


def test_large_arrays_that_were_loaded_are_watched_not_read_again(variables, context):
    values = {"alone": np.ones(1 << 20)}, {"one": np.ones(1 << 20), "two": [np.ones(1 << 20)]}
    for together in values:
        variables.expect(stored(context, **together))
    variables.load(["alone", "one"])
    assert not changes(variables, "alone.sum() + one.sum()").mutated
    assert changes(variables, "two[0][7] = 5\nalone[-1] = 3").mutated == {"alone", "two"}
    if sys.platform == "linux":
        assert is_private(variables.namespace["alone"])
        assert is_private(variables.namespace["two"][0])


def test_what_the_user_binds_is_no_longer_waited_for(variables, context):
    variables.expect(stored(context, a=[1]))
    variables.namespace["a"] = "mine"
    variables.look()
    assert not variables.pending
    assert variables.namespace["a"] == "mine"


def test_what_the_user_binds_stays_when_what_shared_memory_with_it_is_loaded(variables, context):
    shared = [1]
    variables.expect(stored(context, a=shared, b=shared))
    variables.namespace["b"] = "mine"
    assert variables.load(["a"]) == {"a"}
    assert variables.namespace == {"a": [1], "b": "mine"}


def test_a_function_whose_default_was_changed_is_data(variables, monkeypatch):
    monkeypatch.setitem(variables.namespace, "__name__", "__main__")
    define = "def f(x, seen=[]):\n    seen.append(x)\ndef g(x=1): pass"
    exec(compile(define, "<cell>", "exec"), variables.namespace)
    assert changes(variables, "f(1)").mutated == {"f"}
    assert changes(variables, "g()").mutated == set()
    assert variables.names() == {"f"}


@pytest.mark.parametrize(
    "change",
    [
        "f.__defaults__ = (5,)",
        "f.__kwdefaults__['y'] = 5",
        "f.__code__ = g.__code__",
    ],
)
def test_a_function_of_which_a_part_was_replaced_is_data(variables, monkeypatch, change):
    monkeypatch.setitem(variables.namespace, "__name__", "__main__")
    define = "def f(x=1, *, y=2): return x + y\ndef g(x, *, y): return y"
    exec(compile(define, "<cell>", "exec"), variables.namespace)
    assert changes(variables, "f()").mutated == set()
    assert changes(variables, change).mutated == {"f"}


def test_expecting_what_is_there_already_keeps_the_object(variables, context):
    versions = stored(context, a=[1])
    variables.expect(versions)
    variables.load(["a"])
    value = variables.namespace["a"]
    variables.look()
    variables.expect(versions)
    assert variables.namespace["a"] is value


@pytest.fixture
def main(variables, monkeypatch):
    module = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    variables.namespace = vars(module)
    return module


def test_a_base_and_the_class_that_it_lists_need_each_other(variables, context, main):
    exec("class Base: known = {}\nclass A(Base): pass\nBase.known['A'] = A", vars(main))
    versions = stored(context, Base=main.Base) | stored(context, A=main.A)
    del main.Base, main.A
    variables.expect(versions)
    assert variables.load(["A"]) == {"A", "Base"}
    assert main.Base.known["A"] is main.A


def test_a_class_of_which_a_method_got_another_default_is_data(variables, main):
    exec(compile("class P:\n  def f(self, x=1): pass", "<cell>", "exec"), variables.namespace)
    assert changes(variables, "P().f()").mutated == set()
    assert changes(variables, "P.f.__defaults__ = (2,)").mutated == {"P"}


def test_classes_that_share_a_list_are_given_it_together(variables, context, main):
    exec("kept = [1]\nclass A: items = kept\nclass B: items = kept", vars(main))
    versions = stored(context, A=main.A, B=main.B)
    main.kept.append(2)
    variables.expect(versions)
    assert main.A.items is main.B.items
    assert main.A.items == [1]


@pytest.mark.parametrize("value", [math, int, print, len])
def test_modules_classes_and_functions_are_no_data(value):
    assert not is_data("name", value)


def test_a_closed_file_is_no_data_and_an_open_one_is(tmp_path):
    with (tmp_path / "x").open("w") as file:
        assert is_data("file", file)
    assert not is_data("file", file)


def test_a_method_of_a_users_own_object_is_data():
    assert is_data("get", {"a": 1}.get)
    assert is_data("_underscored", [1])


@pytest.mark.parametrize("name", ["_", "_3", "_i2", "_oh", "__name__", "In", "Out", "get_ipython"])
def test_the_shells_own_names_are_no_data(name):
    assert not is_data(name, [1])


def test_a_view_of_memory_is_spent_once_it_is_released():
    with memoryview(bytearray(3)) as view:
        assert is_data("view", view)
    assert not is_data("view", view)


def test_a_function_made_by_exec_is_data():
    namespace = {"__name__": "__main__"}
    exec("def made(): pass", namespace)
    assert is_data("made", namespace["made"])
