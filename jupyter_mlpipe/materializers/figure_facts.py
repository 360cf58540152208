"""What counts as the content of a figure: what it looks like."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from blake3 import blake3

from jupyter_mlpipe.materializers.facts import Token, fact
from jupyter_mlpipe.materializers.figure_places import left_in_place
from jupyter_mlpipe.materializers.identity import identity

_DPI = 72
LARGEST = 800
"""Pixels that a small drawing is wide and high at most."""


class _Watch:
    """Hears of everything that is done to a figure, in the place of who heard of it before.

    Drawing takes 50 ms and more, so what a drawing gave counts until the figure is touched. That
    matplotlib calls a figure `stale` does not tell: whoever draws it makes it fresh again.
    """

    def __init__(self, before: Callable[[Any, bool], None] | None) -> None:
        self._before = before
        self.drawn: bytes | None = None
        """Digest of the pixels; None once the figure was touched."""
        self.image: bytes | None = None
        """The drawing as a small PNG, where it is what the user would see."""
        self.parts: list[Any] = []

    def __call__(self, artist: Any, stale: bool) -> None:
        if stale:
            self.drawn = self.image = None
        if self._before is not None:
            self._before(artist, stale)


def figure_facts(obj: Any, _token: Token) -> tuple[Any, ...] | None:
    """A figure by its pixels, its parts by the figure and their place in it.

    Drawing is the one view of a figure on which an inline and a bare backend agree.
    """
    artist = sys.modules.get("matplotlib.artist")
    figure = sys.modules.get("matplotlib.figure")
    container = sys.modules.get("matplotlib.container")
    if container is not None and isinstance(obj, container.Container):
        return _container(obj)
    if artist is None or figure is None or not isinstance(obj, artist.Artist):
        return None
    if isinstance(obj, figure.Figure):
        return fact("figure", tuple(obj.get_size_inches()), _watched(obj).drawn)
    home = obj.get_figure(root=True)
    if home is None:
        return None
    parts = _watched(home).parts
    place = next((place for place, part in enumerate(parts) if part is obj), None)
    return None if place is None else fact("artist", type(obj).__qualname__, place, home)


def _container(obj: Any) -> tuple[Any, ...]:
    """What `bar`, `errorbar` or `stem` give: artists, and what is said of them."""
    said = {name: part for name, part in vars(obj).items() if name not in _OF_THE_AXES}
    return fact("artists", type(obj).__qualname__, tuple(obj), said)


_OF_THE_AXES = frozenset({"_callbacks", "_remove_method"})
"""How a container takes itself out of its axes, and who is told when its label changes."""


def drawn_already(figure: Any) -> bytes | None:
    """A PNG of a figure that was drawn for its facts and not touched since.

    It is at most `LARGEST` pixels wide and high. None of a figure that arranges itself: it was
    drawn in another way.
    """
    watch = figure.stale_callback
    return watch.image if isinstance(watch, _Watch) else None


def _watched(figure: Any) -> _Watch:
    """What the figure looks like and is made of now."""
    watch = figure.stale_callback
    if not isinstance(watch, _Watch):
        watch = figure.stale_callback = _Watch(watch)
    if watch.drawn is None:
        pixels = _pixels(figure)
        watch.parts = _parts(figure)
        for part in watch.parts:
            if part.stale_callback is None:  # as in a figure that was loaded
                part.stale_callback = watch
        watch.image = None if _arranges_itself(figure) else _small_png(pixels, figure)
        watch.drawn = blake3(pixels).digest()
    return watch


def _parts(figure: Any) -> list[Any]:
    """All artists in it, ticks and the like last: how many there are depends on the drawings."""
    found = figure.findobj()
    axis = sys.modules["matplotlib.axis"].Axis
    ticks = {identity(p) for a in found if isinstance(a, axis) for p in a.findobj() if p is not a}
    return sorted(found, key=lambda part: identity(part) in ticks)


def _pixels(figure: Any) -> bytes:
    import matplotlib as mpl

    pixels = io.BytesIO()
    neutral = {"savefig.bbox": None, "savefig.transparent": False}
    with (
        mpl.rc_context(neutral),
        left_in_place(figure),
        _fixed_layout(figure),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # the user saw them when the figure was drawn
        figure.savefig(pixels, format="rgba", dpi=_DPI, backend="agg", facecolor="auto")
    return pixels.getvalue()


def _small_png(pixels: bytes, figure: Any) -> bytes | None:
    from PIL import Image

    size = tuple(int(inches * _DPI) for inches in figure.get_size_inches())
    if size[0] * size[1] * 4 != len(pixels):
        return None
    image, png = Image.frombuffer("RGBA", size, pixels), io.BytesIO()
    image.thumbnail((LARGEST, LARGEST))
    image.save(png, "png")
    return png.getvalue()


def _arranges_itself(figure: Any) -> bool:
    """Whether drawing moves its axes; one that `tight_layout` arranged once stays as it is."""
    placeholder = sys.modules["matplotlib.layout_engine"].PlaceHolderLayoutEngine
    return not isinstance(figure.get_layout_engine(), placeholder | None)


@contextmanager
def _fixed_layout(figure: Any) -> Iterator[None]:
    """Take automatic layout out of the picture.

    A layout engine moves the axes a little with every drawing, so that neither their places
    nor the number of drawings so far may count.
    """
    engine = figure.get_layout_engine()
    if not _arranges_itself(figure):
        yield
        return
    axes = [
        (one, one.get_position(True), one.get_position(), one.get_in_layout())
        for one in figure.axes
    ]
    titles = [text for text in figure.texts if getattr(text, "_autopos", False)]
    places = [text.get_position() for text in titles]
    figure.set_layout_engine("none")
    try:
        for number, (one, *_) in enumerate(axes, 1):
            one.set_position(_cell(number, len(axes)))
        for text in titles:
            text.set_position((0.5, 0.5))
        yield
    finally:
        figure.set_layout_engine(engine)
        for one, original, active, in_layout in axes:
            one.set_position(original, which="original")
            one.set_position(active, which="active")
            one.set_in_layout(in_layout)
        for text, place in zip(titles, places, strict=True):
            text.set_position(place)


def _cell(number: int, count: int) -> tuple[float, float, float, float]:
    """One of `count` stripes from left to right, with room for labels."""
    return (number - 0.75) / count, 0.2, 0.5 / count, 0.6
