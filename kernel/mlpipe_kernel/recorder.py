"""Records what a cell displays while it is displayed, and displays it again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

_PUBLISHED = ("display_data", "execute_result")
_STREAMS = ("stdout", "stderr")
"""In the order in which a kernel sends what is left in them."""


@dataclass(slots=True)
class _Unsent:
    """What was written to a stream since it last sent anything."""

    due: float
    texts: list[str] = field(default_factory=list)


class OutputRecorder:
    """Listens to everything a cell shows without changing it.

    In the order in which the kernel sends it. A stream sends what was written to it a moment
    later, unless something is displayed or the cell ends before.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._outputs: list[dict[str, Any]] = []
        self._unsent: dict[str, _Unsent] = {}
        self._undo: list[Callable[[], object]] = []

    def start(self) -> None:
        """Begin to listen."""
        self._outputs = []
        self._unsent = {}
        for name in _STREAMS:
            self._tap(getattr(sys, name), name)
        for publisher in (self._shell.display_pub, self._shell.displayhook):
            if hasattr(publisher, "register_hook"):
                publisher.register_hook(self._hear)
                self._undo.append(partial(publisher.unregister_hook, self._hear))

    def stop(self) -> tuple[Mapping[str, Any], ...]:
        """Stop listening; what was shown, as nbformat 4 writes it.

        What is unsent is sent, as at the end of a cell: what is done for a step before its cell
        ends takes long enough for the streams to send by themselves, in another order.
        """
        while self._undo:
            self._undo.pop()()
        for name in _STREAMS:
            if name in self._unsent:
                getattr(sys, name).flush()
        self._send_all()
        for output in self._outputs:
            output.pop("display_id", None)
        return tuple(self._outputs)

    def _tap(self, stream: Any, name: str) -> None:
        write = stream.write
        delay = getattr(stream, "flush_interval", 0.0)

        def tapped(text: str) -> Any:
            self._hear_text(name, text, delay)
            return write(text)

        try:
            stream.write = tapped  # libraries that hold the stream are heard too
        except AttributeError:
            return
        self._undo.append(lambda: stream.__dict__.pop("write", None))

    def _hear_text(self, name: str, text: Any, delay: float) -> None:
        if not isinstance(text, str) or not text:
            return
        now = time.monotonic()
        for due in [n for n, unsent in self._unsent.items() if unsent.due <= now]:
            self._send(due)
        self._unsent.setdefault(name, _Unsent(now + delay)).texts.append(text)

    def _send_all(self) -> None:
        for name in _STREAMS:
            if name in self._unsent:
                self._send(name)

    def _send(self, name: str) -> None:
        text = "".join(self._unsent.pop(name).texts)
        if self._outputs and self._outputs[-1].get("name") == name:
            self._outputs[-1]["text"] += text
        else:
            self._outputs.append({"output_type": "stream", "name": name, "text": text})

    def _hear(self, message: dict[str, Any]) -> dict[str, Any]:
        kind, content = message["header"]["msg_type"], message["content"]
        display_id = content.get("transient", {}).get("display_id")
        self._send_all()
        if kind == "clear_output":
            self._outputs.clear()
        elif kind == "update_display_data":
            for output in self._outputs:
                if output.get("display_id") == display_id:
                    output.update(data=content["data"], metadata=content["metadata"])
        elif kind in _PUBLISHED:
            self._outputs.append(_as_output(kind, content, display_id))
        return message


class NotComputed:
    """Stands in `_` and `Out` for the result of a step that did not have to run."""

    def __repr__(self) -> str:
        return "<result of a step that did not run again; use a variable, or --no-cache>"


def replay(outputs: Sequence[Mapping[str, Any]], shell: Any) -> None:
    """Show recorded outputs as if the cell had run."""
    last = None
    for output in outputs:
        if output["output_type"] == "stream":
            stream = sys.stderr if output["name"] == "stderr" else sys.stdout
            if last not in (None, stream):
                last.flush()  # else the kernel may send it behind this one
            last = stream
            stream.write(output["text"])
        elif output["output_type"] == "execute_result" and hasattr(shell.displayhook, "session"):
            hook = shell.displayhook
            hook.start_displayhook()
            hook.write_output_prompt()
            hook.update_user_ns(NotComputed())
            hook.write_format_data(output["data"], output["metadata"])
            hook.finish_displayhook()
        else:
            shell.display_pub.publish(output["data"], output["metadata"])


def _as_output(kind: str, content: Mapping[str, Any], display_id: str | None) -> dict[str, Any]:
    output = {"output_type": kind, "data": content["data"], "metadata": content["metadata"] or {}}
    if kind == "execute_result":
        output["execution_count"] = None
    if display_id is not None:
        output["display_id"] = display_id
    return output
