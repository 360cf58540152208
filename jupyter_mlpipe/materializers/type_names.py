"""Type variables and new types of the notebook: names that stand for types.

Pickle knows most of them by their names alone, and cloudpickle gives each variable an id that is
another one in every process.
"""

from __future__ import annotations

import sys
import typing
from types import FunctionType
from typing import Any, NewType, ParamSpec, TypeVar, TypeVarTuple

import cloudpickle

from jupyter_mlpipe.materializers.naming import belongs_to_notebook

TYPE_NAMES: tuple[type, ...] = (TypeVar, ParamSpec, TypeVarTuple, NewType)


def is_type_name(value: Any) -> bool:
    """Whether it is one that the notebook made, or that stands in brackets behind a name.

    Of those, which Python has from 3.12 on, each says that it is of `typing`.
    """
    if type(value) not in TYPE_NAMES:
        return False
    unfound = value.__module__ == "typing" and vars(typing).get(value.__name__) is not value
    return unfound or belongs_to_notebook(value)


def has_its_name(value: Any) -> bool:
    """Whether the notebook calls it as it calls itself."""
    return vars(sys.modules["__main__"]).get(value.__name__) is value


def parts_of_type_name(value: Any) -> tuple[Any, ...]:
    """What to call to make it again, with which arguments and which options."""
    if type(value) is NewType:
        return NewType, (value.__name__, value.__supertype__), {}
    arguments = (value.__name__, *getattr(value, "__constraints__", ()))
    told = {n: getattr(value, f"__{n}__", unset) for n, unset in _OPTIONS.items()}
    return type(value), arguments, {n: v for n, v in told.items() if v is not _OPTIONS[n]}


def type_parameters(function: FunctionType) -> tuple[Any, ...]:
    """Of a generic function, which Python has from 3.12 on."""
    return getattr(function, "__type_params__", ())


def tracked(value: Any) -> str:
    """An id by which it is the same one again, however often it is brought into a process."""
    return str(cloudpickle.cloudpickle._get_or_create_tracker_id(value))  # noqa: SLF001


_OPTIONS = {
    "bound": None,
    "covariant": False,
    "contravariant": False,
    "infer_variance": False,
    "default": getattr(typing, "NoDefault", None),  # Python 3.13 and later
}
"""What each of them has that says nothing of it."""
