"""Runs a cell's code in a namespace, and keeps what it printed and displayed."""

from __future__ import annotations
import __future__

import ast
import asyncio
import hashlib
import importlib.metadata
import importlib.util
import inspect
import io
import linecache
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType
from typing import Any, Protocol, TextIO

from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.model.errors import NotebookError

ENTRY_POINTS = "jupyter_mlpipe.executors"
_KEPT_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of executing a cell."""

    error: BaseException | None = None
    """What the user's code raised; None when it ran to its end."""
    traceback: str = ""
    """As the user is to see it: without frames of ours."""
    outputs: tuple[Mapping[str, Any], ...] = ()
    """Displayed outputs in order, each as nbformat writes it: `stream`, `display_data` or
    `execute_result`."""


class Executor(Protocol):
    """One way to run code."""

    def execute(self, source: str, namespace: dict[str, Any]) -> Outcome:
        """Run a cell as the user wrote it; what it raises is in the outcome.

        Raises:
            NotebookError: This executor cannot run such a cell; nothing was run.
        """
        ...


class PlainExecutor:
    """Runs cells with nothing but Python; top-level `await` works, IPython's commands do not."""

    def execute(self, source: str, namespace: dict[str, Any]) -> Outcome:
        """Run a cell; a final expression is shown as a notebook shows it, as plain text."""
        shown = _Shown()
        try:
            codes = _compile(source, future_flags(namespace))
        except SyntaxError as error:
            return Outcome(error, "".join(traceback.format_exception_only(error)))
        try:
            with shown.streams(), _display_bound(namespace, shown.display):
                result = _run(codes, namespace)
                if result is not None:
                    shown.result(result)
        except BaseException as error:  # noqa: BLE001 - whatever the user's code raises
            return Outcome(error, _user_traceback(error, codes[0].co_filename), shown.outputs)
        return Outcome(outputs=shown.outputs)


def default_executor() -> Executor:
    """IPython's own way where it is installed, plain Python elsewhere."""
    if importlib.util.find_spec("IPython") is None:
        return PlainExecutor()
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        made: Executor = entry.load()()
        return made
    return PlainExecutor()


class _Shown:
    """Outputs in the order they appear; text also goes on to the process's own streams."""

    def __init__(self) -> None:
        self._outputs: list[dict[str, Any]] = []
        self._room = _KEPT_CHARACTERS

    @property
    def outputs(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(self._outputs)

    @contextmanager
    def streams(self) -> Iterator[None]:
        before = {name: getattr(sys, name) for name in ("stdout", "stderr")}
        tees = {name: _Tee(stream, self, name) for name, stream in before.items()}
        for name, tee in tees.items():
            setattr(sys, name, tee)
        try:
            yield
        finally:
            for name, tee in tees.items():
                if getattr(sys, name) is tee:  # what the cell itself put there stays
                    setattr(sys, name, before[name])

    def text(self, name: str, text: str) -> None:
        kept = text[: self._room]
        self._room -= len(kept)
        last = self._outputs[-1] if self._outputs else {}
        if last.get("name") == name:
            last["text"] += kept
        elif kept:
            self._outputs.append({"output_type": "stream", "name": name, "text": kept})

    def display(self, *values: Any) -> None:
        """Stands in for IPython's `display`."""
        for value in values:
            self._show({"output_type": "display_data", "metadata": {}}, value)

    def result(self, value: Any) -> None:
        self._show(
            {"output_type": "execute_result", "metadata": {}, "execution_count": None}, value
        )

    def _show(self, output: dict[str, Any], value: Any) -> None:
        text = repr(value)
        self._outputs.append({**output, "data": {"text/plain": text[:_KEPT_CHARACTERS]}})
        passed_on = sys.stdout.passed_on if isinstance(sys.stdout, _Tee) else sys.stdout
        passed_on.write(f"{text}\n")


class _Tee(io.TextIOBase):
    def __init__(self, passed_on: TextIO, shown: _Shown, name: str) -> None:
        self.passed_on = passed_on
        self._shown = shown
        self._name = name

    def write(self, text: str) -> int:
        self._shown.text(self._name, text)
        return self.passed_on.write(text)

    def flush(self) -> None:
        self.passed_on.flush()

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.passed_on.encoding

    def fileno(self) -> int:
        return self.passed_on.fileno()


def future_flags(namespace: Mapping[str, Any]) -> int:
    """How code is compiled once a cell has imported something from `__future__`.

    In a notebook that holds for all cells that are run later.
    """
    features: dict[str, Any] = {n: getattr(__future__, n) for n in __future__.all_feature_names}
    return sum(
        f.compiler_flag for name, f in features.items() if namespace.get(name, features) is f
    )


def _compile(source: str, flags: int) -> tuple[CodeType, ...]:
    """The statements, and apart from them a final expression whose value is shown."""
    python = python_source(source)
    filename = f"<step {hashlib.blake2b(python.encode(), digest_size=6).hexdigest()}>"
    tree = ast.parse(python, filename)
    _refuse_commands(tree)
    # Without a modification time the entry outlives linecache's checks for changed files.
    linecache.cache[filename] = (len(python), None, python.splitlines(keepends=True), filename)
    last = tree.body[-1] if tree.body and not python.rstrip().endswith(";") else None
    if not isinstance(last, ast.Expr):
        return (_code(tree, filename, "exec", flags),)
    statements = ast.Module(tree.body[:-1], type_ignores=[])
    return (
        _code(statements, filename, "exec", flags),
        _code(ast.Expression(last.value), filename, "eval", flags),
    )


def _code(tree: ast.AST, filename: str, mode: str, flags: int) -> CodeType:
    compiler: Callable[..., CodeType] = compile
    flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return compiler(tree, filename, mode, flags=flags, dont_inherit=True)


def _run(codes: tuple[CodeType, ...], namespace: dict[str, Any]) -> Any:
    """One event loop serves the whole cell, so that tasks live from one `await` to the next."""
    result = None
    with asyncio.Runner() as loop:
        for code in codes:
            result = eval(code, namespace)
            if code.co_flags & inspect.CO_COROUTINE:
                result = loop.run(result)
    return result


@contextmanager
def _display_bound(namespace: dict[str, Any], display: Callable[..., None]) -> Iterator[None]:
    """IPython's `display` for the time of one cell, unless the user has one of their own."""
    if "display" in namespace:
        yield
        return
    namespace["display"] = display
    try:
        yield
    finally:
        if namespace.get("display") == display:
            del namespace["display"]


def _refuse_commands(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_shell(node):
            raise NotebookError("a step", _refusal("get_ipython()"))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            inner = node.func.value
            if isinstance(inner, ast.Call) and _is_shell(inner):
                raise NotebookError("a step", _refusal(_command(node.func.attr, node.args)))


def _is_shell(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == "get_ipython"


def _command(method: str, arguments: list[ast.expr]) -> str:
    if not arguments:
        return f"get_ipython().{method}"
    first = str(arguments[0].value) if isinstance(arguments[0], ast.Constant) else ""
    marks = {"run_line_magic": "%", "run_cell_magic": "%%", "system": "!", "getoutput": "!"}
    return f"{marks[method]}{first}" if method in marks else f"get_ipython().{method}"


def _refusal(command: str) -> str:
    return (
        f"it uses {command}, which only IPython can run, and IPython is not installed here. "
        "Install it where the steps run (pip install 'jupyter_mlpipe[lab]'), or write the line "
        "in Python."
    )


def _user_traceback(error: BaseException, filename: str) -> str:
    """From the cell's own frame on; everything above it is ours."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != filename:
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))
