"""What a cell says of its outputs: `df: Annotated[DataFrame, ArtifactConfig(name="iris")] = ...`.

It is read from the text, before the cell runs, so that a version that is taken already is refused
before anything is computed. Hence only literals and names of constants can stand there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.model.artifact import ArtifactConfig, ArtifactType
from jupyter_mlpipe.model.errors import NotebookError
from jupyter_mlpipe.model.labels import plain_metadata

_CONFIG = ArtifactConfig.__name__
_FIELDS = tuple(field.name for field in fields(ArtifactConfig))
_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


def annotated_outputs(
    source: str, constants: Mapping[str, Any], cell: str
) -> Mapping[str, ArtifactConfig]:
    """By variable, what the annotations of a cell's assignments say.

    Args:
        source: The cell, as `python_source` gives it.
        constants: What names stand for that the cell does not bind itself.
        cell: How messages name it.

    Raises:
        NotebookError: What is said cannot be known before the cell runs, or makes no sense.
    """
    found = {}
    for variable, note in _annotations(parse(source)):
        try:
            config = _config(note, constants)
        except (ValueError, TypeError) as error:
            raise NotebookError(cell, f"the annotation of `{variable}`: {error}") from error
        if config is not None:
            found[variable] = config
    return found


def checked_config(said: Mapping[str, Any]) -> ArtifactConfig:
    """The record of what was said, if each part of it can be used.

    Raises:
        ValueError: A key or a value cannot be used; tells what is expected.
    """
    unknown = sorted(set(said) - set(_FIELDS))
    if unknown:
        raise ValueError(f"{_CONFIG} has no {unknown[0]!r}; it has {', '.join(_FIELDS)}.")
    tags, metadata = said.get("tags") or (), said.get("run_metadata") or {}
    if not isinstance(tags, list | tuple) or not all(isinstance(tag, str) for tag in tags):
        raise ValueError(f"tags are a list of texts, found {tags!r}.")
    if not isinstance(metadata, Mapping):
        raise ValueError(f"run_metadata is a dict, found {metadata!r}.")  # noqa: TRY004  # of the text
    return ArtifactConfig(
        name=_text("name", said.get("name")),
        version=checked_version(_text("version", said.get("version"))),
        tags=tuple(tags),
        artifact_type=_artifact_type(said.get("artifact_type")),
        run_metadata=plain_metadata(metadata),
    )


def checked_version(version: str | None) -> str | None:
    """A version name that cannot be taken for a number.

    Raises:
        ValueError: It can.
    """
    if version is not None and version.isdecimal():
        raise ValueError(
            f"the version name {version!r} looks like a number, and those are counted by "
            f"themselves; call it v{version}."
        )
    return version


def _annotations(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Variables of the notebook with each further argument of their `Annotated[...]`."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Subscript() as stated):
                yield from ((name, note) for note in _notes(stated))
        waiting += [c for c in ast.iter_child_nodes(node) if not isinstance(c, _SCOPES)]


def _notes(annotation: ast.Subscript) -> list[ast.expr]:
    parts = annotation.slice
    is_annotated = _name(annotation.value) == "Annotated" and isinstance(parts, ast.Tuple)
    return parts.elts[1:] if is_annotated and isinstance(parts, ast.Tuple) else []


def _config(note: ast.expr, constants: Mapping[str, Any]) -> ArtifactConfig | None:
    match note:
        case ast.Constant(value=str(name)):
            return checked_config({"name": name})
        case ast.Call(func=function, args=given, keywords=keywords) if _name(function) == _CONFIG:
            if len(given) > len(_FIELDS) or any(keyword.arg is None for keyword in keywords):
                raise ValueError(f"{_CONFIG} takes {', '.join(_FIELDS)} by name.")
            said = {field: _value(one, constants) for field, one in zip(_FIELDS, given)}  # noqa: B905
            said |= {str(k.arg): _value(k.value, constants) for k in keywords}
            return checked_config(said)
    return None


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _value(node: ast.expr, constants: Mapping[str, Any]) -> Any:
    match node:
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return [_value(item, constants) for item in items]
        case ast.Dict(keys=keys, values=values) if None not in keys:
            pairs = zip(keys, values, strict=True)
            return {_value(k, constants): _value(v, constants) for k, v in pairs if k is not None}
        case ast.Attribute(value=owner, attr=member) if _name(owner) == ArtifactType.__name__:
            return member
        case ast.Name(id=name) if isinstance(constants.get(name), str | int | float | list | dict):
            return constants[name]
        case ast.JoinedStr(values=parts):
            return "".join(str(_value(part, constants)) for part in parts)
        case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
            return _value(value, constants)
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise ValueError(
            f"`{ast.unparse(node)}` is not known before the cell runs. Write a literal, or the "
            "name of a constant that an earlier cell sets."
        ) from None


def _text(field: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError(f"{field} is a text, found {value!r}.")


def _artifact_type(value: Any) -> ArtifactType | None:
    if value is None:
        return None
    if isinstance(value, str) and value.upper() in ArtifactType.__members__:
        return ArtifactType(value.upper())
    raise ValueError(f"{value!r} is no artifact type; types are {', '.join(ArtifactType)}.")
