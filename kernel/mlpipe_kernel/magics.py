"""`%pipeline` and `%mlpipe`, and the help of `%%step`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from jupyter_mlpipe.analysis.options import OPTIONS, parse_pipeline_line
from jupyter_mlpipe.model.errors import NotebookError
from mlpipe_kernel.verbs.table import answer, help_text
from mlpipe_kernel.verbs.verb import Desk


class MlpipeMagics:
    """The line magics of one session."""

    def __init__(self, desk: Desk) -> None:
        self._shell = desk.shell
        self._session = desk.session
        self._desk = desk

    def register(self) -> None:
        """Make the magics known to the shell, completion and help included."""
        register = self._shell.register_magic_function
        register(self.pipeline, "line", "pipeline")
        register(_documented(partial(self.mlpipe), help_text()), "line", "mlpipe")
        register(_documented(_step_help, _step_text()), "cell", "step")
        register(_params_help, "cell", "params")

    def unregister(self) -> None:
        """Take them away again."""
        magics = self._shell.magics_manager.magics
        for kind, name in (
            ("line", "pipeline"),
            ("line", "mlpipe"),
            ("cell", "step"),
            ("cell", "params"),
        ):
            magics[kind].pop(name, None)

    def pipeline(self, line: str) -> None:
        """`%pipeline NAME [--param lr:float=0.1 ...] [--no-cache]`: name this notebook's pipeline.

        With `--no-cache`, none of its steps is skipped.
        """
        said = parse_pipeline_line(line, "%pipeline")
        self._session.name_pipeline(said.name, cache=said.cache)
        for parameter in said.parameters:
            self._shell.user_ns.setdefault(parameter.name, parameter.default)

    def mlpipe(self, line: str) -> None:
        """Answered by a verb; see `verbs.table`."""
        print(answer(line, self._desk))  # noqa: T201 - a magic's answer


def _documented(function: Callable[..., None], text: str) -> Callable[..., None]:
    function.__doc__ = text
    return function


def _step_help(line: str, cell: str) -> None:
    raise NotebookError(f"%%step {line}".strip(), "must be the first line of the cell.")


def _params_help(line: str, cell: str) -> None:
    """Literals such as `lr: float = 0.1`, which each run of the pipeline can set anew."""
    raise NotebookError("%%params", "must be the first line of the cell.")


def _step_text() -> str:
    options = "\n".join(f"  {f'{o.name} {o.metavar}':<28} {o.help}" for o in OPTIONS)
    return f"%%step NAME [options]: make this cell a step of the pipeline.\n\n{options}\n"
