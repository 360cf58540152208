"""A notebook as steps, parameters, and the statements around them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jupyter_mlpipe.analysis.kinds import StatementKind
from jupyter_mlpipe.analysis.magics import line_magics
from jupyter_mlpipe.analysis.options import PipelineLine, parse_pipeline_line, parse_step_line
from jupyter_mlpipe.analysis.parameters import parameter_from_statement, with_value
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.settled import settled
from jupyter_mlpipe.analysis.stated import StatedReader
from jupyter_mlpipe.analysis.statements import (
    Statement,
    kinds_of_names,
    read_statements,
)
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.model.errors import DuplicateStepError, NotebookError
from jupyter_mlpipe.model.pipeline import Parameter
from jupyter_mlpipe.model.stated import Stated
from jupyter_mlpipe.model.step import StepSource

_NBFORMAT = 4
_PAPERMILL_TAG = "parameters"
_PATIENCE = 1.0
"""Seconds that saving a notebook may take."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, from a file or from a live notebook."""

    source: str
    id: str | None = None
    tags: tuple[str, ...] = ()
    position: int = 0
    """Counted from 0 over all cells."""
    type: str = "code"

    @property
    def label(self) -> str:
        """How messages name it."""
        return f"cell {self.position + 1}"


@dataclass(frozen=True, slots=True)
class Notebook:
    """What the project needs to know of a notebook."""

    name: str
    """The pipeline's name."""
    path: str
    steps: tuple[StepSource, ...]
    parameters: tuple[Parameter, ...]
    statements: tuple[Statement, ...]
    """Of all cells that are no steps, in order; parameters included."""
    cache: bool = True
    """False: `%pipeline` says `--no-cache`."""
    tags: tuple[str, ...] = ()
    """Of its runs, from `mlpipe.yaml`."""
    notes: tuple[str, ...] = ()
    """What the user should know of it, as sentences."""


def read_notebook(path: Path) -> Notebook:
    """Read an `.ipynb` file.

    Raises:
        NotebookError: The file cannot be read as a notebook, or a cell of it cannot be used.
    """
    try:
        data = _json(path)
    except OSError as error:
        raise NotebookError(
            str(path), f"cannot be read ({error.strerror}); check the path."
        ) from error
    except (ValueError, RecursionError) as error:
        raise NotebookError(
            str(path), f"is no notebook, for it is not JSON ({error}); save it again in Jupyter."
        ) from error
    notebook = parse_cells(_cells(data, str(path)), path.stem, str(path))
    return with_stated(notebook, StatedReader().read(path.parent, notebook.name))


def with_stated(notebook: Notebook, stated: Stated) -> Notebook:
    """The notebook with what `mlpipe.yaml` says on top of it.

    Raises:
        NotebookError: A parameter's value does not fit its type.
    """
    if not stated.file:
        return notebook
    known = {parameter.name: parameter for parameter in notebook.parameters}
    values = {name: v for name, v in stated.parameters.items() if name in known}
    try:
        changed = {name: with_value(known[name], value) for name, value in values.items()}
    except ValueError as error:
        raise NotebookError(stated.file, str(error)) from error
    names = {step.name for step in notebook.steps}
    unknown = [f"a step {name}" for name in stated.steps if name not in names]
    unknown += [f"a parameter {name}" for name in stated.parameters if name not in known]
    return replace(
        notebook,
        steps=tuple(map(stated.over, notebook.steps)),
        parameters=tuple(changed.get(one.name, one) for one in notebook.parameters),
        cache=notebook.cache if stated.cache is None else stated.cache,
        tags=stated.tags,
        notes=tuple(f"{stated.file} speaks of {what}, which is not there." for what in unknown),
    )


