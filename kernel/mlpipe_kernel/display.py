"""The quiet line under a step's cell."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from jupyter_mlpipe.engine.attempt import StepReport
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import Output, Status

_SIGNS = {Status.SUCCEEDED: "✓", Status.CACHED: "↺", Status.FAILED: "✗", Status.SKIPPED: "⊘"}

_SAID = (Status.CACHED, Status.SKIPPED)
"""For these the line begins with the reason, or needs none."""


def show_report(report: StepReport, shell: Any) -> None:
    """Show time, outputs and the reason of a step that just ended."""
    run = report.step_run
    facts = [_timing(report), *(describe_output(o, v) for o, v in report.outputs)]
    if run.status not in _SAID and run.reason != "first run":
        facts.append(run.reason)
    title = f"{_SIGNS[run.status]} {run.step}"
    _show(title, " · ".join(facts), report.warnings, shell, report.diff)


def show_note(title: str, text: str, shell: Any, warnings: Sequence[str] = ()) -> None:
    """Show one quiet line about something that is not a step's result."""
    _show(title, text, warnings, shell)


def describe_output(output: Output, version: ArtifactVersion) -> str:
    """`df v3 (1.2 MB, changed in place)`."""
    changed = ", changed in place" if output.mutated else ""
    label = version.version_name or f"v{version.version}"
    return f"{output.variable} {label} ({format_bytes(version.nbytes)}{changed})"


def format_bytes(count: int) -> str:
    """`999 B`, `1.2 kB`, `3.4 MB`: decimal units, as storage is billed."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


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


def _show(title: str, text: str, warnings: Sequence[str], shell: Any, diff: str = "") -> None:
    told = (f"⚠ {warning}" for warning in warnings)
    plain = "\n".join((f"{title} · {text}", *told, *(f"    {line}" for line in diff.splitlines())))
    notes = "".join(
        f'<div style="color:var(--jp-warn-color0,#b25d00)">⚠ {escape(warning)}</div>'
        for warning in warnings
    )
    html = (
        '<div style="font-size:var(--jp-ui-font-size1,12px);'
        'color:var(--jp-ui-font-color2,#6b7280)">'
        f"{_unfolding(f'<b>{escape(title)}</b> · {escape(text)}', diff)}{notes}</div>"
    )
    shell.display_pub.publish({"text/plain": plain, "text/html": html}, {})


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
