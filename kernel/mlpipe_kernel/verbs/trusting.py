"""`%mlpipe trust`: values that others stored are loaded from now on."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_mlpipe.engine.trusting import trust_store
from mlpipe_kernel.verbs.verb import Desk, refuse


def trust(words: Sequence[str], desk: Desk) -> str:
    """Of the artifact store that the session uses."""
    if words:
        raise refuse("trust", "takes no words: it is about the artifact store of this notebook.")
    return trust_store(desk.bench.context.settings)
