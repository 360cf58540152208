"""Asks a zygote for processes."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any


def ask(zygote: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Have a function called in a fresh process: its exit code and result."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(zygote)
        with line.makefile("rw") as stream:
            stream.write(json.dumps(request) + "\n")
            stream.flush()
            return json.loads(stream.readline() or '{"code": -9, "result": null}')


class ForkedProcesses:
    """Takes the place of `subprocess.Popen` for our own command line."""

    def __init__(self, zygote: str) -> None:
        self._zygote = zygote

    def __call__(self, command: Sequence[str], **how: Any) -> Any:
        """Start `python -m jupyter_mlpipe ARGUMENTS`."""
        assert list(command[1:3]) == ["-m", "jupyter_mlpipe"], command
        return _Forked(self._zygote, command, how)


class _Forked:
    """As much of a `Popen` as is used; the child runs when it is waited for."""

    pid = 0

    def __init__(self, zygote: str, command: Sequence[str], how: Mapping[str, Any]) -> None:
        self._zygote, self._command, self._how = zygote, command, how
        self._log = how["stdout"]
        self._code: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        request = {
            "function": "tests.corpus.children:command",
            "arguments": [list(self._command[3:])],
            "folder": str(self._how["cwd"]),
            "log": os.readlink(f"/proc/self/fd/{self._log}"),
            "environment": self._how["env"],
        }
        answer = ask(self._zygote, request)
        self._code = answer["code"]
        return answer["code"]

    def poll(self) -> int | None:
        return self._code