def _json(path: Path) -> object:
    """The file's JSON; one that is just being saved is waited for, as Jupyter empties it first."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return json.loads(path.read_text(encoding="utf-8-sig"))
        except ValueError:
            untouched = abs(time.time() - path.stat().st_mtime) > _PATIENCE
            if untouched or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


def parse_cells(cells: Sequence[Cell], name: str, path: str = "") -> Notebook:
    """Sort cells into steps, parameters and statements.

    Args:
        cells: All cells in order; those that are not code are passed over.
        name: The pipeline's name where no `%pipeline` line gives one.
        path: Of the notebook, for records.

    Raises:
        NotebookError: A cell cannot be used as it is written.
    """
    code = [cell for cell in cells if cell.type == "code"]
    steps = tuple(_step(cell) for cell in code if _magic(cell)[0] == "step")
    _refuse_duplicates(steps)
    others = [cell for cell in code if _magic(cell)[0] != "step"]
    lines = [line for cell in others for line in _pipeline_lines(cell)]
    names = {line.name for line in lines}
    if len(names) > 1:
        raise NotebookError(
            path or name, f"has several %pipeline names: {', '.join(sorted(names))}; keep one."
        )
    stated = [parameter for line in lines for parameter in line.parameters]
    stated += [p for cell in others if _holds_parameters(cell) for p in _parameters(cell)]
    return Notebook(
        name=names.pop() if names else name,
        path=path,
        steps=steps,
        parameters=_distinct(stated, path or name),
        statements=_statements(others),
        cache=all(line.cache for line in lines),
    )


def _cells(data: object, path: str) -> list[Cell]:
    if not isinstance(data, Mapping) or not isinstance(data.get("nbformat"), int):
        raise NotebookError(path, "is no notebook: it has no `nbformat`; choose an .ipynb file.")
    if data["nbformat"] != _NBFORMAT:
        raise NotebookError(
            path,
            f"is in notebook format {data['nbformat']}, expected {_NBFORMAT}; convert it with "
            "`jupyter nbconvert --to notebook --inplace`.",
        )
    cells = data.get("cells")
    if not isinstance(cells, list):
        raise NotebookError(path, "is no notebook: it has no list of cells; save it again.")
    return [_cell(cell, position, path) for position, cell in enumerate(cells)]


def _cell(data: object, position: int, path: str) -> Cell:
    cell = data if isinstance(data, Mapping) else {}
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str) or not isinstance(cell.get("cell_type"), str):
        raise NotebookError(
            f"{path}, cell {position + 1}", "has no type or no text; save the notebook again."
        )
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, Mapping) else None
    id_ = cell.get("id")
    return Cell(
        source=source,
        id=id_ if isinstance(id_, str) else None,
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        position=position,
        type=cell["cell_type"],
    )


def _magic(cell: Cell) -> tuple[str, str, str]:
    """Name, line and body of the magic that opens a cell; empty when none does."""
    text = cell.source.lstrip()
    if not text.startswith("%%"):
        return "", "", cell.source
    head, _, body = text.partition("\n")
    name, _, line = head[2:].strip().partition(" ")
    return name, line, body


def _step(cell: Cell) -> StepSource:
    _, line, body = _magic(cell)
    name, options = parse_step_line(line, cell.label)
    return StepSource(name, body, options, cell.id, cell.position)


def _refuse_duplicates(steps: Sequence[StepSource]) -> None:
    seen: dict[str, StepSource] = {}
    for step in steps:
        first = seen.setdefault(step.name, step)
        if first is not step:
            raise DuplicateStepError(
                step.label,
                f"cell {first.position + 1} is already called {step.name!r}; rename one of them.",
            )


def _body(cell: Cell) -> str:
    """The Python of a cell that is no step."""
    name, _, body = _magic(cell)
    return python_source(body if name == "params" else cell.source)


def _pipeline_lines(cell: Cell) -> list[PipelineLine]:
    try:
        lines = line_magics(parse(_body(cell)), "pipeline")
    except SyntaxError:
        return []
    return [parse_pipeline_line(line, cell.label) for line in lines]


def _holds_parameters(cell: Cell) -> bool:
    return _magic(cell)[0] == "params" or _PAPERMILL_TAG in cell.tags


def _parameters(cell: Cell) -> list[Parameter]:
    """Typed literals; a cell tagged for papermill may hold other statements too."""
    strict = _magic(cell)[0] == "params"
    found = []
    try:
        for statement in parse(_body(cell)).body:
            parameter = parameter_from_statement(statement)
            if parameter is not None:
                found.append(parameter)
            elif strict:
                raise NotebookError(
                    cell.label,
                    "a %%params cell takes only typed literals such as `lr: float = 0.1`, found "
                    f"`{statement_text(cell, statement.lineno)}`. Numbers, text, booleans, lists "
                    "and dicts can be parameters.",
                )
    except SyntaxError as error:
        raise NotebookError(cell.label, f"does not parse ({error}); correct it.") from error
    except ValueError as error:
        raise NotebookError(cell.label, f"{error} Correct the type or the value.") from error
    return found


def statement_text(cell: Cell, line: int) -> str:
    """A line of a cell's Python, as a message quotes it."""
    return _body(cell).splitlines()[line - 1].strip()


def _distinct(parameters: Sequence[Parameter], notebook: str) -> tuple[Parameter, ...]:
    names = [parameter.name for parameter in parameters]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise NotebookError(
            notebook, f"states the parameter {twice[0]!r} more than once; keep one of them."
        )
    return tuple(parameters)


def _statements(cells: Sequence[Cell]) -> tuple[Statement, ...]:
    """Read twice: whether a call is a setting depends on imports that may stand further down."""
    bodies = [(cell, _body(cell)) for cell in cells]
    ahead = kinds_of_names(_in_order(bodies, {}))
    return settled(_in_order(bodies, ahead))


def _in_order(
    bodies: Sequence[tuple[Cell, str]], ahead: Mapping[str, StatementKind]
) -> list[Statement]:
    """A name is what the cells above made of it, else what those below will."""
    known = dict(ahead)
    statements: list[Statement] = []
    for cell, body in bodies:
        found = _of_cell(cell, read_statements(body, cell.position, cell.id, known))
        known.update(kinds_of_names(found))
        statements += found
    return statements


def _of_cell(cell: Cell, statements: Sequence[Statement]) -> list[Statement]:
    if not _holds_parameters(cell):
        return list(statements)
    names = {parameter.name for parameter in _parameters(cell)}
    return [
        replace(statement, kind=StatementKind.PARAMETER)
        if statement.names and statement.names <= names
        else statement
        for statement in statements
    ]
