"""A real kernel, driven cell by cell as JupyterLab drives it."""

from __future__ import annotations

import os
import re
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec

from tests.postgres import running_server
from tests.s3 import bucket
from tests.s3 import running_server as s3_server

ROOT = Path(__file__).parent.parent
_WAIT = 120
# A machine that is busy with other things finds no fault by being slow.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@dataclass
class CellOutcome:
    """What a cell sent back."""

    outputs: list = field(default_factory=list)
    error: str = ""
    events: list = field(default_factory=list)

    @property
    def text(self):
        """Everything shown, as text."""
        parts = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in self.outputs]
        return "\n".join(parts)

    @property
    def shown(self):
        """What the cell itself displayed, without the line of ours."""
        return [o for o in self.outputs if "text/html" not in o.get("data", {}) or not _ours(o)]

    @property
    def line(self):
        """The quiet line."""
        lines = [o["data"]["text/plain"] for o in self.outputs if "data" in o and _ours(o)]
        return lines[-1] if lines else ""


def _ours(output):
    return re.match(
        r"[✓↺✗⊘] |restored ·|.* its result stands", output["data"].get("text/plain", "")
    )


class LiveKernel:
    """The kernel "Python 3 (mlpipe)" in a folder of its own."""

    def __init__(self, folder, notebook="study.ipynb"):
        self.folder = Path(folder)
        self.notebook = self.folder / notebook
        self._env = {
            **os.environ,
            "JPY_SESSION_NAME": str(self.notebook),
            "IPYTHONDIR": str(self.folder / ".ipython"),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "kernel")]),
            "JUPYTER_PLATFORM_DIRS": "1",
        }
        self.start()

    def start(self):
        self._manager = KernelManager()
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        self._manager._kernel_spec = KernelSpec(argv=[*command, "--ext=mlpipe_kernel"])
        self._manager.start_kernel(cwd=str(self.folder), env=self._env)
        self.client = self._manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=_WAIT)

    def run(self, source, cell_id=None):
        """Run one cell to its end."""
        return self._collect(self.send(source, cell_id))

    def send(self, source, cell_id=None):
        """Begin to run one cell."""
        content = {"code": source, "silent": False, "store_history": True, "stop_on_error": False}
        message = self.client.session.msg("execute_request", content)
        message["metadata"] = {"cellId": cell_id} if cell_id else {}
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def interrupt(self):
        """As the user's stop button does."""
        self._manager.interrupt_kernel()

    def _collect(self, msg_id):
        outcome = CellOutcome()
        while True:
            message = self.client.get_iopub_msg(timeout=_WAIT)
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                self.client.get_shell_msg(timeout=_WAIT)
                return outcome
            last = outcome.outputs[-1] if outcome.outputs else {}
            if kind == "stream" and last.get("name") == content["name"]:
                last["text"] += content["text"]  # a busy kernel flushes in the middle of a line
            elif kind in ("stream", "display_data", "execute_result"):
                outcome.outputs.append({"output_type": kind, **content})
            elif kind == "error":
                outcome.error = "\n".join(content["traceback"])
            elif kind == "comm_msg":
                outcome.events.append(content["data"])

    def complete(self, code):
        """What Tab offers at the end of the code."""
        return self.client.complete(code, len(code), reply=True, timeout=_WAIT)["content"][
            "matches"
        ]

    def inspect(self, code):
        """What Shift-Tab tells at the end of the code; empty when nothing is found."""
        reply = self.client.inspect(code, len(code), reply=True, timeout=_WAIT)
        return reply["content"]["data"].get("text/plain", "")

    def restart(self):
        """Stop as the user's restart does, and start anew."""
        self.stop()
        self.start()

    def kill(self):
        """As when the machine runs out of memory."""
        os.kill(self._manager.provisioner.pid, signal.SIGKILL)
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def stop(self):
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=False)


@pytest.fixture
def live_kernel(tmp_path):
    kernel = LiveKernel(tmp_path)
    yield kernel
    kernel.stop()


@pytest.fixture(autouse=True)
def jp_asyncio_loop():
    """Only tests of the Jupyter server need its plug-in's loop; see `tests/lab/conftest.py`."""


@pytest.fixture(autouse=True)
def jp_server_cleanup():
    """As above."""


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server, without any database of ours."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def s3_port():
    """Of a server that speaks S3."""
    with s3_server() as port:
        yield port


@pytest.fixture
def s3(s3_port, monkeypatch, tmp_path):
    """A bucket."""
    return bucket(s3_port, monkeypatch, tmp_path / "config")
