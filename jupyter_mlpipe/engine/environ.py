"""Which environment variables are read while a step runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from jupyter_mlpipe.model.digest import digest_of

EVERYTHING = "*"
"""Stands for all variables, where code went through them."""

_OURS = frozenset({"jupyter_mlpipe", "mlpipe_kernel", "IPython", "ipykernel", "zmq", "tornado"})
_BETWEEN = frozenset({"os", "collections.abc", "_collections_abc"})
"""Modules through which every reader goes."""
_PLACES = frozenset(
    {
        *("HOME", "PATH", "PWD", "TMPDIR", "TEMP", "TMP", "USER", "USERNAME", "LOGNAME", "SHELL"),
        *("TERM", "COLUMNS", "LINES", "DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND", "PYTHONPATH"),
        *("NO_COLOR", "FORCE_COLOR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR", "CI"),
    }
)
"""Describe the machine or the screen: libraries look at them, results do not depend on them."""


@dataclass(slots=True)
class EnvironmentReads:
    """Listens to `os.environ`: it asks these two functions about every name that goes in or out.

    Names that the code itself set before it read them are not counted.
    """

    read: dict[str, str] = field(default_factory=dict)
    """Name to the digest of its value when it was first read."""
    written: set[str] = field(default_factory=set)
    """Names it set or took away, be it to the value they had."""
    _functions: tuple[Callable[[Any], Any], Callable[[Any], Any]] | None = None
    _ours: Callable[[], bool] = bool

    def start(self, ours: Callable[[], bool] = bool) -> None:
        """Begin to listen; not while `ours` says that it is this package that reads."""
        self._ours = ours
        environ: Any = os.environ
        self._functions = (environ.encodekey, environ.decodekey)
        environ.encodekey, environ.decodekey = self._encode, self._decode

    def stop(self) -> None:
        """Leave `os.environ` as it was."""
        if self._functions is not None:
            environ: Any = os.environ
            environ.encodekey, environ.decodekey = self._functions
            self._functions = None

    def _encode(self, key: Any) -> Any:
        assert self._functions is not None
        encoded = self._functions[0](key)
        if isinstance(key, str) and key not in self.written:
            frame = sys._getframe(1)  # noqa: SLF001
            if frame.f_code.co_name in ("__setitem__", "__delitem__"):
                self.written.add(key)
            elif key not in self.read and not self._ours() and _counts(frame, key):
                self.read[key] = _digest(key, os.environ._data.get(encoded))  # type: ignore[attr-defined]  # noqa: SLF001
        return encoded

    def _decode(self, key: Any) -> Any:
        assert self._functions is not None
        frame = sys._getframe(1)  # noqa: SLF001
        if EVERYTHING not in self.read and frame.f_code.co_name in ("__iter__", "__repr__"):
            self._hear_everything(frame)
        return self._functions[1](key)

    def _hear_everything(self, frame: FrameType) -> None:
        if _reader(frame) == "__main__":
            self.read[EVERYTHING] = _digest_of_all({})


def environment_digest(name: str, given: Mapping[str, str]) -> str:
    """What a lookup compares: of the value as it is now, or of its absence.

    `given` is what the step will find in place of that.
    """
    if name == EVERYTHING:
        return _digest_of_all(given)
    value = given.get(name, os.environ.get(name))
    return _digest(name, value)


def _digest(name: str, value: bytes | str | None) -> str:
    """With the name, so that equal values of several variables are not seen to be equal."""
    return digest_of("environment", [name, os.fsencode(value) if value is not None else None])


def _digest_of_all(given: Mapping[str, str]) -> str:
    said = sorted(
        (name, value)
        for name, value in {**os.environ, **given}.items()
        if name not in _PLACES and not name.startswith(("MLPIPE_", "JPY_", "JUPYTER", "PYDEVD"))
    )
    return digest_of("environment", [[name, _digest(name, value)] for name, value in said])


def _counts(frame: FrameType, key: str) -> bool:
    reader = _reader(frame)
    if reader == "__main__":
        return True
    if reader.partition(".")[0] in _OURS or key in _PLACES:
        return False
    return not is_importing(frame)


def _reader(frame: FrameType | None) -> str:
    """The module that asks."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__"))
        if name not in _BETWEEN:
            return name
        frame = frame.f_back
    return ""


def is_importing(frame: FrameType | None) -> bool:
    """What a library looks up when it is loaded is looked up once in a process, by whomever."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__"))
        if name == "importlib._bootstrap":
            return True
        if name == "__main__":
            return False
        frame = frame.f_back
    return False
