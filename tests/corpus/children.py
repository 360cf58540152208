"""What happens in the forked processes: the program alone, as a notebook, as steps."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jupyter_mlpipe.cli.main import main
from jupyter_mlpipe.engine.data import is_data
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.orchestrators import processes
from mlpipe_kernel import extension
from tests.corpus.forking import ForkedProcesses


def plain(cells: Sequence[str], times: int) -> list[dict[str, Any]]:
    """The oracle: the cells run by IPython alone, all of them several times over."""
    shell = fresh_shell()
    return [_passed(shell, cells) for _ in range(times)]


def notebook(cells: Sequence[str], names: Sequence[str], times: int) -> list[dict[str, Any]]:
    """The same with our extension, in one session; values come when `names` are mentioned."""
    shell = fresh_shell()
    without_our_line(shell)
    extension.attach(shell)
    passes = []
    for _ in range(times):
        seen = _passed(shell, cells)
        run = shown("latest")
        run_cell(shell, "\n".join(names))
        passes.append({**seen, "values": values_of(shell.user_ns), "run": run})
    extension.detach(shell)
    return passes


def edited(
    cells: Sequence[str],
    then: Sequence[str],
    files: Mapping[str, str],
    names: Sequence[str] | None,
) -> dict[str, Any]:
    """Cells, and what the user made of them and the files next, in one session; no `names`: plain.

    Files and what is compiled of them get a time of their own, for clocks may not tell them apart.
    """
    shell = fresh_shell()
    if names is not None:
        without_our_line(shell)
        extension.attach(shell)
    _passed(shell, cells)
    for path, text in files.items():
        Path(path).write_text(text)
        moment = Path(path).stat().st_mtime + 2
        os.utime(path, (moment, moment))
    seen = _passed(shell, then)
    if names is not None:
        run_cell(shell, "\n".join(names))
        seen["values"] = values_of(shell.user_ns)
        extension.detach(shell)
    return seen


def mentioned(names: Sequence[str]) -> dict[str, Any]:
    """What comes back in a new session when the names are mentioned."""
    shell = fresh_shell()
    extension.attach(shell)
    errors = run_cell(shell, "\n".join(names) or "pass")
    state = {"values": values_of(shell.user_ns), "errors": errors}
    extension.detach(shell)
    return state


def shown(run: str) -> Any:
    """`mlpipe run show RUN --json`."""
    text = StringIO()
    with redirect_stdout(text):
        code = main(["run", "show", run, "--json"])
    return json.loads(text.getvalue()) if code == 0 else None


def run_pipeline(notebook: str, zygote: str) -> Any:
    """`mlpipe run NOTEBOOK`, its steps in forked processes of their own; None where it failed."""
    processes.subprocess.Popen = ForkedProcesses(zygote)  # type: ignore[attr-defined]
    code = main(["run", notebook, "--no-cache"])
    return shown("latest") if code == 0 else None


def command(argv: Sequence[str]) -> int:
    """The `mlpipe` command line, as `python -m jupyter_mlpipe` runs it."""
    sys.path.insert(0, str(Path.cwd()))
    return main(list(argv))


def _passed(shell: Any, cells: Sequence[str]) -> dict[str, Any]:
    """What cells leave, raise and print, without what we say below them."""
    text = StringIO()
    with redirect_stdout(text):
        errors = [error for cell in cells for error in run_cell(shell, cell)]
    return {"values": values_of(shell.user_ns), "errors": errors, "shown": text.getvalue()}


def without_our_line(shell: Any) -> None:
    """What a cell shows is to be compared with the plain notebook, which has no such line."""
    publish = shell.display_pub.publish

    def publish_others(data: Mapping[str, Any], *rest: Any, **how: Any) -> None:
        if "--jp-ui-font" not in data.get("text/html", ""):
            publish(data, *rest, **how)

    shell.display_pub.publish = publish_others


def run_cell(shell: Any, cell: str) -> list[str]:
    result = shell.run_cell(cell)
    error = result.error_before_exec or result.error_in_exec
    return [f"{type(error).__name__}: {error}"] if error is not None else []


def values_of(namespace: Mapping[str, Any]) -> dict[str, str]:
    """Digests of all data; what cannot be compared counts by its type."""
    return {
        name: content_digest(value) or f"opaque {type(value).__name__}"
        for name, value in sorted(namespace.items())
        if is_data(name, value)
    }


def fresh_shell() -> Any:
    config = Config()
    config.HistoryManager.enabled = False
    main_module = ModuleType("__main__")
    sys.modules["__main__"] = main_module
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config, user_module=main_module, colors="nocolor")
    sys.path.insert(0, str(Path.cwd()))
    return shell
