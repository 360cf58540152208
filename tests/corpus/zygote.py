"""Fresh processes in milliseconds: forked from one that has only imported libraries."""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.corpus.forking import ask

_ROOT = Path(__file__).parents[2]
_PRELOADED = (
    *("IPython.core.interactiveshell", "jupyter_mlpipe.cli.main", "jupyter_mlpipe.engine.worker"),
    *("alembic.autogenerate", "alembic.operations", "jupyter_mlpipe.cli.runs", "pyarrow"),
    *("jupyter_mlpipe.tracking.sql", "pygments.formatters.terminal256", "pygments.lexers.python"),
    *("jupyter_mlpipe.orchestrators.local", "mlpipe_kernel.extension", "mlpipe_kernel.executor"),
    *("numpy", "pandas", "sqlalchemy.dialects.sqlite", "tests.corpus.children"),
)


class Zygote:
    """A process that forks itself on request; each child calls one function and ends."""

    def __init__(self, folder: Path, *, hash_seed: int) -> None:
        self.path = str(folder / f"zygote-{hash_seed}")
        path = os.pathsep.join([str(_ROOT), str(_ROOT / "kernel")])
        environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": path}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.corpus.zygote", self.path],
            env={**environment, "MPLBACKEND": "Agg", "OPENBLAS_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            cwd=_ROOT,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def call(
        self,
        function: str,
        *arguments: Any,
        folder: Path,
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """`module:function` in a child of its own: `{"code": ..., "result": ...}`."""
        request = {
            "function": function,
            "arguments": arguments,
            "folder": str(folder),
            "log": str(log),
            "environment": dict(environment) if environment is not None else None,
        }
        return ask(self.path, request)

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _serve(path: str) -> None:
    for name in _PRELOADED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen(16)
        print("ready", flush=True)  # noqa: T201 - tells who waits for it
        while True:
            line, _ = door.accept()
            if os.fork() == 0:
                door.close()
                _answer(line)
            line.close()


def _answer(line: socket.socket) -> None:
    """In a child: a grandchild does the work, so that its death can be told."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with line.makefile("rw") as stream:
        request = json.loads(stream.readline())
        result = Path(f"{request['log']}.{os.getpid()}.json")
        worker = os.fork()
        if worker == 0:
            _work(request, result)
        code = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
        value = json.loads(result.read_text()) if result.exists() else None
        result.unlink(missing_ok=True)
        stream.write(json.dumps({"code": code, "result": value}) + "\n")
    os._exit(0)


def _work(request: Mapping[str, Any], result: Path) -> None:
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.setsid()
    os.chdir(request["folder"])
    if request["environment"] is not None:
        os.environ.clear()
        os.environ.update(request["environment"])
    code = 70
    try:
        module, _, name = request["function"].partition(":")
        value = getattr(importlib.import_module(module), name)(*request["arguments"])
        result.write_text(json.dumps(value))
        code = value if isinstance(value, int) else 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever it was is in the log
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(sys.argv[1])
