"""What the text tells of figures that stay open in pyplot."""

import pytest

from jupyter_mlpipe.analysis.plotting import chooses_backend, draws_unnamed, mentions_pyplot

PLT = "import matplotlib.pyplot as plt"


@pytest.mark.parametrize(
    ("cells", "chosen"),
    [
        (["import matplotlib\nmatplotlib.use('Agg')"], True),
        (["import matplotlib as mpl; mpl.use('svg')"], True),
        (["plt.switch_backend('agg')"], True),
        (["%matplotlib agg"], True),
        (["%matplotlib inline"], False),
        (["matplotlib.use('agg')", "%matplotlib inline"], False),
        (["plt.plot([1])"], False),
    ],
)
def test_a_backend_that_keeps_figures_open_is_told_from_one_that_does_not(cells, chosen):
    assert chooses_backend(cells) == chosen


@pytest.mark.parametrize(
    "cell",
    [
        "plt.plot([1])",
        "n = len(plt.gca().lines)",
        "plt.rc('font', size=8)\nplt.title('a')",
        "from matplotlib.pyplot import title as t\nt('a')",
        "from matplotlib import pyplot\npyplot.savefig('a.png')",
        "import matplotlib.pyplot\nmatplotlib.pyplot.axis('off')",
    ],
)
def test_a_cell_that_asks_pyplot_to_draw_draws_on_what_is_open(cell):
    assert draws_unnamed(cell, [PLT])
    assert mentions_pyplot(cell, [PLT])


@pytest.mark.parametrize(
    "cell",
    [
        "plt.figure()\nplt.plot([1])",
        "fig, ax = plt.subplots()\nax.plot([1])\nplt.title('a')",
        "plt.close('all')",
        "plt.rc('font', size=8)",
        "df.plot(ax=ax)",
        "plot([1])",
    ],
)
def test_a_cell_that_opens_a_figure_first_draws_on_its_own(cell):
    assert not draws_unnamed(cell, [PLT])


def test_a_cell_without_pyplot_opens_nothing():
    assert not mentions_pyplot("x = 1", [PLT])
