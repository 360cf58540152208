"""Hooks our routes into a Jupyter server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpipe.lab.places import Places

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Called by the server at start; until then nothing of Jupyter is imported."""
    from jupyter_mlpipe.lab.routes import routes

    places = Places(Path(server.root_dir))
    add_handlers: Callable[..., None] = server.web_app.add_handlers
    add_handlers(".*$", routes(server.base_url, places))
