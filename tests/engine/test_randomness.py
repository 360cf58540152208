"""The states of the global random generators."""

import random

import numpy as np
import pytest

from jupyter_mlpipe.engine.randomness import (
    capture_states,
    looked_at,
    restore_state,
    seeded_first,
    state_bytes,
    state_digest,
)


@pytest.mark.parametrize(
    ("generator", "draw"), [("random", random.random), ("numpy.random", np.random.random)]
)
def test_a_restored_generator_draws_the_same_numbers_again(generator, draw):
    states = capture_states()
    drawn = draw()
    assert state_digest(generator, states) != state_digest(generator, capture_states())
    restore_state(generator, state_bytes(states[generator]))
    assert state_digest(generator, states) == state_digest(generator, capture_states())
    assert draw() == drawn


def test_a_generator_that_is_not_loaded_has_no_state():
    assert state_digest("no.such", capture_states()) == ""


@pytest.mark.parametrize(
    ("source", "seeded"),
    [
        ("random.seed(1)\nx = random.random()", {"random"}),
        ("import numpy as np\nn = 3\nnp.random.seed(n)\nnp.random.rand(n)", {"numpy.random"}),
        ("x = random.random()\nrandom.seed(1)", set()),
        ("random.seed()\nx = random.random()", set()),
        ("random.seed(None)", set()),
        ("if ready:\n    random.seed(1)\nx = random.random()", set()),
        ("torch.manual_seed(3)\nrandom.seed(4)", {"torch", "random"}),
        ("sns.set_theme(color_codes=True)\nnp.random.seed(sum(map(ord, 'a')))", {"numpy.random"}),
        ("plt.rcParams['a'] = (1, 2)\nplt.rc('b', c={'d': 1})\nrandom.seed(2 * 21)", {"random"}),
        ("get_ipython().run_line_magic('matplotlib', 'inline')\nrandom.seed(1)", {"random"}),
        ("get_ipython().run_line_magic('run', 'x.py')\nrandom.seed(1)", set()),
        ("sns.set_palette(palette())\nrandom.seed(1)", set()),
        ("random.seed(now())", set()),
        ("random.seed(a=x())", set()),
        ("rows[0] = 1\nrandom.seed(1)", set()),
    ],
)
def test_only_a_seed_before_anything_can_be_drawn_counts(source, seeded):
    assert seeded_first(source) == seeded


@pytest.mark.parametrize(
    ("source", "called", "generators"),
    [
        ("s = random.getstate()", "", {"random"}),
        ("from random import getstate as g\ns = getstate()", "", {"random"}),
        ("s = f()", "np.random.get_state()", {"numpy.random"}),
        ("s = f()", "(lambda: torch.get_rng_state())()", {"torch"}),
        ("s = random.random()", "", set()),
    ],
)
def test_who_asks_how_a_generator_stands_is_told_by_the_words_of_the_code(
    source, called, generators
):
    codes = [compile(called, "cell", "exec")]
    assert looked_at(source, codes) == generators
