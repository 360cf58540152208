"""Exceptions that a notebook keeps, with what `raise` has put on them."""

from __future__ import annotations

import traceback
import types
from typing import Any

from jupyter_mlpipe.materializers import rebuild


def reduced_exception(error: BaseException) -> Any:
    """How it is taken apart; None where its class does that in a way of its own.

    Frames stay behind: a traceback comes back with the places that it shows.
    """
    plain = _is_plain(error)
    made = (rebuild.exception, (type(error), error.args)) if plain else error.__reduce_ex__(5)
    raised = _raised(error)
    if not raised or not isinstance(made, tuple) or len(made) > 3:
        return (*made, vars(error) or None) if plain else None
    if error.__traceback__ is not None:
        raised["__traceback__"] = _places(error.__traceback__)
    state = vars(error) if plain else (made[2] if len(made) == 3 else None)
    return *made[:2], (state or {}, raised), None, None, rebuild.set_exception


def exception_facts(obj: Any, _token: object) -> tuple[Any, ...] | None:
    """What else counts of one that was raised: from what, during what, and through which functions.

    Not in which lines: these differ with every comment that is put above.
    """
    if not issubclass(type(obj), BaseException):
        return None
    raised = _raised(obj)
    if obj.__traceback__ is not None:
        places = traceback.walk_tb(obj.__traceback__)
        raised["__traceback__"] = [frame.f_code.co_name for frame, _ in places]
    return (tuple, (("exception", type(obj)),), (obj.args, vars(obj), raised)) if raised else None


def _raised(error: BaseException) -> dict[str, Any]:
    """What `raise` sets, as far as it did."""
    found = {
        "__cause__": error.__cause__,
        "__context__": error.__context__,
        "__suppress_context__": error.__suppress_context__ or None,
        "__traceback__": error.__traceback__,
    }
    return {name: value for name, value in found.items() if value is not None}


def _places(traceback: types.TracebackType) -> dict[str, Any]:
    from tblib import Traceback

    places: dict[str, Any] = Traceback(traceback).to_dict()
    return places


def _is_plain(error: BaseException) -> bool:
    """Pickle would call `__init__` with `args`, which need not be what it was called with."""
    kind = type(error)
    own = isinstance(kind.__init__, types.FunctionType)
    return own and kind.__reduce__ is BaseException.__reduce__ and not issubclass(kind, OSError)
