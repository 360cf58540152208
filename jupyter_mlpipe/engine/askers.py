"""Who caused an audit event: the user's code, or a library on the way.

Each is to be asked by a function that heard of the event, or by one that it called for that.
"""

from __future__ import annotations

import sys
from types import FrameType

from jupyter_mlpipe.engine.patches import is_local

_WATCH = "jupyter_mlpipe.engine.watch"
"""Where events are heard."""
_BETWEEN = frozenset(
    {
        *(_WATCH, "jupyter_mlpipe.engine.inquiries", "os", "genericpath", "posixpath", "ntpath"),
        *("pathlib", "pathlib._local", "pathlib._abc", "pathlib._os", "io", "codecs", "shutil"),
        "glob",
    }
)
"""Modules through which code reaches a file."""
_WRITES_FILES = "IPython.core.magics.osm"
"""Where `%%writefile` is."""


def called_by_import() -> bool:
    """Whether Python itself looks for a module, in every folder of its path."""
    frame: FrameType | None = sys._getframe(3)  # noqa: SLF001
    for _ in range(4):
        if frame is None:
            return False
        if str(frame.f_globals.get("__name__")).startswith(("importlib", "pkgutil")):
            return True
        frame = frame.f_back
    return False


def asked_by_user() -> bool:
    """Whether a cell or a local module opens or asks about a file, rather than Python itself."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001
    while frame is not None and frame.f_globals.get("__name__") in _BETWEEN:
        frame = frame.f_back
    name = str(frame.f_globals.get("__name__")) if frame is not None else ""
    return name in ("__main__", _WRITES_FILES) or is_local(name)


def called_by_notebook() -> bool:
    """Whether the user's own code asked for it, rather than a library that probes the machine."""
    frame = _asking()
    return frame is not None and frame.f_globals.get("__name__") == "__main__"


def runs_among_names() -> bool:
    """Whether it is a script that sees the notebook's variables: `%run -i`."""
    frame = _asking()
    if frame is None or frame.f_code.co_name != "execfile":
        return False
    return "get_ipython" in frame.f_locals.get("glob", ())  # a namespace of its own lacks it


def _asking() -> FrameType | None:
    """What caused the event."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001
    while frame is not None and frame.f_globals.get("__name__") in (_WATCH, "subprocess", "os"):
        frame = frame.f_back
    return frame
