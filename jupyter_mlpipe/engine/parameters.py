"""Parameters set anew for one run: from text or JSON to the type the notebook declared."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from jupyter_mlpipe.model.errors import PipelineError
from jupyter_mlpipe.model.pipeline import Parameter

_BOOLEANS = MappingProxyType(
    {"true": True, "1": True, "yes": True, "on": True}
    | {"false": False, "0": False, "no": False, "off": False}
)


def parse_overrides(
    given: Mapping[str, object], parameters: Sequence[Parameter]
) -> Mapping[str, object]:
    """Values of the declared types, for the given parameters only.

    Text, as from `-p C=0.1`, is read by the parameter's type; a value that already has a type,
    as from JSON, must fit it. A whole number also fits a `float`.

    Raises:
        PipelineError: A name is not declared, or a value does not fit.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name in given:
        if name not in known:
            raise PipelineError(_unknown(name, tuple(known)))
    return {name: _read(known[name], value) for name, value in given.items()}


def _unknown(name: str, known: tuple[str, ...]) -> str:
    if not known:
        return (
            f"Unknown parameter {name!r}: the notebook declares none. Declare it in a %%params "
            "cell or on the %pipeline line."
        )
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"Unknown parameter {name!r}. Known are {', '.join(known)}.{hint}"


def _read(parameter: Parameter, value: object) -> object:
    try:
        return _READERS[parameter.type](value)
    except KeyError:
        raise PipelineError(
            f"Parameter {parameter.name!r} has the unknown type {parameter.type!r}; "
            f"expected one of {', '.join(_READERS)}."
        ) from None
    except (ValueError, TypeError) as error:
        raise PipelineError(
            f"Parameter {parameter.name!r} is of type {parameter.type}; found {value!r}."
        ) from error


def _int(value: object) -> int:
    if isinstance(value, str):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _float(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    number = float(value)
    if math.isnan(number):
        raise ValueError  # no JSON, and unequal to itself, so no run with it could be found again
    return number


def _str(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.strip().lower() not in _BOOLEANS:
        raise ValueError
    return _BOOLEANS[value.strip().lower()]


def _json(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


_READERS: Mapping[str, Callable[[object], object]] = MappingProxyType(
    {"int": _int, "float": _float, "str": _str, "bool": _bool, "json": _json}
)
