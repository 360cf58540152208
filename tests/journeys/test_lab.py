"""The quickstart in JupyterLab, as a user goes through it."""

import json

import pytest

STEPS = ("load", "clean", "split", "train", "evaluate", "report")


def run_all(page):
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")


def step(page, name):
    return page.locator(f'[data-mlpipe-node="step:{name}"]')


def wait_for_status(page, *statuses):
    for name in STEPS:
        wanted = (
            f'[data-mlpipe-node="step:{name}"][data-status="{status}"]' for status in statuses
        )
        page.locator(", ".join(wanted)).wait_for()


def edges(page):
    found = page.locator("[data-mlpipe-edge]").evaluate_all(
        "paths => paths.map(p => p.getAttribute('data-mlpipe-edge'))"
    )
    return {tuple(edge.split("->")) for edge in found}


def artifact(page, variable):
    return page.locator(f'[data-variable="{variable}"]').last


def open_dialog(page, target):
    page.locator('[data-mlpipe="promote-button"]').click()
    page.locator('[data-mlpipe="promote-dialog"]').wait_for()
    page.locator(f'[data-mlpipe-target="{target}"] input').check()


def wait_for_end(page, kind):
    """Where a run stands once it has ended, however long that takes.

    Every step imports the libraries anew: 2 s on a quiet machine, 15 s on a busy one.
    """
    run = page.locator(f'[data-mlpipe-run][data-kind="{kind}"]').first
    run.wait_for()
    while (status := run.get_attribute("data-status")) in ("queued", "running"):
        page.wait_for_timeout(500)
    return status, run.inner_text()


@pytest.fixture(scope="module")
def ran(page, open_notebook, shoot):
    """The quickstart, with every cell run once; any test may be the first."""
    open_notebook()
    shoot("1-opened")
    wait_for_status(page, "not_run")
    run_all(page)
    wait_for_status(page, "succeeded")
    artifact(page, "figure").wait_for()  # the kernel tells of steps, the server of artifacts
    shoot("2-run-all")


def test_run_all_draws_the_lineage(page, ran):
    variables = {
        node.get_attribute("data-mlpipe-node"): node.get_attribute("data-variable")
        for node in page.locator("[data-variable]").all()
    }
    flows = {(variables.get(a, a), variables.get(b, b)) for a, b in edges(page)}
    assert {("step:load", "tumours"), ("tumours", "step:clean"), ("step:clean", "tumours")} <= flows
    assert {("X_train", "step:train"), ("step:train", "model"), ("model", "step:evaluate")} <= flows
    assert ("scores", "step:report") in flows
    assert ("step:load", "model") not in flows


def test_a_click_on_a_step_selects_its_cell(page, ran):
    step(page, "train").click()
    active = page.evaluate(
        "window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource()"
    )
    assert active.startswith("%%step train")


def test_a_click_on_an_artifact_shows_what_it_is(page, ran, shoot):
    artifact(page, "tumours").click()
    details = page.locator('[data-mlpipe="details"]')
    details.get_by_text("quickstart::clean::tumours", exact=True).wait_for()
    assert "malignant" in details.inner_text()
    shoot("3-details")
    page.keyboard.press("Escape")


def test_running_all_again_hits_every_step(page, ran, shoot):
    run_all(page)
    wait_for_status(page, "cached")
    shoot("4-cached")


def test_after_a_restart_the_notebook_goes_on_in_the_middle(page, ran, shoot):
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    page.wait_for_timeout(1000)
    page.get_by_text("| Idle").first.wait_for()
    page.evaluate(
        """() => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          notebook.activeCellIndex = notebook.widgets.length - 1;
        }"""
    )
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell')")
    output = page.locator(".jp-Notebook-cell").last.locator(".jp-OutputArea-output")
    output.get_by_text("accuracy").wait_for()
    assert "restored" in page.locator(".jp-Notebook-cell").last.inner_text()
    shoot("5-restored")


def test_promoting_writes_a_scheduled_dag(page, ran, lab, shoot):
    open_dialog(page, "airflow")
    page.locator('[data-mlpipe="schedule-cron"]').fill("0 6 * * *")
    page.locator('[data-mlpipe-file$=".py"]').wait_for()
    shoot("6-promote")
    page.locator('[data-mlpipe="out"]').fill("dags")
    page.locator('[data-mlpipe="write-files"]').click()
    page.get_by_text("airflow dags").first.wait_for()
    shoot("7-written")
    (dag,) = (lab.root / "dags").glob("*.py")
    assert '"0 6 * * *"' in dag.read_text() or "'0 6 * * *'" in dag.read_text()
    compile(dag.read_text(), str(dag), "exec")
    page.keyboard.press("Escape")


def test_promoting_to_local_runs_the_pipeline_and_hits_the_notebooks_cache(page, ran, shoot):
    open_dialog(page, "local")
    page.locator('[data-mlpipe="run-now"]').click()
    status, said = wait_for_end(page, "local")
    assert status == "succeeded", said
    for name in STEPS:
        page.locator(f'[data-mlpipe-step="{name}"][data-status="cached"]').wait_for()
    shoot("8-runs")
    page.locator('[data-mlpipe-tab="lineage"]').click()


def test_the_dark_theme_is_readable(page, ran, open_notebook, shoot):
    page.evaluate(
        "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    open_notebook()
    wait_for_status(page, "succeeded", "cached")
    shoot("9-dark")
    assert (
        json.loads(page.evaluate("JSON.stringify(document.body.dataset.jpThemeLight)")) == "false"
    )
