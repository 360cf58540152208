"""Records what a cell displays while it is displayed, and displays it again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

_PUBLISHED = ("display_data", "execute_result")


class OutputRecorder:
    """Listens to everything a cell shows, in order, without changing it."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._outputs: list[dict[str, Any]] = []
        self._undo: list[Callable[[], object]] = []

    def start(self) -> None:
        """Begin to listen."""
        self._outputs = []
        for name in ("stdout", "stderr"):
            self._tap(getattr(sys, name), name)
        for publisher in (self._shell.display_pub, self._shell.displayhook):
            if hasattr(publisher, "register_hook"):
                publisher.register_hook(self._hear)
                self._undo.append(partial(publisher.unregister_hook, self._hear))

    def stop(self) -> tuple[Mapping[str, Any], ...]:
        """Stop listening; what was shown, as nbformat 4 writes it."""
        while self._undo:
            self._undo.pop()()
        for output in self._outputs:
            output.pop("display_id", None)
        return tuple(self._outputs)

    def _tap(self, stream: Any, name: str) -> None:
        write = stream.write

        def tapped(text: str) -> Any:
            self._hear_text(name, text)
            return write(text)

        try:
            stream.write = tapped  # libraries that hold the stream are heard too
        except AttributeError:
            return
        self._undo.append(lambda: stream.__dict__.pop("write", None))

    def _hear_text(self, name: str, text: Any) -> None:
        last = self._outputs[-1] if self._outputs else {}
        if not isinstance(text, str):
            return
        if last.get("name") == name:
            last["text"] += text
        elif text:
            self._outputs.append({"output_type": "stream", "name": name, "text": text})

    def _hear(self, message: dict[str, Any]) -> dict[str, Any]:
        kind, content = message["header"]["msg_type"], message["content"]
        display_id = content.get("transient", {}).get("display_id")
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
    for output in outputs:
        if output["output_type"] == "stream":
            stream = sys.stderr if output["name"] == "stderr" else sys.stdout
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
