"""What needs a live IPython shell: `%%step`, the session behind it, and its line to the sidebar."""

from __future__ import annotations

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Called by `%load_ext jupyter_mlpipe`, and at start by the kernel "Python 3 (mlpipe)"."""
    from mlpipe_kernel.extension import attach

    attach(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Called by `%unload_ext jupyter_mlpipe`; the shell is then as it was before."""
    from mlpipe_kernel.extension import detach

    detach(shell)
