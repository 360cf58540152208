import base64
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.figures import FigureMaterializer
from jupyter_mlpipe.materializers.fingerprint import content_digest, fingerprint
from jupyter_mlpipe.model.artifact import ArtifactType
from jupyter_mlpipe.testing.materializers import MaterializerContract


def line():
    figure = Figure()
    axes = figure.subplots()
    axes.plot([1, 3, 2])
    axes.set_title("a <b>title</b>")
    return figure


def image():
    figure = Figure(figsize=(3, 2), layout="constrained")
    figure.colorbar(figure.subplots().imshow(np.arange(12).reshape(3, 4)))
    return figure


class TestFigureMaterializer(MaterializerContract):
    def materializer(self):
        return FigureMaterializer()

    def samples(self):
        return [Figure(), line(), image()]

    def same(self, left, right):
        return content_digest(left) == content_digest(right)

    def change(self, value):
        value.suptitle("changed")


@pytest.fixture
def pyplot():
    mpl.use("agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


def test_figures_are_analyses():
    assert FigureMaterializer().artifact_type is ArtifactType.DATA_ANALYSIS


def test_the_preview_is_a_png():
    preview = FigureMaterializer().preview(line())
    assert base64.b64decode(preview.image).startswith(b"\x89PNG")


def test_a_huge_figure_has_a_small_preview():
    image = base64.b64decode(FigureMaterializer().preview(Figure(figsize=(200, 100))).image)
    width, height = (int.from_bytes(image[at : at + 4]) for at in (16, 20))
    assert max(width, height) <= 800


def test_a_loaded_figure_is_not_opened_in_pyplot(tmp_path, pyplot):
    figure, axes = pyplot.subplots()
    axes.plot([1, 2])
    FigureMaterializer().save(figure, tmp_path)
    pyplot.close("all")
    loaded = FigureMaterializer().load(tmp_path)
    assert pyplot.get_fignums() == []
    loaded.axes[0].plot([2, 1])
    loaded.savefig(tmp_path / "drawn.png")


def test_saving_leaves_the_figure_with_pyplot(tmp_path, pyplot):
    figure, _ = pyplot.subplots()
    canvas, dpi = figure.canvas, figure.dpi
    FigureMaterializer().save(figure, tmp_path)
    FigureMaterializer().preview(figure)
    content_digest(figure)
    assert (figure.canvas, figure.dpi) == (canvas, dpi)
    assert pyplot.fignum_exists(figure.number)


def test_titles_are_in_the_summary_as_they_are():
    assert FigureMaterializer().summary(line())["titles"] == ["a <b>title</b>"]


def test_looking_at_a_figure_warns_of_nothing():
    figure = Figure()
    figure.suptitle("\N{THUMBS UP SIGN}")  # no font of matplotlib's has it
    assert content_digest(figure) is not None
    assert FigureMaterializer().preview(figure).image


def test_how_often_a_figure_was_drawn_does_not_matter(tmp_path):
    drawn, fresh = image(), image()
    for _ in range(3):
        drawn.savefig(tmp_path / "drawn.png", dpi=90)
    assert content_digest(drawn) == content_digest(fresh)
    assert drawn.get_layout_engine() is not None


def test_the_backend_does_not_matter_for_the_digest(pyplot):
    figure, axes = pyplot.subplots()
    axes.plot([1, 3, 2])
    axes.set_title("a <b>title</b>")
    assert content_digest(figure) == content_digest(line())
    assert "matplotlib" in sys.modules


def test_a_change_is_seen_in_all_parts_of_a_figure():
    figure = line()
    parts = [figure, figure.axes[0], figure.axes[0].lines[0]]
    before = [fingerprint(part, BufferDigests(None)) for part in parts]
    figure.axes[0].lines[0].set_ydata([3, 2, 1])
    after = [fingerprint(part, BufferDigests(None)) for part in parts]
    assert not set(before) & set(after)


def test_what_bar_gives_counts_by_its_artists_and_what_is_said_of_them():
    def bars(height=2.0, label="n"):
        return Figure().subplots().bar(["a", "b"], [1.0, height], label=label)

    one = bars()
    assert content_digest(one) == content_digest(one) == content_digest(bars())
    assert content_digest(bars(3.0)) != content_digest(one) != content_digest(bars(label="m"))


def test_a_change_that_was_drawn_already_is_seen(tmp_path):
    figure = line()
    before = content_digest(figure)
    figure.axes[0].set_title("changed")
    figure.savefig(tmp_path / "drawn.png")
    assert content_digest(figure) != before


def test_a_change_to_a_loaded_figure_is_seen(tmp_path):
    FigureMaterializer().save(line(), tmp_path)
    loaded = FigureMaterializer().load(tmp_path)
    before = content_digest(loaded)
    loaded.axes[0].lines[0].set_ydata([3, 2, 1])
    assert content_digest(loaded) != before


def test_who_listened_to_a_figure_before_is_told_still():
    figure, told = line(), []
    figure.stale_callback = lambda *heard: told.append(heard)
    content_digest(figure)
    told.clear()
    figure.suptitle("changed")
    assert told


def test_looking_at_a_figure_moves_nothing_in_it():
    figure = Figure()
    axes = figure.subplots()
    axes.set_aspect("equal")
    axes.plot([1, 3e9, 2], label="a")
    axes.set_title("a title")
    label = axes.set_xlabel("x")
    figure.stale = False

    def places():
        return str(label), str(axes.title), str(axes.yaxis.offsetText), str(axes.get_position())

    before = places()
    content_digest(figure)
    FigureMaterializer().preview(figure)
    assert places() == before
    assert content_digest(figure) == content_digest(figure)
    FigureCanvasAgg(figure).draw()
    assert places() != before


def test_axes_that_move_after_tight_layout_are_a_change():
    """It arranges them once, and leaves something like a layout engine behind."""
    figure = line()
    figure.tight_layout()
    assert figure.get_layout_engine() is not None
    before = content_digest(figure)
    figure.subplots_adjust(left=0.4)
    assert content_digest(figure) != before


class CountedFigure(Figure):
    drawings = 0

    def savefig(self, *where, **how):
        self.drawings += 1
        super().savefig(*where, **how)


@pytest.mark.parametrize("arrange", [Figure.tight_layout, lambda figure: None])
def test_a_figure_is_drawn_once_for_its_change_its_preview_and_its_content(arrange):
    figure = CountedFigure()
    figure.subplots().plot([1, 3, 2])
    arrange(figure)
    fingerprint(figure, BufferDigests(None))
    image = FigureMaterializer().preview(figure).image
    content_digest(figure)
    assert figure.drawings == 1
    figure.axes[0].set_title("changed")
    assert FigureMaterializer().preview(figure).image != image


def test_a_figure_that_arranges_itself_is_drawn_anew_for_its_preview():
    """What it looks like counts without its arrangement, which is no picture to show."""
    figure = CountedFigure(layout="constrained")
    figure.subplots().plot([1, 3, 2])
    fingerprint(figure, BufferDigests(None))
    FigureMaterializer().preview(figure)
    assert figure.drawings == 2


def test_a_small_drawing_is_at_most_as_large_as_other_previews():
    figure = Figure(figsize=(20, 5))
    content_digest(figure)
    image = base64.b64decode(FigureMaterializer().preview(figure).image)
    width, height = (int.from_bytes(image[at : at + 4]) for at in (16, 20))
    assert (width, height) == (800, 200)
