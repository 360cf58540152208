"""Drawings of a figure that leave nothing behind in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_TITLES = ("title", "_left_title", "_right_title")


@contextmanager
def left_in_place(figure: Any) -> Iterator[None]:
    """Put back what matplotlib moves whenever it draws.

    That is labels of axes and what they say of magnitudes, titles, and axes of a given shape. The
    user may ask where they are, or has not drawn the figure yet. They are put back past the
    setters, which would say that the figure was changed.
    """
    texts = [text for axes in figure.axes for text in _texts(axes)]
    places = [(text, text.get_position(), text.get_text()) for text in texts]
    boxes = [(axes, axes.get_position()) for axes in figure.axes]
    try:
        yield
    finally:
        for text, (x, y), said in places:
            text._x, text._y, text._text = x, y, said  # noqa: SLF001
        for axes, box in boxes:
            axes._position.set(box)  # noqa: SLF001


def _texts(axes: Any) -> Iterator[Any]:
    yield from (getattr(axes, name) for name in _TITLES if hasattr(axes, name))
    for axis in getattr(axes, "_axis_map", {}).values():
        yield from (axis.label, axis.offsetText)
