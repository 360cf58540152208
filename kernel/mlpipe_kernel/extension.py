"""Wires one session to one shell, and unhooks it again."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_mlpipe.config import load_settings
from jupyter_mlpipe.engine.bus import Listener
from jupyter_mlpipe.engine.context import RunContext
from jupyter_mlpipe.model.errors import ConfigError
from jupyter_mlpipe.model.events import CellsEdited, NotebookMoved, Said, StaleWanted
from mlpipe_kernel.comm import TARGET, SidebarComm
from mlpipe_kernel.completion import Completion
from mlpipe_kernel.gate import MarkTransformer, StepGate
from mlpipe_kernel.idle import Idle
from mlpipe_kernel.magics import MlpipeMagics
from mlpipe_kernel.session import KernelSession
from mlpipe_kernel.staleness import Staleness
from mlpipe_kernel.verbs.table import offers
from mlpipe_kernel.verbs.verb import Desk
from mlpipe_kernel.whereabouts import notebook_path, project_folder
from mlpipe_kernel.workbench import Workbench

_ATTRIBUTE = "_mlpipe_detach"
"""Where the shell keeps how to undo `attach`; each shell has a session of its own."""


def attach(shell: Any) -> None:
    """Begin a session on a shell; a second call changes nothing."""
    if getattr(shell, _ATTRIBUTE, None) is not None:
        return
    notebook = notebook_path(os.environ, shell.user_ns)
    try:
        settings = load_settings(project_folder(notebook, Path.cwd()), os.environ)
    except ConfigError as error:
        print(f"mlpipe is not active: {error}")  # noqa: T201 - the shell has nothing else yet
        return
    undo: list[Callable[[], object]] = []
    bench = Workbench(
        shell, settings, lambda context: _connect(context, (staleness.heard, comm.send), undo)
    )
    session = KernelSession(shell, bench, notebook)
    comm = SidebarComm(session.greeting, lambda said: _hear(session, staleness, said))
    staleness = Staleness(session, bench, Idle(shell), comm.send)
    undo.append(bench.follow_imports())
    _hook_cells(shell, session, undo)
    _hook_staleness(shell, staleness, undo)
    _hook_comm(shell, comm, undo)
    desk = Desk(shell, session, bench, staleness)
    magics = MlpipeMagics(desk)
    magics.register()
    completion = Completion(shell, lambda said: offers(said, desk), session)
    undo += [completion.hook(), magics.unregister, comm.close, session.end]
    atexit.register(session.end)
    setattr(shell, _ATTRIBUTE, undo)
    bench.warm_up()


def detach(shell: Any) -> None:
    """End the session and leave the shell as it was."""
    for step in reversed(getattr(shell, _ATTRIBUTE, None) or []):
        step()
    setattr(shell, _ATTRIBUTE, None)


def _connect(
    context: RunContext, listeners: Sequence[Listener], undo: list[Callable[[], object]]
) -> None:
    undo.extend(context.events.subscribe(listener) for listener in listeners)


def _hear(session: KernelSession, staleness: Staleness, said: Said) -> None:
    match said:
        case NotebookMoved(path) if path.endswith(".ipynb"):
            session.move(Path(path))
        case CellsEdited(cells):
            staleness.edited(cells)
        case StaleWanted(done):
            staleness.wanted(done)


def _hook_cells(shell: Any, session: KernelSession, undo: list[Callable[[], object]]) -> None:
    mark = MarkTransformer(shell.input_transformer_manager.transform_cell)
    gate = StepGate(session, shell.user_ns)
    shell.input_transformers_cleanup.append(mark)
    shell.ast_transformers.append(gate)

    def after(result: Any) -> None:
        gate.clear()
        mark.clear()
        session.after_cell(result)

    shell.events.register("pre_run_cell", session.before_cell)
    shell.events.register("post_run_cell", after)
    undo += [
        lambda: shell.input_transformers_cleanup.remove(mark),
        lambda: shell.ast_transformers.remove(gate),
        lambda: shell.events.unregister("pre_run_cell", session.before_cell),
        lambda: shell.events.unregister("post_run_cell", after),
    ]


def _hook_staleness(shell: Any, staleness: Staleness, undo: list[Callable[[], object]]) -> None:
    for event, listener in (
        ("pre_run_cell", staleness.before_cell),
        ("post_run_cell", staleness.after_cell),
    ):
        shell.events.register(event, listener)
        undo.append(partial(shell.events.unregister, event, listener))
    undo.append(staleness.end)


def _hook_comm(shell: Any, comm: SidebarComm, undo: list[Callable[[], object]]) -> None:
    kernel = getattr(shell, "kernel", None)
    if kernel is not None and hasattr(kernel, "comm_manager"):
        kernel.comm_manager.register_target(TARGET, comm.opened)
        undo.append(lambda: kernel.comm_manager.unregister_target(TARGET, comm.opened))
