"""State of the process that steps read and change without binding a name."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle

from jupyter_mlpipe.engine.randomness import (
    GENERATORS,
    capture_states,
    restore_state,
    state_bytes,
)
from jupyter_mlpipe.engine.redaction import is_secret
from jupyter_mlpipe.engine.settings import Values, all_settings
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.model.digest import digest_of
from jupyter_mlpipe.model.errors import PipelineError
from jupyter_mlpipe.model.run import OPAQUE, Immovable

WORKING_DIRECTORY = "working directory"
VARIABLE = "environ "
"""Begins the name of an effect on one environment variable."""
SEARCH_PATH = "sys.path "
"""Begins the name of an effect on one entry."""
_PROJECT = "<project>"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of it at one moment; comparing two costs microseconds."""

    generators: Mapping[str, Any]
    """See `randomness.capture_states`."""
    settings: Mapping[str, Values]
    variables: Mapping[Any, Any]
    """As the process holds them, undecoded."""
    path: tuple[str, ...]
    folder: str

    def variable(self, name: str) -> str | None:
        """An environment variable; None where it is not set."""
        raw = self.variables.get(os.fsencode(name), self.variables.get(name))
        return None if raw is None else os.fsdecode(raw)


@dataclass(frozen=True, slots=True)
class Effects:
    """What a step changed."""

    contents: Mapping[str, bytes]
    """By name, ready to be stored and to be applied elsewhere."""
    immovable: tuple[Immovable, ...] = ()


