"""Kernels to measure in, plain or with steps, and what can be asked of them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from types import MappingProxyType
from typing import Any

from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec

ROOT = Path(__file__).parent.parent
_OURS = re.compile(r"[✓↺✗⊘] |restored · |.* its result stands")
_VOLATILE = re.compile(r"0x[0-9a-f]{6,}|\d+(\.\d+)? ?(ns|µs|us|ms|s|min)\b|<ipython-input-[^>]*>")
_NOTHING: Mapping[str, str] = MappingProxyType({})
_OUTPUTS = ("stream", "display_data", "execute_result")
_DIGESTS = """
import gc as _gc, json as _json, jupyter_mlpipe.materializers.fingerprint as _fingerprint
import jupyter_mlpipe.engine.variables as _variables
_watches = [o.stale_callback for o in _gc.get_objects() if type(o).__name__ == "Figure"]
# All figures are drawn with the settings of this moment.
[setattr(w, "drawn", None) for w in _watches if hasattr(w, "drawn")]
del _watches
print(_json.dumps({{n: _fingerprint.content_digest(v) or 'opaque ' + type(v).__name__
    for n, v in sorted(globals().copy().items())
    if _variables.is_data(n, v) and {condition}}}))
"""


@dataclass
class Cell:
    """What a cell sent back."""

    shown: list[str] = field(default_factory=list)
    """Outputs as text; pictures as their bytes in base64."""
    error: str = ""
    line: str = ""
    """The quiet line of ours below it."""
    seconds: float = 0.0
    asked: dict[str, str] = field(default_factory=dict)
    """What expressions came to after the cell, as text."""
    stream: str = ""
    """The stream that the last output belongs to."""
    clearing: bool = False
    """Whether the next output takes the place of all there is."""


class Kernel:
    """One kernel, in a folder, with or without our extension."""

    def __init__(
        self, folder: Path, timeout: float, *, extension: bool, told: Mapping[str, str] = _NOTHING
    ) -> None:
        self._timeout = timeout
        self._manager = KernelManager()
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        command += ["--ext=mlpipe_kernel"] if extension else []
        self._manager._kernel_spec = KernelSpec(argv=command)  # noqa: SLF001
        path = os.pathsep.join([str(ROOT), str(ROOT / "kernel")])
        environment = {**os.environ, "PYTHONPATH": path, "IPYTHONDIR": str(folder / ".ipython")}
        environment["JPY_SESSION_NAME"] = str(folder / "notebook.ipynb")
        environment["PYTHONHASHSEED"] = "0"
        environment |= told
        self._manager.start_kernel(cwd=str(folder), env=environment, stderr=subprocess.DEVNULL)
        self.client = self._manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    @property
    def process(self) -> int:
        """Its id."""
        return int(self._manager.provisioner.pid)

    def run(self, source: str, expressions: dict[str, str] | None = None) -> Cell:
        """Run one cell to its end, and evaluate expressions by name after it.

        Raises:
            TimeoutError: It took too long.
        """
        begun = time.perf_counter()
        asked = self.client.execute(source, stop_on_error=False, user_expressions=expressions or {})
        cell = Cell()
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=self._timeout)
            except Empty:
                self.kill()
                raise TimeoutError(f"a cell took longer than {self._timeout} s") from None
            if message["parent_header"].get("msg_id") != asked:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            _note(cell, kind, content)
        reply = self._reply(asked)
        cell.seconds = time.perf_counter() - begun
        found = reply.get("user_expressions") or {}
        cell.asked = {name: said["data"]["text/plain"] for name, said in found.items()}
        cell.shown = [text for text in map(_steady, cell.shown) if text]
        return cell

    def _reply(self, asked: str) -> dict[str, Any]:
        """Answers to earlier questions are passed over."""
        while True:
            message = self.client.get_shell_msg(timeout=self._timeout)
            if message["parent_header"].get("msg_id") == asked:
                content: dict[str, Any] = message["content"]
                return content

    def kill(self) -> None:
        """As when the machine runs out of memory; nothing is done to one that is killed already."""
        pid = getattr(self._manager.provisioner, "pid", None)
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=True)


def digests_of(kernel: Kernel, names: list[str] | None) -> dict[str, str]:
    """Digests of the kernel's variables, after mentioning the names so that they come back."""
    for name in names or ():
        kernel.run(name + ";")
    condition = "True" if names is None else f"n in {names!r}"
    cell = kernel.run(_DIGESTS.format(condition=condition))
    if cell.error:
        raise RuntimeError(f"the values cannot be looked at: {cell.error}")
    text = next(text for text in reversed(cell.shown) if text.startswith("{"))
    found: dict[str, str] = json.loads(text)
    return found


def facts_of(folder: Path) -> dict[str, str]:
    """Why steps can never hit, by step; empty where they can."""
    command = [sys.executable, "-m", "jupyter_mlpipe", "run", "show", "latest", "--json"]
    path = os.pathsep.join([str(ROOT), str(ROOT / "kernel")])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the run cannot be shown: {done.stderr[-500:]}")
    return {s["step"]: s.get("uncacheable", "") for s in json.loads(done.stdout)["steps"]}


def _note(cell: Cell, kind: str, content: dict[str, Any]) -> None:
    if kind == "clear_output":
        cell.clearing = True
    if cell.clearing and (kind in _OUTPUTS or not content.get("wait", True)):
        cell.shown, cell.stream, cell.clearing = [], "", False
    if kind == "stream":
        _note_text(cell, content["name"], content["text"])
    elif kind in ("display_data", "execute_result"):
        cell.stream = ""
        data = content["data"]
        text = data.get("text/plain", "")
        if "text/html" in data and _OURS.match(text):
            cell.line = text if not text.startswith("restored") else cell.line
        else:
            cell.shown.append(data.get("image/png") or text)
    elif kind == "error":
        cell.error = f"{content['ename']}: {content['evalue'][:100]}"


def _note_text(cell: Cell, name: str, text: str) -> None:
    """The kernel sends what is printed in pieces of any length."""
    if cell.stream == name and cell.shown:
        cell.shown[-1] += text
    else:
        cell.shown.append(text)
    cell.stream = name


def _steady(text: str) -> str:
    """Addresses and timings differ each time; so do the line numbers of warnings."""
    return _VOLATILE.sub("~", text)
