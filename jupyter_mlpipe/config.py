"""Settings of a project: `pyproject.toml`, then `mlpipe.toml`, then `MLPIPE_*` variables."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from jupyter_mlpipe.model.errors import ConfigError
from jupyter_mlpipe.model.project import DEFAULT_PROJECT

_MARKS = ("pyproject.toml", "mlpipe.toml", ".git")
_PREFIX = "MLPIPE_"
_SQLITE = "sqlite:///"
_Reader: TypeAlias = Callable[[str, object], object]
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a project keeps what it records; the last value said wins."""

    root: Path
    """The project's folder."""
    home: Path
    """What we write by default goes below it."""
    project: str = DEFAULT_PROJECT
    """Whose names and lists it uses in a metadata store that several projects share."""
    artifact_store: str = ""
    """An fsspec URL or a folder; `home/artifacts` when nothing is said."""
    metadata_store: str = ""
    """A SQLAlchemy URL; `home/metadata.db` when nothing is said."""
    cache: bool = True
    """False: no step is ever a cache hit."""
    page_tracking: bool = True
    """False: large arrays are read to see whether they changed, also where Linux could tell."""
    airflow_command: str = "airflow"
    """How to call Airflow, which may live in an environment of its own."""
    trust: bool = False
    """Whether values of others are loaded without a question, which no project can say itself."""
    user: Path = field(default_factory=lambda: _user_folder({}))
    """Folder for what is of the user, and of no project."""

    def __post_init__(self) -> None:
        if not self.artifact_store:
            object.__setattr__(self, "artifact_store", str(self.home / "artifacts"))
        if not self.metadata_store:
            object.__setattr__(self, "metadata_store", f"{_SQLITE}{self.home / 'metadata.db'}")


def load_settings(start: Path, environ: Mapping[str, str]) -> Settings:
    """Read the settings that hold in the folder `start`.

    Raises:
        ConfigError: A key is unknown or a value unusable; names the file or variable.
    """
    root = find_root(start)
    said = _table(root / "pyproject.toml", "tool", "mlpipe")
    said |= _table(root / "mlpipe.toml")
    said |= _variables(environ, {**_READERS, **_USERS_OWN})
    home = _below(root, str(said.pop("home", ".mlpipe")))
    if "artifact_store" in said:
        said["artifact_store"] = _store_location(root, said["artifact_store"])
    if "metadata_store" in said:
        said["metadata_store"] = _database_location(root, said["metadata_store"])
    return Settings(root=root, home=home, user=_user_folder(environ), **said)


def find_root(start: Path) -> Path:
    """The nearest folder upwards that is marked as a project, else `start` itself."""
    start = start.absolute()
    for folder in (start, *start.parents):
        if any((folder / mark).exists() for mark in _MARKS):
            return folder
    return start


def _table(path: Path, *keys: str) -> dict[str, Any]:
    table: Any = _parse(path)
    for key in keys:
        table = table.get(key, {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: expected the table [{'.'.join(keys)}], found {table!r}.")
    for key in table:
        if key not in _READERS:
            raise ConfigError(f"{path}: unknown setting {key!r}. {_suggest(key)}")
    return {key: _READERS[key](f"{path}: {key}", value) for key, value in table.items()}


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error


def _variables(environ: Mapping[str, str], readers: Mapping[str, _Reader]) -> dict[str, Any]:
    """Only near misses are refused: workers are told other facts in variables of this prefix."""
    said = {}
    for variable, value in environ.items():
        key = variable.removeprefix(_PREFIX).lower()
        if not variable.startswith(_PREFIX):
            continue
        if key in readers:
            said[key] = readers[key](f"environment variable {variable}", value)
        elif difflib.get_close_matches(key, readers, n=1, cutoff=0.85):
            raise ConfigError(f"Unknown environment variable {variable}. {_suggest(key)}")
    return said


def _suggest(key: str) -> str:
    close = difflib.get_close_matches(key, _READERS, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Known are {', '.join(_READERS)}."


def _text(origin: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ConfigError(f"{origin}: expected a text that is not empty, found {value!r}.")
    return value.strip()


def _url(origin: str, value: object) -> str:
    text = _text(origin, value)
    if "://" not in text:
        raise ConfigError(
            f"{origin}: expected a database URL such as sqlite:///runs.db, found {text!r}."
        )
    return text


def _switch(origin: str, value: object) -> bool:
    word = str(value).strip().lower() if isinstance(value, bool | str) else ""
    if word not in _TRUE | _FALSE:
        raise ConfigError(f"{origin}: expected true or false, found {value!r}.")
    return word in _TRUE


def _everything(origin: str, value: object) -> bool:
    if value != "all":
        raise ConfigError(f"{origin}: expected `all`, or nothing at all, found {value!r}.")
    return True


def _user_folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()) / "mlpipe"


_READERS: Mapping[str, _Reader] = {
    "home": _text,
    "project": _text,
    "artifact_store": _text,
    "metadata_store": _url,
    "cache": _switch,
    "page_tracking": _switch,
    "airflow_command": _text,
}
_USERS_OWN: Mapping[str, _Reader] = {"trust": _everything}
"""What is said in the environment only."""


def _below(root: Path, path: str) -> Path:
    return root / Path(path).expanduser()


def _store_location(root: Path, location: str) -> str:
    return location if "://" in location else str(_below(root, location))


def _database_location(root: Path, url: str) -> str:
    """A relative SQLite file belongs to the project, wherever the process was started."""
    path = url.removeprefix(_SQLITE)
    is_file = url.startswith(_SQLITE) and path and not path.startswith(("file:", ":memory:"))
    return f"{_SQLITE}{_below(root, path)}" if is_file else url
