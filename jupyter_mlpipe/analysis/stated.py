"""`mlpipe.yaml`: versions, names, tags, parameters, resources and cache policy of pipelines.

The keys are those of ZenML's configuration files, where it has them. What the file says wins over
the notebook, as there.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from jupyter_mlpipe.analysis.annotations import checked_config, checked_version
from jupyter_mlpipe.analysis.quantities import parse_bytes, parse_count, parse_number, parse_seconds
from jupyter_mlpipe.model.artifact import ArtifactConfig
from jupyter_mlpipe.model.errors import NotebookError
from jupyter_mlpipe.model.labels import plain_metadata
from jupyter_mlpipe.model.pipeline import Resources, Retries
from jupyter_mlpipe.model.stated import Stated, StatedStep

FILE = "mlpipe.yaml"
_NOTHING = Stated()


class StatedReader:
    """Reads the file again only when it was written to."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[tuple[int, int], Stated]] = {}

    def read(self, folder: Path, pipeline: str) -> Stated:
        """What the file in a folder says of a pipeline; nothing where there is no file.

        Raises:
            NotebookError: It is not YAML, or something in it cannot be used; names the line.
        """
        path = folder / FILE
        try:
            found = path.stat()
        except OSError:
            return _NOTHING
        mark, key = (found.st_mtime_ns, found.st_size), (str(path), pipeline)
        known = self._known.get(key)
        if known is None or known[0] != mark:
            known = self._known[key] = (mark, read_stated(_text(path), pipeline, str(path)))
        return known[1]


def read_stated(text: str, pipeline: str, file: str = FILE) -> Stated:
    """What the text of such a file says of a pipeline.

    Raises:
        NotebookError: It is not YAML, or something in it cannot be used; names the line.
    """
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise NotebookError(f"{file}, line {line}", f"is not YAML: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise NotebookError(file, f"is not YAML: {error}.") from error
    if root is None:
        return Stated(file)
    document = _Part(root, file)
    said = dict(_pipeline(document))
    for name, part in document.pairs("pipelines"):
        own = dict(_pipeline(part))
        if name == pipeline:
            said = _joined(said, own)
    return Stated(file, **said)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotebookError(str(path), f"cannot be read: {error}.") from error


class _Part:
    """A piece of the file that knows its line."""

    def __init__(self, node: Any, file: str, line: int = 0) -> None:
        self._node = node
        self._file = file
        self.line = line or node.start_mark.line + 1

    def pairs(self, key: str = "") -> Iterator[tuple[str, _Part]]:
        """Keys and values; of what stands under `key`, if one is given."""
        if not isinstance(self._node.value, list) or self._node.tag != "tag:yaml.org,2002:map":
            raise self.error(f"expected keys with values, found {self.value()!r}.")
        seen = set()
        for name_node, node in self._node.value:
            name = str(name_node.value)
            part = _Part(node, self._file, name_node.start_mark.line + 1)
            if name in seen:
                raise part.error(f"{name!r} is said twice.")
            seen.add(name)
            if not key:
                yield name, part
            elif name == key:
                yield from part.pairs()

    def value(self) -> Any:
        """As YAML's plain values."""
        from yaml.constructor import ConstructorError, SafeConstructor

        try:
            return SafeConstructor().construct_document(self._node)
        except (ConstructorError, ValueError) as error:
            raise self.error(f"cannot be used: {error}.") from error

    def error(self, problem: str) -> NotebookError:
        return NotebookError(f"{self._file}, line {self.line}", problem)

    def read(self, readers: Mapping[str, Callable[[Any], Any]]) -> Iterator[tuple[str, Any]]:
        """Each key with what its reader makes of the value."""
        for name, part in self.pairs():
            if name not in readers:
                close = difflib.get_close_matches(name, readers, n=1)
                hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(readers)}."
                raise part.error(f"unknown key {name!r}. {hint}")
            try:
                reader = readers[name]
                yield name, reader(part if reader in _OF_PARTS else part.value())
            except (ValueError, TypeError) as error:
                raise part.error(f"{name}: {error}") from error


def _pipeline(part: _Part) -> Iterator[tuple[str, Any]]:
    own = {}
    for name, value in part.read({**_PIPELINE, **_STEP}):
        if name in _PIPELINE:
            own[name] = value
        else:
            own.setdefault("of_all", {})[name] = value
    if "of_all" in own:
        yield "of_all", _stated_step(own.pop("of_all"))
    yield from (("cache" if n == "enable_cache" else n, v) for n, v in own.items() if n != _PASSED)


