"""Runs a step's cell in IPython on a worker: magics, shell lines and displays as in a notebook."""

from __future__ import annotations

import sys
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jupyter_mlpipe.engine.executor import Outcome, future_flags
from mlpipe_kernel.recorder import OutputRecorder


class ShellExecutor:
    """A bare shell per cell, without kernel, history or terminal."""

    def execute(self, source: str, namespace: dict[str, Any]) -> Outcome:
        """Run a cell as the user wrote it; what it raises is in the outcome."""
        shell = _shell(namespace)
        shell.compile.flags |= future_flags(namespace)
        recorder = OutputRecorder(shell)
        recorder.start()
        try:
            result = shell.run_cell(source, store_history=False)
        finally:
            outputs = recorder.stop()
            _WorkerShell.clear_instance()
        error = result.error_before_exec or result.error_in_exec
        return Outcome(error, shell.shown_traceback if error else "", outputs)


class _Publisher(DisplayPublisher):
    """Passes messages in ipykernel's form to hooks, so that one recorder serves both."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hooks: list[Any] = []

    def register_hook(self, hook: Any) -> None:
        self.hooks.append(hook)

    def unregister_hook(self, hook: Any) -> None:
        self.hooks.remove(hook)

    def publish(self, data: Any, metadata: Any = None, **facts: Any) -> None:
        kind = "update_display_data" if facts.get("update") else "display_data"
        content = {"data": _encoded(data), "metadata": metadata or {}}
        content["transient"] = facts.get("transient") or {}
        self._tell(kind, content)

    def clear_output(self, wait: bool = False) -> None:
        self._tell("clear_output", {"wait": wait})

    def _tell(self, kind: str, content: dict[str, Any]) -> None:
        for hook in tuple(self.hooks):
            hook({"header": {"msg_type": kind}, "content": content})


class _Displayed(DisplayHook):
    """The value of a cell's last expression, in the same form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hooks: list[Any] = []

    def register_hook(self, hook: Any) -> None:
        self.hooks.append(hook)

    def unregister_hook(self, hook: Any) -> None:
        self.hooks.remove(hook)

    def write_output_prompt(self) -> None:
        return

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        content = {"data": _encoded(format_dict), "metadata": md_dict or {}}
        for hook in tuple(self.hooks):
            hook({"header": {"msg_type": "execute_result"}, "content": content})


class _WorkerShell(InteractiveShell):
    """Keeps a traceback as text instead of printing it in colour."""

    shown_traceback = ""

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        self.shown_traceback = "\n".join(stb)
        print(self.shown_traceback, file=sys.stderr)  # noqa: T201 - the step's log


def _shell(namespace: dict[str, Any]) -> Any:
    config = Config()
    config.HistoryManager.enabled = False  # else each step opens the user's history file
    return _WorkerShell.instance(  # `display` looks for the one shell of the process
        config=config,
        user_module=sys.modules["__main__"],
        user_ns=namespace,
        display_pub_class=_Publisher,
        displayhook_class=_Displayed,
        colors="nocolor",
    )


def _encoded(data: Any) -> dict[str, Any]:
    from base64 import b64encode

    return {k: b64encode(v).decode() if isinstance(v, bytes) else v for k, v in data.items()}
