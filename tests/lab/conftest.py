import json
from dataclasses import replace

import pytest
from pytest_jupyter.jupyter_core import jp_asyncio_loop  # noqa: F401 - switched off elsewhere
from pytest_jupyter.jupyter_server import jp_server_cleanup  # noqa: F401 - likewise
from tornado.httpclient import HTTPClientError

from jupyter_mlpipe.model.artifact import Preview
from jupyter_mlpipe.model.run import Status
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.testing.records import a_run, a_step
from jupyter_mlpipe.tracking.sql import SqlMetadataStore

CELLS = (
    "%pipeline p --param lr:float=0.1",
    "%%step load\ndf = [1, 2, 3]",
    "%%step train\nmodel = sum(df) * lr",
)


def write_notebook(file, cells):
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {"cell_type": "code", "id": f"cell-{i}", "source": cell, "metadata": {}, "outputs": []}
            for i, cell in enumerate(cells)
        ],
    }
    file.write_text(json.dumps(content))


@pytest.fixture
def jp_server_config():
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_mlpipe": True},
            "allow_unauthenticated_access": False,
        }
    }


@pytest.fixture
def root(jp_root_dir):
    """The server's root, with a project and a notebook of two steps."""
    (jp_root_dir / "pyproject.toml").touch()
    write_notebook(jp_root_dir / "work" / "study.ipynb", CELLS)
    return jp_root_dir


@pytest.fixture
def recorded(root):
    """The step `load` ran and left a version with a preview; its id."""
    step, version = a_step("load")
    blobs = open_blobs(str(root / ".mlpipe" / "artifacts"), root / "cache")
    (root / "value").mkdir()
    previews = {"": Preview("text", text="[1, 2, 3]")}
    manifest = ArtifactStore(blobs).commit(root / "value", "json", pickled=False, previews=previews)
    store = SqlMetadataStore(f"sqlite:///{root / '.mlpipe' / 'metadata.db'}")
    run = replace(a_run(), status=Status.SUCCEEDED)
    store.append([run, step, replace(version, manifest=manifest)])
    store.close()
    return version.id


@pytest.fixture
def ask(jp_fetch, root):
    """Status and JSON of one request, whether it succeeds or not."""

    async def fetch(route, *, body=None, **params):
        verb = {} if body is None else {"method": "POST", "body": json.dumps(body)}
        try:
            response = await jp_fetch("jupyter-mlpipe", route, params=params, **verb)
        except HTTPClientError as error:
            return error.code, json.loads(error.response.body)
        return response.code, json.loads(response.body)

    return fetch


@pytest.fixture
def notebook(root):
    """Writes another notebook below the root."""
    return lambda path, *cells: write_notebook(root / path, cells)