def _joined(general: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """What is said of one pipeline on top of what is said of all beside the file."""
    nothing = StatedStep()
    of_all = general.get("of_all", nothing).joined(own.get("of_all", nothing))
    steps = dict(general.get("steps", {}))
    for name, step in own.get("steps", {}).items():
        steps[name] = steps.get(name, nothing).joined(step)
    return {
        **general,
        **own,
        "tags": tuple(dict.fromkeys((*general.get("tags", ()), *own.get("tags", ())))),
        "parameters": {**general.get("parameters", {}), **own.get("parameters", {})},
        "of_all": of_all,
        "steps": steps,
    }


def _stated_step(said: Mapping[str, Any]) -> StatedStep:
    known = {field.name for field in fields(StatedStep)}
    options: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, value in said.items():
        if name == "settings":
            options |= value
        elif name == "outputs":
            rest["outputs"] = {v: config for v, (config, _) in value.items()}
            rest["materializers"] = {v: how for v, (_, how) in value.items() if how}
        elif name in known:
            rest[name] = value
        else:
            options[_FIELDS.get(name, name)] = value
    return StatedStep(options=options, **rest)


def _steps(part: _Part) -> Mapping[str, StatedStep]:
    return {name: _stated_step(dict(step.read(_STEP))) for name, step in part.pairs()}


def _outputs(part: _Part) -> Mapping[str, tuple[ArtifactConfig, str]]:
    return {name: _output(one) for name, one in part.pairs()}


def _output(part: _Part) -> tuple[ArtifactConfig, str]:
    said = part.value()
    if isinstance(said, str):
        said = {"name": said}
    if not isinstance(said, dict):
        raise part.error(f"expected a name, or name, version and so on, found {said!r}.")
    materializer = said.pop("materializer", "")
    said |= said.pop("artifact_config", None) or {}
    try:
        return checked_config(said), _words(materializer) if materializer else ""
    except ValueError as error:
        raise part.error(str(error)) from error


def _settings(part: _Part) -> Mapping[str, Any]:
    return dict(part.read({"resources": _resources}))


def _resources(part: _Part) -> Resources:
    said = dict(part.read({name: reader for name, (_, reader) in _AMOUNTS.items()}))
    return Resources(**{_AMOUNTS[name][0]: amount for name, amount in said.items()})


def _retry(part: _Part) -> Retries:
    said = dict(part.read({"max_retries": _count, "delay": _seconds, "backoff": _number}))
    return Retries(
        int(said.get("max_retries", 0)), said.get("delay", 0.0), said.get("backoff", 1.0)
    )


def _pipelines(part: _Part) -> None:
    """Read by `read_stated`, which knows which of them is meant."""


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"expected true or false, found {value!r}.")
    return value


def _words(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f"expected a text, found {value!r}; put quotes around it.")
    return value


def _version(value: Any) -> str:
    return str(checked_version(_words(value)))


def _tags(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise TypeError(f"expected a list of texts such as [raw, v1], found {value!r}.")
    return tuple(value)


def _texts(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise TypeError(f"expected names with texts, found {value!r}; put quotes around values.")
    return {str(name): text for name, text in value.items()}


def _values(value: Any) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"expected names with values, found {value!r}.")
    return {str(name): one for name, one in value.items()}


def _count(value: Any) -> int:
    return parse_count(str(value))


def _number(value: Any) -> float:
    return parse_number(str(value))


def _seconds(value: Any) -> float:
    return parse_seconds(str(value))


def _size(value: Any) -> int:
    return parse_bytes(str(value))


_AMOUNTS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "cpu": ("cpu", _number),
    "cpu_count": ("cpu", _number),
    "gpu": ("gpu", _count),
    "gpu_count": ("gpu", _count),
    "memory": ("memory", _size),
    "disk": ("disk", _size),
}
_STEP: Mapping[str, Callable[[Any], Any]] = {
    "enable_cache": _switch,
    "enable_artifact_visualization": _switch,
    "version": _version,
    "outputs": _outputs,
    "tags": _tags,
    "metadata": plain_metadata,
    "resources": _resources,
    "settings": _settings,
    "retry": _retry,
    "timeout": _seconds,
    "expires_after": _seconds,
    "image": _words,
    "env": _texts,
    "secrets": _texts,
}
_FIELDS = {
    "enable_cache": "cache",
    "enable_artifact_visualization": "visualizations",
    "retry": "retries",
}
"""Keys that `StepOptions` calls otherwise."""
_PASSED = "pipelines"
_PIPELINE: Mapping[str, Callable[[Any], Any]] = {
    "enable_cache": _switch,
    "tags": _tags,
    "parameters": _values,
    "steps": _steps,
    _PASSED: _pipelines,
}
_OF_PARTS = (_outputs, _resources, _settings, _retry, _steps, _pipelines)
"""Readers that look at the lines of what is inside."""
