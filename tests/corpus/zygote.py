"""Fresh processes in milliseconds: forked from one that has only imported libraries."""

from __future__ import annotations

import gc
import importlib
import importlib.metadata
import json
import os
import selectors
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from jupyter_mlpipe.environments import capture
from tests.corpus.forking import ask

_ROOT = Path(__file__).parents[2]
_PRELOADED = (
    *("IPython.core.application", "IPython.core.completer", "IPython.core.completerlib"),
    *("IPython.core.crashhandler", "IPython.core.interactiveshell", "IPython.core.logger"),
    *("IPython.core.magics", "IPython.core.oinspect", "IPython.utils.wildcard", "bdb", "glob"),
    *("encodings.ascii", "encodings.utf_8_sig", "alembic.command", "alembic.config", "pyarrow"),
    *("alembic.autogenerate", "alembic.operations", "jupyter_mlpipe.cli.runs"),
    *("jupyter_mlpipe.cli.main", "jupyter_mlpipe.cli.workers", "jupyter_mlpipe.engine.worker"),
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
    _remember_what_is_installed()
    gc.freeze()  # a child that collects would copy the pages of all that is shared
    with socket.socket(socket.AF_UNIX) as door, selectors.DefaultSelector() as events:
        door.bind(path)
        door.listen(16)
        print("ready", flush=True)  # noqa: T201 - tells who waits for it
        events.register(door, selectors.EVENT_READ)
        while True:
            for key, _ in events.select():
                if key.fileobj is door:
                    child = _born(door.accept()[0])
                    events.register(child.process, selectors.EVENT_READ, child)
                else:
                    events.unregister(key.fileobj)
                    key.data.answer()


def _remember_what_is_installed() -> None:
    """It stays the same, and each child would read the metadata of all of it."""
    importlib.metadata.entry_points = importlib.metadata.entry_points().select
    found = capture._packages()
    capture._packages = lambda: found


@dataclass(frozen=True, slots=True)
class _Child:
    """At work on a request; who asked waits at the other end of the line."""

    line: socket.socket
    process: int
    """A file descriptor that can be read once the child has ended."""
    pid: int
    result: Path

    def answer(self) -> None:
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        value = json.loads(self.result.read_text()) if self.result.exists() else None
        self.result.unlink(missing_ok=True)
        with self.line, suppress(BrokenPipeError):
            self.line.sendall(json.dumps({"code": code, "result": value}).encode() + b"\n")
        os.close(self.process)


def _born(line: socket.socket) -> _Child:
    with line.makefile("r") as stream:
        request = json.loads(stream.readline())
    pid = os.fork()
    if pid == 0:
        line.close()
        _work(request, _result(request, os.getpid()))
    return _Child(line, os.pidfd_open(pid), pid, _result(request, pid))


def _result(request: Mapping[str, Any], pid: int) -> Path:
    return Path(f"{request['log']}.{pid}.json")


def _work(request: Mapping[str, Any], result: Path) -> NoReturn:
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
