"""Which notebook a kernel serves."""

import json
from pathlib import Path

import pytest

from mlpipe_kernel.whereabouts import (
    cell_sources,
    notebook_path,
    notebook_with,
    project_folder,
)


def write(folder, name, *sources):
    cells = [{"id": f"c{n}", "source": source} for n, source in enumerate(sources)]
    path = folder / name
    path.write_text(json.dumps({"cells": cells}))
    return path


def test_jupyter_and_vscode_tell_the_path():
    assert notebook_path({"JPY_SESSION_NAME": "/a/b.ipynb"}, {}) == Path("/a/b.ipynb")
    assert notebook_path({}, {"__vsc_ipynb_file__": "/a/c.ipynb"}) == Path("/a/c.ipynb")


@pytest.mark.parametrize("name", ["", "/a/console-1", "kernel-12"])
def test_a_console_is_no_notebook(name):
    assert notebook_path({"JPY_SESSION_NAME": name}, {}) is None


def test_the_notebook_that_holds_the_cell_is_found(tmp_path):
    write(tmp_path, "other.ipynb", "x = 1")
    mine = write(tmp_path, "mine.ipynb", "import math", "%%step a\ny = 2")
    assert notebook_with(tmp_path, "%%step a\ny = 2") == mine


def test_two_notebooks_with_the_cell_leave_it_open(tmp_path):
    write(tmp_path, "a.ipynb", "x = 1")
    write(tmp_path, "b.ipynb", "x = 1")
    assert notebook_with(tmp_path, "x = 1") is None


def test_what_is_no_notebook_has_no_cells(tmp_path):
    (tmp_path / "broken.ipynb").write_text("{")
    assert cell_sources(tmp_path / "broken.ipynb") == {}
    assert cell_sources(tmp_path / "missing.ipynb") == {}
    assert cell_sources(None) == {}


def test_the_project_is_looked_for_beside_the_notebook(tmp_path):
    assert project_folder(tmp_path / "a.ipynb", Path("/elsewhere")) == tmp_path
    assert project_folder(Path("a.ipynb"), tmp_path) == tmp_path
