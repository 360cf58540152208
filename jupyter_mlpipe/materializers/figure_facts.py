"""What counts as the content of a figure: what it looks like."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_mlpipe.materializers.facts import Token, fact

_DPI = 72


def figure_facts(obj: Any, token: Token) -> tuple[Any, ...] | None:
    """A figure by its pixels, its parts by the figure and their place in it.

    Drawing is the one view of a figure on which an inline and a bare backend agree.
    """
    artist = sys.modules.get("matplotlib.artist")
    figure = sys.modules.get("matplotlib.figure")
    if artist is None or figure is None or not isinstance(obj, artist.Artist):
        return None
    if isinstance(obj, figure.Figure):
        import numpy as np

        pixels = np.frombuffer(_pixels(obj), np.uint8)
        return fact("figure", tuple(obj.get_size_inches()), token(pixels))
    home = obj.get_figure(root=True)
    if home is None:
        return None
    _pixels(home)  # the first drawing makes ticks, which count as parts
    parts = home.findobj()
    place = next((place for place, part in enumerate(parts) if part is obj), None)
    return None if place is None else fact("artist", type(obj).__qualname__, place, home)


def is_untouched(value: Any) -> bool:
    """Whether a figure, or a part of one, says that nothing was done to it since it was marked.

    Drawing a figure takes 50 ms and more; matplotlib notes itself when one has to be drawn anew.
    """
    figure = _figure_of(value)
    return figure is not None and not figure.stale


def mark_untouched(value: Any) -> None:
    """What is done to a figure from now on is noticed."""
    figure = _figure_of(value)
    if figure is not None:
        figure.stale = False


def _figure_of(value: Any) -> Any:
    artist = sys.modules.get("matplotlib.artist")
    if artist is None or not issubclass(type(value), artist.Artist):
        return None
    return value.get_figure(root=True)


def _pixels(figure: Any) -> bytes:
    import matplotlib as mpl

    pixels = io.BytesIO()
    neutral = {"savefig.bbox": None, "savefig.transparent": False}
    with mpl.rc_context(neutral), _fixed_layout(figure), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the user saw them when the figure was drawn
        figure.savefig(pixels, format="rgba", dpi=_DPI, backend="agg", facecolor="auto")
    return pixels.getvalue()


@contextmanager
def _fixed_layout(figure: Any) -> Iterator[None]:
    """Take automatic layout out of the picture.

    A layout engine moves the axes a little with every drawing, so that neither their places
    nor the number of drawings so far may count.
    """
    engine = figure.get_layout_engine()
    if engine is None:
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