class ProcessStates:
    """Reads and sets the state of this process.

    Args:
        root: Folder of the project. Places below it are meant relative to it, so that they are
            found on another machine.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root.absolute())
        self._settings = {settings.name: settings for settings in all_settings()}

    def capture(self) -> Snapshot:
        """The present state."""
        return Snapshot(
            generators=capture_states(),
            settings=self._read_settings(),
            variables=dict(_undecoded()),
            path=tuple(sys.path),
            folder=_folder(),
        )

    def effects(self, before: Snapshot, after: Snapshot, variables: Iterable[str] = ()) -> Effects:
        """What has to be done elsewhere to get from one to the other.

        `variables` of the environment count even if they are what they were: they were set.
        """
        found: dict[str, bytes] = {
            name: state_bytes(state)
            for name, state in after.generators.items()
            if state != before.generators.get(name)
        }
        immovable: list[Immovable] = []
        for name, values in self._changed_settings(before, after).items():
            try:
                found[name] = cloudpickle.dumps(dict(values))
            except Exception:  # noqa: BLE001 - a setting may be any object of the user's
                immovable.append(Immovable(name, "state", "holds what cannot be stored"))
        changed = _changed_variables(before, after)
        for name in {*changed, *variables}:
            value = after.variable(name)
            if value is not None and is_secret(name, value):
                immovable.append(Immovable(name, "environment", "a secret"))
            else:
                found[VARIABLE + name] = pickle.dumps(value)
        for entry, place in _changed_path(before.path, after.path).items():
            found[SEARCH_PATH + self._movable(entry)] = pickle.dumps(place)
        if before.folder != after.folder:
            found[WORKING_DIRECTORY] = self._movable(after.folder).encode(
                "utf-8", "surrogateescape"
            )
        return Effects(found, tuple(immovable))

    def apply(self, name: str, content: bytes) -> None:
        """Put one part of the state into that after an earlier step.

        Raises:
            PipelineError: The folder that the step worked in is not there.
        """
        if name in GENERATORS:
            restore_state(name, content)
        elif name in self._settings:
            self._apply_settings(name, pickle.loads(content))
        elif name == WORKING_DIRECTORY:
            self._apply_folder(content.decode("utf-8", "surrogateescape"))
        elif name.startswith(VARIABLE):
            set_variables({name.removeprefix(VARIABLE): pickle.loads(content)})
        elif name.startswith(SEARCH_PATH):
            self._apply_path(name.removeprefix(SEARCH_PATH), pickle.loads(content))

    def apply_all(self, contents: Mapping[str, bytes]) -> None:
        """Several, in their order; see `apply`."""
        for name, content in contents.items():
            self.apply(name, content)

    def digest(self, name: str, snapshot: Snapshot | None = None) -> str:
        """What a lookup compares; empty while everything is as it is by default."""
        if name == WORKING_DIRECTORY:
            return digest_of("folder", self._movable(snapshot.folder if snapshot else _folder()))
        values = snapshot.settings.get(name, {}) if snapshot else self._read_one(name)
        return (content_digest(dict(values)) or OPAQUE) if values else ""

    def is_setting(self, name: str) -> bool:
        """Whether a part of the state is a group of settings."""
        return name in self._settings

    def is_loaded(self, setting: str) -> bool:
        """Whether a group has anything to be set by now."""
        return self._settings[setting].library in sys.modules

    def concerning(self, packages: frozenset[str]) -> Iterable[str]:
        """Settings that may matter to a step which reaches these packages."""
        return [name for name, known in self._settings.items() if known.concerns(packages)]

    def _read_settings(self) -> Mapping[str, Values]:
        return {name: self._read_one(name) for name in self._settings}

    def _read_one(self, name: str) -> Values:
        known = self._settings.get(name)
        if known is None or known.library not in sys.modules:
            return {}
        try:
            return known.read()
        except Exception:  # noqa: BLE001 - a library of another version, or half imported
            return {}

    def _changed_settings(self, before: Snapshot, after: Snapshot) -> Mapping[str, Values]:
        return {
            name: values
            for name, values in after.settings.items()
            if values != before.settings.get(name, {})
        }

    def _apply_settings(self, name: str, values: Values) -> None:
        try:
            self._settings[name].write(values)
        except ImportError:
            return  # a step that gets by without the library cannot tell

    def _movable(self, place: str) -> str:
        if place == self._root or place.startswith(f"{self._root}{os.sep}"):
            return _PROJECT + place[len(self._root) :]
        return place

    def _here(self, place: str) -> str:
        return self._root + place[len(_PROJECT) :] if place.startswith(_PROJECT) else place

    def _apply_folder(self, place: str) -> None:
        try:
            os.chdir(self._here(place))
        except OSError as error:
            raise PipelineError(
                f"An earlier step changed the working directory to {self._here(place)}, which "
                f"cannot be entered here ({error.strerror}). Make the folder, or use paths that "
                "do not depend on os.chdir."
            ) from error

    def _apply_path(self, movable: str, index: int | None) -> None:
        entry = self._here(movable)
        if index is None:
            sys.path[:] = [other for other in sys.path if other != entry]
        elif entry not in sys.path:
            sys.path.insert(index if index >= 0 else len(sys.path), entry)


def _undecoded() -> Mapping[Any, Any]:
    """Decoding each would cost fifty times as much."""
    data: Mapping[Any, Any] = getattr(os.environ, "_data", None) or dict(os.environ)
    return data


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - Path costs 5x
    except OSError:  # it was deleted
        return ""


def _changed_variables(before: Snapshot, after: Snapshot) -> frozenset[str]:
    old, new = before.variables, after.variables
    changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    return frozenset(map(os.fsdecode, changed))


def set_variables(values: Mapping[str, str | None]) -> None:
    """Set environment variables, and take away those whose value is None."""
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _changed_path(before: tuple[str, ...], after: tuple[str, ...]) -> Mapping[str, int | None]:
    """New entries with the place they are to be put in, -1 for the end; None for those gone."""
    if before == after:
        return {}
    kept = [index for index, entry in enumerate(after) if entry in before]
    last = kept[-1] if kept else -1
    places: dict[str, int | None] = {
        entry: (index if index < last else -1)
        for index, entry in enumerate(after)
        if entry not in before
    }
    return places | {entry: None for entry in before if entry not in after}
