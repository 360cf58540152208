"""JSON that keeps Python's types: what JSON lacks is an object with one key, a `$` tag."""

from __future__ import annotations

import base64
import datetime
import json
import math
import pathlib
import struct
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

_DEPTH = 50
_NODES = 20_000
_CHARACTERS = 1_000_000
_INT_BITS = 4096
"""Python refuses to print or read longer integers without being asked to."""


class NotPlainError(Exception):
    """The value has something that does not come back exactly, or is too large for JSON."""


def encode(value: Any) -> Any:
    """JSON's own values for `value`.

    Raises:
        NotPlainError: See the message.
    """
    return _Encoder().encode(value, 0)


def decode(data: Any) -> Any:
    """The value that was encoded.

    Raises:
        KeyError: A tag of a later release.
        ValueError, TypeError: `data` was not written by `encode`.
    """
    if isinstance(data, list):
        return [decode(item) for item in data]
    if not isinstance(data, dict):
        return data
    if len(data) == 1:
        ((tag, content),) = data.items()
        if tag.startswith("$"):
            return _DECODERS[tag](content)
    return {key: decode(item) for key, item in data.items()}


class _Encoder:
    def __init__(self) -> None:
        self._nodes = 0
        self._characters = 0
        self._seen: set[int] = set()

    def encode(self, value: Any, depth: int) -> Any:
        self._count(1, 0)
        kind = type(value)
        if kind is str:
            return self._text(value)
        if value is None or kind is bool:
            return value
        if kind in (list, tuple, dict, set, frozenset):
            return self._container(value, depth + 1)
        scalar = _SCALARS.get(kind)
        if scalar is None:
            raise NotPlainError(f"it holds a {kind.__qualname__}")
        if kind is bytes:
            self._count(0, len(value))
        return scalar(value)

    def _count(self, nodes: int, characters: int) -> None:
        self._nodes += nodes
        self._characters += characters
        if self._nodes > _NODES or self._characters > _CHARACTERS:
            raise NotPlainError("it is large")

    def _text(self, text: str) -> Any:
        self._count(0, len(text))
        if text.isascii() or not any("\ud800" <= mark <= "\udfff" for mark in text):
            return text
        return {"$str": _base64(text.encode("utf-8", "surrogatepass"))}

    def _container(self, value: Any, depth: int) -> Any:
        if depth > _DEPTH:
            raise NotPlainError("it is nested deeply")
        if id(value) in self._seen:
            raise NotPlainError("it refers twice to one object")
        if value or not isinstance(value, tuple | frozenset):  # of these there is one empty one
            self._seen.add(id(value))
        if isinstance(value, dict):
            return self._dict(value, depth)
        items = [self.encode(item, depth) for item in value]
        if isinstance(value, list):
            return items
        if isinstance(value, set | frozenset):
            items.sort(key=json.dumps)
        return {f"${type(value).__name__}": items}

    def _dict(self, value: Mapping[Any, Any], depth: int) -> Any:
        plain = all(type(key) is str and not key.startswith("$") for key in value)
        keys = [self.encode(key, depth) for key in value]
        items = [self.encode(item, depth) for item in value.values()]
        if plain and all(type(key) is str for key in keys):
            return dict(zip(keys, items, strict=True))
        return {"$dict": [list(pair) for pair in zip(keys, items, strict=True)]}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _int(value: int) -> int:
    if value.bit_length() > _INT_BITS:
        raise NotPlainError("it holds an integer of thousands of digits")
    return value


def _float(value: float) -> Any:
    return value if math.isfinite(value) else {"$float": struct.pack(">d", value).hex()}


def _complex(value: complex) -> Any:
    return {"$complex": struct.pack(">dd", value.real, value.imag).hex()}


def _time(value: datetime.datetime | datetime.time) -> Any:
    if value.tzinfo is not None and value.tzinfo is not datetime.UTC:
        raise NotPlainError("it holds a time with a time zone")
    return {f"${type(value).__name__}": [value.replace(fold=0).isoformat(), value.fold]}


def _timedelta(value: datetime.timedelta) -> Any:
    return {"$timedelta": [value.days, value.seconds, value.microseconds]}


def _path(value: pathlib.PurePath) -> Any:
    text = str(value)
    return {f"${type(value).__name__}": _base64(text.encode("utf-8", "surrogatepass"))}


def _read_text(content: str) -> str:
    return base64.b64decode(content).decode("utf-8", "surrogatepass")


def _read_complex(content: str) -> complex:
    return complex(*struct.unpack(">dd", bytes.fromhex(content)))


def _read_float(content: str) -> float:
    return float(struct.unpack(">d", bytes.fromhex(content))[0])


def _read_time(kind: Any, content: Any) -> Any:
    text, fold = content
    return kind.fromisoformat(text).replace(fold=fold)


def _read_path(kind: Any, content: str) -> Any:
    return kind(_read_text(content))


def _read_dict(content: Any) -> Any:
    return {decode(key): decode(item) for key, item in content}


_PATHS = {
    kind.__name__: kind
    for kind in (
        *(pathlib.PosixPath, pathlib.WindowsPath),
        *(pathlib.PurePosixPath, pathlib.PureWindowsPath),
    )
}
_SCALARS: Mapping[type, Callable[[Any], Any]] = {
    int: _int,
    float: _float,
    complex: _complex,
    bytes: lambda value: {"$bytes": _base64(value)},
    datetime.datetime: _time,
    datetime.time: _time,
    datetime.date: lambda value: {"$date": value.isoformat()},
    datetime.timedelta: _timedelta,
    **dict.fromkeys(_PATHS.values(), _path),
}
_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "$str": _read_text,
    "$float": _read_float,
    "$complex": _read_complex,
    "$bytes": base64.b64decode,
    "$tuple": lambda content: tuple(map(decode, content)),
    "$set": lambda content: set(map(decode, content)),
    "$frozenset": lambda content: frozenset(map(decode, content)),
    "$dict": _read_dict,
    "$datetime": lambda content: datetime.datetime.fromisoformat(content[0]).replace(
        fold=content[1]
    ),
    "$time": lambda content: datetime.time.fromisoformat(content[0]).replace(fold=content[1]),
    "$date": datetime.date.fromisoformat,
    "$timedelta": lambda content: datetime.timedelta(*content),
    **{f"${name}": partial(_read_path, kind) for name, kind in _PATHS.items()},
}
