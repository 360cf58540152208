"""The quiet line under a step's cell."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from jupyter_mlpipe.engine.attempt import StepReport
from jupyter_mlpipe.model.amounts import size_text
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.run import Output, Status

_SIGNS = {Status.SUCCEEDED: "✓", Status.CACHED: "↺", Status.FAILED: "✗", Status.SKIPPED: "⊘"}

_PATIENCE = 0.3
"""Seconds between two changes of a line."""
_SAID = (Status.CACHED, Status.SKIPPED)
"""For these the line begins with the reason, or needs none."""


def show_report(report: StepReport, shell: Any, line: str = "") -> None:
    """Show time, outputs and the reason of a step that just ended.

    Args:
        report: What came of it.
        shell: Where.
        line: The line that this one replaces, see `show_keeping`.
    """
    run = report.step_run
    facts = [_timing(report), *(describe_output(o, v) for o, v in report.outputs)]
    if report.model is not None:
        facts.append(f"model {report.model.model} {report.model.label}")
    if run.status not in _SAID and run.reason != "first run":
        facts.append(run.reason)
    title = f"{_SIGNS[run.status]} {run.step}"
    said = _Said(title, " · ".join(facts), report.warnings, report.diff)
    _show(said, shell, line)


def show_keeping(title: str, seconds: float, shell: Any) -> str:
    """Show that a step has ended and is about to be stored; the name of the line."""
    line = new_id()
    said = _Said(f"{_SIGNS[Status.SUCCEEDED]} {title}", f"{format_seconds(seconds)} · storing …")
    _publish(said, shell, {"transient": {"display_id": line}})
    return line


def show_note(
    title: str, text: str, shell: Any, warnings: Sequence[str] = (), line: str = ""
) -> None:
    """Show one quiet line about something that is not a step's result."""
    _show(_Said(title, text, tuple(warnings)), shell, line)


class ProgressLine:
    """A quiet line that tells how far something is; nothing where it is soon done."""

    def __init__(self, title: str, shell: Any) -> None:
        self._title = title
        self._shell = shell
        self._id = new_id()
        self._shown = False
        self._next = time.monotonic() + _PATIENCE

    def tell(self, text: str) -> None:
        """Show this from now on, unless something was shown a moment ago."""
        if time.monotonic() >= self._next:
            self._publish(text)
            self._next = time.monotonic() + _PATIENCE

    def end(self, text: str) -> None:
        """Show this for good where anything was shown."""
        if self._shown:
            self._publish(text)

    def _publish(self, text: str) -> None:
        where = {"transient": {"display_id": self._id}, "update": self._shown}
        _publish(_Said(self._title, text), self._shell, where)
        self._shown = True


def describe_output(output: Output, version: ArtifactVersion) -> str:
    """`df v3 (1.2 MB, changed in place)`."""
    changed = ", changed in place" if output.mutated else ""
    return f"{output.variable} {version.label} ({size_text(version.nbytes)}{changed})"


def format_seconds(seconds: float) -> str:
    """`12 ms`, `3.4 s`, `2 min 5 s`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _timing(report: StepReport) -> str:
    run = report.step_run
    if run.status is Status.SKIPPED:
        return f"skipped: {run.reason}"
    if run.status is Status.CACHED:
        return f"cached, saved {format_seconds(report.saved_seconds)}"
    ending = "failed after " if run.status is Status.FAILED else ""
    return f"{ending}{format_seconds(run.seconds)}"


@dataclass(frozen=True, slots=True)
class _Said:
    title: str
    text: str
    warnings: tuple[str, ...] = ()
    diff: str = ""


def _show(said: _Said, shell: Any, line: str) -> None:
    where = {"transient": {"display_id": line}, "update": True} if line else {}
    _publish(said, shell, where)


def _publish(said: _Said, shell: Any, where: Mapping[str, Any]) -> None:
    told = (f"⚠ {warning}" for warning in said.warnings)
    changes = (f"    {line}" for line in said.diff.splitlines())
    plain = "\n".join((f"{said.title} · {said.text}", *told, *changes))
    notes = "".join(
        f'<div style="color:var(--jp-warn-color0,#b25d00)">⚠ {escape(warning)}</div>'
        for warning in said.warnings
    )
    line = _unfolding(f"<b>{escape(said.title)}</b> · {escape(said.text)}", said.diff)
    html = (
        '<div style="font-size:var(--jp-ui-font-size1,12px);'
        'color:var(--jp-ui-font-color2,#6b7280)">'
        f"{line}{notes}</div>"
    )
    shell.display_pub.publish({"text/plain": plain, "text/html": html}, {}, **where)


def _unfolding(line: str, diff: str) -> str:
    """The line alone, or one that opens to show what changed; colours hold on light and dark."""
    if not diff:
        return line
    shown = "\n".join(_coloured(part) for part in diff.splitlines())
    return (
        f'<details><summary style="cursor:pointer">{line}</summary>'
        '<pre style="margin:4px 0 4px 16px;font-size:inherit;color:inherit;'
        f'background:transparent">{shown}</pre></details>'
    )


def _coloured(line: str) -> str:
    colour = _COLOURS.get(line[:1])
    text = escape(line)
    return f'<span style="color:{colour}">{text}</span>' if colour else text


_COLOURS = {"-": "var(--jp-error-color1,#d9534f)", "+": "var(--jp-success-color1,#3c9a4c)"}
