"""Records to JSON and back, and the JSON Schema that the TypeScript types are made from."""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from jupyter_mlpipe.model.errors import MetadataError

R = TypeVar("R")


def to_json(record: object) -> Any:
    """Turn a record, or a collection of records, into JSON's dicts, lists and scalars."""
    if type(record) in _ALREADY_JSON:
        return record
    if is_dataclass(record) and not isinstance(record, type):
        return {name: to_json(getattr(record, name)) for name in _field_names(type(record))}
    if isinstance(record, StrEnum):
        return record.value
    if isinstance(record, Mapping):
        return {str(key): to_json(value) for key, value in record.items()}
    if isinstance(record, tuple | list | frozenset | set):
        return [to_json(item) for item in record]
    return record


def from_json(kind: type[R], data: Any) -> R:
    """Read a record back, ignoring fields this version does not know.

    Raises:
        MetadataError: `data` has another shape than `kind`.
    """
    try:
        return cast("R", _read(kind, data))
    except (KeyError, TypeError, ValueError) as error:
        raise MetadataError(
            f"Expected the JSON of a {kind.__name__}, found {str(data)[:80]!r} ({error})."
        ) from error


def json_schema(*kinds: type) -> dict[str, Any]:
    """One JSON Schema that defines every given record and whatever it contains."""
    definitions: dict[str, Any] = {}
    for kind in kinds:
        _define(kind, definitions)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": definitions}


_ALREADY_JSON = frozenset({str, int, float, bool, type(None)})


@functools.cache
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@functools.cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, data: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _read_record(cast("type", kind), data)
    if origin in (Union, types.UnionType):
        options = [option for option in arguments if option is not type(None)]
        return None if data is None else _read(options[0], data)
    if origin in (tuple, Sequence):
        return tuple(_read(arguments[0], item) for item in _expect(data, list, tuple))
    if origin in (Mapping, dict):
        return {key: _read(arguments[1], value) for key, value in _expect(data, dict).items()}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(data)
    if kind in (str, int, bool):
        return _expect(data, kind)
    return float(data) if kind is float else data


def _read_record(kind: type, data: Any) -> Any:
    hints = _hints(kind)
    known = _expect(data, dict)
    missing = [
        f.name
        for f in fields(kind)
        if f.name not in known and f.default is MISSING and f.default_factory is MISSING
    ]
    if missing:
        raise ValueError(f"without {', '.join(missing)}")
    return kind(
        **{f.name: _read(hints[f.name], known[f.name]) for f in fields(kind) if f.name in known}
    )


def _expect(data: Any, *kinds: type) -> Any:
    if not isinstance(data, kinds):
        raise TypeError(f"expected {kinds[0].__name__}, found {type(data).__name__}")
    return data


def _define(kind: type, definitions: dict[str, Any]) -> None:
    if kind.__name__ in definitions:
        return
    definitions[kind.__name__] = {}
    hints = _hints(kind)
    definitions[kind.__name__] = {
        "type": "object",
        "title": kind.__name__,
        "properties": {f.name: _schema(hints[f.name], definitions) for f in fields(kind)},
        "required": [f.name for f in fields(kind)],
        "additionalProperties": False,
    }


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        _define(cast("type", kind), definitions)
        return {"$ref": f"#/$defs/{cast('type', kind).__name__}"}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(option, definitions) for option in arguments]}
    if origin in (tuple, Sequence, frozenset):
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    if origin in (Mapping, dict):
        return {"type": "object", "additionalProperties": _schema(arguments[1], definitions)}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": [member.value for member in kind]}
    return dict(_SCALARS.get(kind, {}))


_SCALARS: Mapping[Any, Mapping[str, str]] = types.MappingProxyType(
    {
        str: {"type": "string"},
        int: {"type": "integer"},
        float: {"type": "number"},
        bool: {"type": "boolean"},
        type(None): {"type": "null"},
    }
)
