"""A step with a large output in JupyterLab: the answer first, then the storing."""

import json

import pytest

CELLS = {
    "imports": "import numpy as np",
    "make": "%%step make\na = np.arange(20_000_000.)",
    "total": "%%step total\ns = float(a.sum())",
    "last": "%%step last\nb = a + 1",
}
KERNEL = {"kernelspec": {"name": "mlpipe", "display_name": "Python 3 (mlpipe)"}}


@pytest.fixture(scope="module", autouse=True)
def notebook(lab, page, open_notebook):
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**code, "id": i, "source": source} for i, source in CELLS.items()]
    book = {"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}
    (lab.root / "large.ipynb").write_text(json.dumps(book))
    open_notebook("large.ipynb")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")


def line(page, cell):
    return page.locator(f'.jp-Notebook .jp-Cell:has-text("%%step {cell}") .jp-OutputArea').last


def test_each_line_tells_in_the_end_what_was_stored(page, shoot):
    for cell, told in (
        ("make", "a v1 (160.0 MB)"),
        ("total", "s v1"),
        ("last", "b v1 (160.0 MB)"),
    ):
        line(page, cell).get_by_text(told).wait_for()
    shoot("large-1-stored")
    assert page.get_by_text("storing …").count() == 0


def test_the_sidebar_shows_it_as_soon_as_it_is_stored(page):
    for name in ("make", "total", "last"):
        page.locator(f'[data-mlpipe-node="step:{name}"][data-status="succeeded"]').wait_for()


def test_the_saved_notebook_holds_the_final_lines(page, lab):
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_timeout(1500)
    saved = json.loads((lab.root / "large.ipynb").read_text())
    texts = [
        text
        for cell in saved["cells"]
        for output in cell["outputs"]
        for text in output.get("data", {}).get("text/plain", ())
    ]
    assert any("b v1 (160.0 MB)" in text for text in texts)
    assert not any("storing" in text for text in texts)
