"""What is stale in JupyterLab, as a user edits and runs it."""

import json

import pytest

CELLS = {
    "helper": "def double(x):\n    return 2 * x",
    "load": "%%step load\nitems = [1, 2]",
    "grow": "%%step grow\nitems.append(double(3))",
    "total": "%%step total\ns = sum(items)\nprint('total', s)",
    "other": "%%step other\nt = 1",
}
KERNEL = {"kernelspec": {"name": "mlpipe", "display_name": "Python 3 (mlpipe)"}}
EDITED = "def double(x):\n    return 3 * x"


@pytest.fixture(scope="module", autouse=True)
def notebook(lab, page, open_notebook):
    """Every cell has run once."""
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**code, "id": i, "source": source} for i, source in CELLS.items()]
    book = {"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}
    (lab.root / "stale.ipynb").write_text(json.dumps(book))
    open_notebook("stale.ipynb")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    wait_for(page, load="succeeded", grow="succeeded", total="succeeded", other="succeeded")


def wait_for(page, **statuses):
    for name, status in statuses.items():
        page.locator(f'[data-mlpipe-node="step:{name}"][data-status="{status}"]').wait_for()


def edit(page, position, source):
    page.evaluate(
        """([position, source]) => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          notebook.widgets[position].model.sharedModel.setSource(source);
        }""",
        [position, source],
    )


def marks(page):
    found = page.locator(".mlpipe-StaleMark").evaluate_all("marks => marks.map(m => m.title)")
    return list(found)


def count(page):
    return page.locator('[data-mlpipe="run-stale"] .mlpipe-Count')


def use_theme(page, name):
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", name
    )
    page.wait_for_timeout(500)


def test_nothing_is_stale_after_all_cells_ran(page):
    page.locator('[data-mlpipe="run-stale"][title="No step is stale"]').wait_for()
    assert marks(page) == []


def test_an_edited_helper_marks_its_steps_at_once(page, shoot):
    edit(page, 0, EDITED)
    wait_for(page, load="succeeded", grow="stale", total="stale", other="succeeded")
    count(page).get_by_text("2", exact=True).wait_for()
    assert marks(page) == [
        "`double` was edited, but not run yet",
        "step grow, on which it depends, is stale",
    ]
    shoot("stale-light")
    use_theme(page, "JupyterLab Dark")
    shoot("stale-dark")
    use_theme(page, "JupyterLab Light")


def test_the_button_runs_what_is_stale_and_nothing_else(page, shoot):
    edit(page, 0, EDITED)
    page.evaluate(
        """() => {
          window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0;
          return window.jupyterapp.commands.execute('notebook:run-cell');
        }"""
    )
    page.locator('[data-mlpipe="run-stale"]').click()
    page.get_by_text("total 12").wait_for()
    page.locator('[data-mlpipe="run-stale"][title="No step is stale"]').wait_for()
    wait_for(page, load="succeeded", grow="succeeded", total="succeeded", other="succeeded")
    assert marks(page) == []
    counts = page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets
          .map(cell => cell.model.executionCount)"""
    )
    assert counts == [6, 2, 7, 8, 5]
    shoot("stale-fresh")
