"""Figures that pyplot keeps open from step to step."""

import matplotlib.pyplot as plt
import pytest

from tests.engine.sessions import Session

DRAW = "%%step draw\nimport matplotlib.pyplot as plt\nplt.figure()\nplt.plot([1, 2])"
COUNT = "%%step count\nimport matplotlib.pyplot as plt\nn = len(plt.gca().lines)"


@pytest.fixture
def session(tmp_path):
    yield Session(tmp_path)
    plt.close("all")


def status(report):
    return report.step_run.status.value


def test_a_figure_that_nobody_draws_on_again_does_not_stand_against_a_hit(session):
    session.step(DRAW)
    assert status(session.step(DRAW)) == "cached"


def test_a_step_that_draws_on_an_open_figure_and_the_one_that_opened_it_always_run(session):
    session.step(DRAW)
    session.step(COUNT)
    opened = session.step(DRAW)
    assert status(opened) == "succeeded"
    assert "`count` draws on the figure it leaves open" in opened.step_run.reason
    counted = session.step(COUNT)
    assert status(counted) == "succeeded"
    assert "draws on a figure that an earlier cell left open" in counted.step_run.reason
    assert session["n"] == 1


def test_a_step_that_a_hit_left_without_its_figure_says_so_and_is_right_when_run_again(session):
    session.step(DRAW)
    plt.close("all")
    session.step(DRAW)  # a hit, as in a new kernel: nothing is open
    told = session.step(COUNT)
    assert any("run `draw` again, then `count`" in line for line in told.warnings)
    assert status(session.step(DRAW)) == "succeeded"
    assert not session.step(COUNT).warnings
    assert session["n"] == 1


def test_closing_what_is_open_is_no_drawing(session):
    session.step(DRAW)
    session.step("%%step close\nimport matplotlib.pyplot as plt\nplt.close()\nm = 1")
    assert status(session.step(DRAW)) == "cached"


def test_pyplot_is_left_as_it_was_found(session):
    from matplotlib._pylab_helpers import Gcf

    found = vars(Gcf)["get_active"], vars(Gcf)["get_fig_manager"]
    session.step(DRAW)
    session.step(COUNT)
    with_error = session.step(f"{COUNT}\n1 / 0")
    assert status(with_error) == "failed"
    assert (vars(Gcf)["get_active"], vars(Gcf)["get_fig_manager"]) == found
