"""Every route of the server extension."""

from __future__ import annotations

from typing import Any

from jupyter_server.utils import url_path_join

from jupyter_mlpipe.lab.lineage_handlers import ArtifactHandler, GraphHandler
from jupyter_mlpipe.lab.places import Places
from jupyter_mlpipe.lab.promote_handlers import PromoteHandler, SubmitHandler, TargetsHandler
from jupyter_mlpipe.lab.run_handlers import RunHandler, RunsHandler

PREFIX = "jupyter-mlpipe"


def routes(base_url: str, places: Places) -> list[tuple[str, type, dict[str, Any]]]:
    """What tornado needs to serve them."""
    handlers = {
        "graph": GraphHandler,
        "artifact": ArtifactHandler,
        "runs": RunsHandler,
        "run": RunHandler,
        "targets": TargetsHandler,
        "promote": PromoteHandler,
        "submit": SubmitHandler,
    }
    return [
        (url_path_join(base_url, PREFIX, name), handler, {"places": places})
        for name, handler in handlers.items()
    ]
