"""Plug-ins have to be named at the root."""

pytest_plugins = ("pytest_jupyter.jupyter_server",)
