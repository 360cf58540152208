"""Settings that modules of Python's own keep where no name of theirs tells."""

from __future__ import annotations

import csv
import functools
import importlib
import importlib.util
import os
import reprlib
import sys
import time
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

_LONGEST_FIELD = 131_072
_DIALECTS = frozenset({"excel", "excel-tab", "unix"})
_OF_DIALECT = (
    *("delimiter", "quotechar", "escapechar", "doublequote", "skipinitialspace"),
    *("lineterminator", "quoting", "strict"),
)
_TREES = "xml.etree.ElementTree"
_FIRST_ZONE = os.environ.get("TZ")
_ZONE = (time.timezone, time.altzone, time.tzname)
"""As the process found it when it started."""
ZONE_NAMES = frozenset({"timezone", "altzone", "tzname", "daylight"})
"""What `time.tzset` binds anew."""


def read_library() -> Mapping[str, Any]:
    """What differs from the defaults."""
    return dict(_differences())


def _differences() -> Iterator[tuple[str, Any]]:
    calendar, socket = sys.modules.get("calendar"), sys.modules.get("socket")
    if calendar is not None and calendar.firstweekday():
        yield "first weekday", int(calendar.firstweekday())
    if socket is not None and socket.getdefaulttimeout() is not None:
        yield "timeout of sockets", socket.getdefaulttimeout()
    if csv.field_size_limit() != _LONGEST_FIELD:
        yield "longest field", csv.field_size_limit()
    registered = sorted(set(csv.list_dialects()) - _DIALECTS)
    if registered:
        yield "dialects", {name: _parts(csv.get_dialect(name)) for name in registered}
    shown = {n: v for n, v in vars(reprlib.aRepr).items() if v != _usual_repr().get(n)}
    if shown:
        yield "reprlib", shown
    if (time.timezone, time.altzone, time.tzname) != _ZONE:
        yield "time zone", os.environ.get("TZ")
    if kinds := _file_kinds():
        yield "kinds of files", kinds
    if prefixes := _prefixes():
        yield "prefixes of XML", prefixes


def write_library(values: Mapping[str, Any]) -> None:
    """Make the settings those given, and all others the defaults."""
    import calendar
    import socket

    calendar.setfirstweekday(values.get("first weekday", calendar.MONDAY))
    socket.setdefaulttimeout(values.get("timeout of sockets"))
    csv.field_size_limit(values.get("longest field", _LONGEST_FIELD))
    dialects = values.get("dialects", {})
    for name in set(csv.list_dialects()) - _DIALECTS - dialects.keys():
        csv.unregister_dialect(name)
    for name, parts in dialects.items():
        csv.register_dialect(name, **parts)
    vars(reprlib.aRepr).clear()
    vars(reprlib.aRepr).update({**_usual_repr(), **values.get("reprlib", {})})
    _set_file_kinds(values.get("kinds of files", {}))
    _set_prefixes(values.get("prefixes of XML", {}))
    if "time zone" in values or (time.timezone, time.altzone, time.tzname) != _ZONE:
        _set_zone(values)


def _parts(dialect: Any) -> Mapping[str, Any]:
    return {name: getattr(dialect, name) for name in _OF_DIALECT}


@functools.cache
def _usual_repr() -> Mapping[str, Any]:
    return MappingProxyType(vars(reprlib.Repr()))


def _set_zone(values: Mapping[str, Any]) -> None:
    """The variable of the environment is carried by itself, and may be another by now."""
    present = os.environ.get("TZ")
    _put_zone(values.get("time zone", _FIRST_ZONE))
    time.tzset()
    _put_zone(present)


def _put_zone(name: str | None) -> None:
    if name is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = name


def _file_kinds() -> Mapping[tuple[bool, str], str]:
    """What `mimetypes` was told, by whether that is official and by the ending of a file's name."""
    mimetypes = sys.modules.get("mimetypes")
    if mimetypes is None or not mimetypes.inited:
        return {}
    present, usual = mimetypes._db.types_map, _usual_file_kinds()  # noqa: SLF001
    return {
        (bool(strict), ending): kind
        for strict in (0, 1)
        for ending, kind in present[strict].items()
        if usual[strict].get(ending) != kind
    }


@functools.cache
def _usual_file_kinds() -> tuple[Mapping[str, str], ...]:
    """Those that Python and the files of this machine name."""
    import mimetypes

    usual = mimetypes.MimeTypes()
    for path in filter(os.path.isfile, mimetypes.knownfiles):
        usual.read(path)
    return tuple(map(MappingProxyType, usual.types_map))


def _set_file_kinds(kinds: Mapping[tuple[bool, str], str]) -> None:
    if kinds == _file_kinds():
        return
    import mimetypes

    mimetypes.init()
    for (strict, ending), kind in kinds.items():
        mimetypes.add_type(kind, ending, strict)


def _prefixes() -> Mapping[str, str]:
    """What `xml.etree.ElementTree` was told to call namespaces, by their addresses."""
    trees = sys.modules.get(_TREES)
    known: Mapping[str, str] = trees._namespace_map if trees else {}  # noqa: SLF001
    usual = _usual_prefixes() if trees else {}
    return {address: name for address, name in known.items() if usual.get(address) != name}


@functools.cache
def _usual_prefixes() -> Mapping[str, str]:
    """Those of the module as it is when nobody has used it."""
    spec = importlib.util.find_spec(_TREES)
    if spec is None or spec.loader is None:
        return {}
    unused = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(unused)
    return MappingProxyType(unused._namespace_map)  # noqa: SLF001


def _set_prefixes(prefixes: Mapping[str, str]) -> None:
    if prefixes == _prefixes():
        return
    trees = importlib.import_module(_TREES)
    trees._namespace_map.clear()  # noqa: SLF001
    trees._namespace_map.update(_usual_prefixes())  # noqa: SLF001
    for address, name in prefixes.items():
        trees.register_namespace(name, address)
