"""Numpy's generators without a seed."""

import copy
import importlib

import numpy as np
import pytest

from jupyter_mlpipe.engine.watch import ProcessWatch


def fresh(seed=None):
    return np.random.default_rng(seed)


def old(seed=None):
    return np.random.RandomState(
        seed,
    )


@pytest.mark.parametrize("draw", [fresh, old, np.random.RandomState, lambda: np.random.seed(None)])
def test_a_generator_without_a_seed_is_heard_wherever_it_is_made(draw):
    with ProcessWatch().watching() as seen:
        draw()
    assert seen.entropy.drawn


@pytest.mark.parametrize(
    "draw", [lambda: fresh(3), lambda: old(3), lambda: np.random.RandomState(3)]
)
def test_one_with_a_seed_draws_nothing_from_the_system(draw):
    with ProcessWatch().watching() as seen:
        draw()
    assert not seen.entropy.drawn


@pytest.mark.parametrize("made", [fresh(3), old(3)])
def test_a_copy_of_a_generator_goes_by_the_state_of_that_one(made):
    with ProcessWatch().watching() as seen:
        copy.deepcopy(made)
    assert not seen.entropy.drawn


def test_numpy_is_left_as_it_was():
    before = np.random.bit_generator.randbits
    with ProcessWatch().watching():
        pass
    assert np.random.bit_generator.randbits == before


def test_what_a_module_draws_when_it_is_loaded_does_not_count(tmp_path, monkeypatch):
    (tmp_path / "drawing.py").write_text("import numpy as np\nrng = np.random.default_rng()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with ProcessWatch().watching() as seen:
        importlib.import_module("drawing")
    assert not seen.entropy.drawn
