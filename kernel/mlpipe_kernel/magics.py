"""`%pipeline` and `%mlpipe`, and the help of `%%step`."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from jupyter_mlpipe.analysis.options import OPTIONS, parse_pipeline_line
from jupyter_mlpipe.model.errors import NotebookError, NotFoundError
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.tracking.reading import run_details
from jupyter_mlpipe.tracking.store import Query
from mlpipe_kernel.session import KernelSession
from mlpipe_kernel.workbench import Workbench


class MlpipeMagics:
    """The line magics of one session."""

    def __init__(self, shell: Any, session: KernelSession, bench: Workbench) -> None:
        self._shell = shell
        self._session = session
        self._bench = bench
        self._verbs: dict[str, Callable[[Sequence[str]], str]] = {
            "status": self._status,
            "why": self._why,
            "runs": self._runs,
        }

    def register(self) -> None:
        """Make the magics known to the shell, completion and help included."""
        register = self._shell.register_magic_function
        register(self.pipeline, "line", "pipeline")
        register(self.mlpipe, "line", "mlpipe")
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
        """`%pipeline NAME [--param lr:float=0.1 ...]`: name the pipeline of this notebook."""
        name, parameters = parse_pipeline_line(line, "%pipeline")
        self._session.name_pipeline(name)
        for parameter in parameters:
            self._shell.user_ns.setdefault(parameter.name, parameter.default)

    def mlpipe(self, line: str) -> None:
        """`%mlpipe status`, `%mlpipe why STEP`, `%mlpipe runs`."""
        words = shlex.split(line) or ["status"]
        verb = self._verbs.get(words[0])
        if verb is None:
            raise NotebookError(
                f"%mlpipe {words[0]}", f"not a verb; there are {', '.join(self._verbs)}."
            )
        print(verb(words[1:]))  # noqa: T201 - a magic's answer

    def _status(self, _: Sequence[str]) -> str:
        run = self._session.run
        try:
            steps = run_details(self._bench.context.metadata, run.id).steps
        except NotFoundError:
            return f"Pipeline {run.pipeline}: no step has run in this session yet."
        lines = [f"Pipeline {run.pipeline}, run {run.id[:12]}"]
        lines += [f"  {s.step}: {s.status}, {s.reason}" for s in steps]
        return "\n".join(lines)

    def _why(self, words: Sequence[str]) -> str:
        if not words:
            raise NotebookError("%mlpipe why", "name a step: %mlpipe why STEP.")
        where = {"pipeline": self._session.pipeline, "step": words[0]}
        found = self._bench.context.metadata.find(Query(StepRun, where, limit=1)).items
        if not found:
            return f"The step {words[0]} has not run yet."
        last = found[0]
        again = f" When run again it {last.uncacheable}." if last.uncacheable else ""
        return f"{last.step} {last.status}: {last.reason}.{again}"

    def _runs(self, _: Sequence[str]) -> str:
        where = {"pipeline": self._session.pipeline}
        runs = self._bench.context.metadata.find(Query(Run, where, limit=20)).items
        lines = [
            f"{run.id[:12]}  {run.kind:<10} {run.status:<10} "
            f"{datetime.fromtimestamp(run.started).astimezone():%Y-%m-%d %H:%M}"
            for run in runs
        ]
        return "\n".join(lines) or "No runs yet."


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
