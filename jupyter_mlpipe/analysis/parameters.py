"""Parameters of a pipeline: typed literals, in cells and on command lines."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Mapping
from types import MappingProxyType

from jupyter_mlpipe.model.pipeline import Parameter

PARAMETER_TYPES = ("int", "float", "str", "bool", "json")

_ANNOTATIONS: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in PARAMETER_TYPES if name != "json"},
        **dict.fromkeys(("list", "dict", "List", "Dict", "Sequence", "Mapping"), "json"),
    }
)


def parameter_from_text(name: str, kind: str, text: str) -> Parameter:
    """A parameter as a command line gives it; without a type, it is the type of the literal.

    Raises:
        ValueError: The text is no value of that type.
    """
    if not kind:
        try:
            value = ast.literal_eval(text)
            return Parameter(name, _type_of(value), value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return Parameter(name, "str", text)
    return Parameter(name, kind, value_from_text(kind, text))


def value_from_text(kind: str, text: str) -> object:
    """Text as a value of a parameter's type.

    Raises:
        ValueError: It is none, or there is no such type.
    """
    if kind == "str":
        return text
    if kind == "bool" and text.lower() in ("true", "false", "1", "0"):
        return text.lower() in ("true", "1")
    try:
        if kind == "json":
            return json.loads(text)
        if kind in ("int", "float"):
            return _finite(int(text) if kind == "int" else float(text))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"expected a value of type {kind}, found {text!r}.") from error
    if kind not in PARAMETER_TYPES:
        raise ValueError(f"there is no type {kind!r}.")
    raise ValueError(f"expected a value of type {kind}, found {text!r}.")


def parameter_from_statement(statement: ast.stmt) -> Parameter | None:
    """The parameter that `lr: float = 0.1` or `lr = 0.1` states; None when it states none.

    Raises:
        ValueError: It is stated with a type that its value does not have.
    """
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=expression):
            annotation: ast.expr | None = None
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as expression):
            annotation = statement.annotation
        case _:
            return None
    try:
        value = ast.literal_eval(expression)
        kind = _type_of(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return _typed(name, _annotated(annotation), kind, value)


def with_value(parameter: Parameter, value: object) -> Parameter:
    """The parameter with another default.

    Raises:
        ValueError: The value is of another type.
    """
    if isinstance(value, int | float | str | bool | list | dict) or value is None:
        return _typed(parameter.name, parameter.type, _type_of(value), value)
    raise ValueError(f"{parameter.name} is of type {parameter.type}; {value!r} is not.")


def _typed(name: str, stated: str | None, kind: str, value: object) -> Parameter:
    if stated == "float" and isinstance(value, int) and kind == "int":
        return Parameter(name, "float", float(value))
    if stated is None or stated == kind:
        return Parameter(name, kind, value)
    if stated == "json" or value is None:
        return Parameter(name, stated, value)
    raise ValueError(f"{name} is stated to be {stated}, but {value!r} is {kind}.")


def _annotated(annotation: ast.expr | None) -> str | None:
    """The parameter type an annotation asks for; None leaves it to the value."""
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.value
    return _ANNOTATIONS.get(annotation.id) if isinstance(annotation, ast.Name) else None


def _type_of(value: object) -> str:
    if isinstance(value, float):
        _finite(value)
    if isinstance(value, bool | int | float | str):
        return type(value).__name__
    if not _is_json(value):
        raise ValueError(f"{value!r} cannot be written as JSON")
    return "json"


def _is_json(value: object) -> bool:
    """Whether it comes back from JSON as it was: a tuple would come back as a list."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(item) for key, item in value.items())
    if isinstance(value, list):
        return all(_is_json(item) for item in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int | str)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be written as JSON")
    return value
