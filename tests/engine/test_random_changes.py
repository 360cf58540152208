"""Changes found in random variables, beside a comparison with a deep copy."""

import copy

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpipe.engine.variables import Variables
from jupyter_mlpipe.materializers.buffers import LARGE, BufferDigests
from jupyter_mlpipe.materializers.pages import open_tracker
from jupyter_mlpipe.model.step import StepSignature


class Thing:
    def __init__(self, part):
        self.part = part


def large(part):
    return np.full(LARGE // 8 + 7, part)


def frame(part):
    return pd.DataFrame({"n": np.full(LARGE // 8, part), "t": "text", "o": [part] * (LARGE // 8)})


def same(left, right):
    """Whether two values are equal down to the types of the last leaf."""
    if type(left) is not type(right):
        return False
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and np.array_equal(left, right)
    if isinstance(left, pd.DataFrame):
        return left.equals(right)
    if isinstance(left, Thing):
        return same(vars(left), vars(right))
    if isinstance(left, dict):
        return same(list(left.items()), list(right.items()))
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def parts_of(value):
    """The value and everything in it, each once."""
    found, waiting = {}, [value]
    while waiting:
        one = waiting.pop()
        if id(one) in found:
            continue
        found[id(one)] = one
        if isinstance(one, Thing):
            waiting.append(one.part)
        elif isinstance(one, list | tuple):
            waiting.extend(one)
        elif isinstance(one, dict):
            waiting.extend(one.values())
    return list(found.values())


def mutate(part, number):
    if isinstance(part, list):
        part.append(number)
    elif isinstance(part, dict):
        part[number] = number
    elif isinstance(part, Thing):
        part.part = [part.part, number]
    elif isinstance(part, np.ndarray) and part.size:
        part.flat[number % part.size] = number
    elif isinstance(part, pd.DataFrame):
        part.iloc[number % len(part), 0] = number


leaves = st.one_of(st.integers(-2, 300), st.text(max_size=2), st.booleans(), st.none())
values = st.recursive(
    st.one_of(
        leaves,
        st.integers(0, 3).map(large),
        st.integers(0, 3).map(lambda n: np.full(9, n)),
        st.integers(0, 3).map(frame),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=2), inner, max_size=3),
        inner.map(Thing),
        inner.map(lambda part: part[1:] if isinstance(part, np.ndarray) else [part, part]),
    ),
    max_leaves=5,
)
namespaces = st.dictionaries(st.sampled_from("abcdef"), values, min_size=1)
mutations = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 2**20)))


@pytest.mark.parametrize("tracked", [True, False])
@settings(max_examples=60, deadline=None)
@given(namespaces, mutations, st.booleans())
def test_what_changed_is_what_a_deep_comparison_finds(tracked, namespace, mutated, aliased):
    tracker = open_tracker() if tracked else None
    if aliased:
        namespace["alias"] = [namespace[min(namespace)]]
    variables = Variables(namespace, None, BufferDigests(tracker))
    for name, part, number in mutated:
        before, copies = variables.look(), copy.deepcopy(namespace)
        parts = parts_of(namespace[sorted(namespace)[name % len(namespace)]])
        mutate(parts[part % len(parts)], number)
        changes = variables.changes(before, variables.look(), StepSignature())
        assert changes.mutated == {n for n in namespace if not same(copies[n], namespace[n])}
    if tracker is not None:
        tracker.close()
