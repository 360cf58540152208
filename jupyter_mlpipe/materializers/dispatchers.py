"""Functions made by `functools.singledispatch`: what they know is hidden in a closure."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

from jupyter_mlpipe.materializers.naming import belongs_to_notebook

_CODE = functools.singledispatch(lambda _: None).__code__  # type: ignore[attr-defined]


def is_dispatcher(function: FunctionType) -> bool:
    """Whether it is one of the notebook's."""
    return function.__code__ is _CODE and belongs_to_notebook(function)


def registered(function: Any) -> list[tuple[type, Callable[..., Any]]]:
    """Classes and what is called for them, the default for `object` first."""
    return sorted(function.registry.items(), key=lambda pair: _order(pair[0]))


def _order(kind: type) -> tuple[bool, str, str]:
    return kind is not object, kind.__module__, kind.__qualname__
