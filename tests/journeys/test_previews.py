"""What values look like in the sidebar and in the notebook, in the light and in the dark theme."""

import json
import uuid

import pytest

CELLS = (
    """from typing import Annotated
import numpy as np
import pandas as pd
from jupyter_mlpipe import ArtifactConfig, Client
from jupyter_mlpipe import CSVString, HTMLString, JSONString, MarkdownString""",
    """%%step load --tag raw --tag 'needs review'
lengths = np.linspace(1, 7, 60)
species = ["setosa", "versicolor", "virginica"] * 20
df: Annotated[pd.DataFrame, ArtifactConfig(name="iris", version="raw_2023")] = pd.DataFrame(
    {"petal length (cm)": lengths, "species": species}
)
df.loc[3:9, "species"] = None""",
    """%%step report
page = HTMLString("<h1>Weekly report</h1><p>All is <b>well</b>.</p>")
notes = MarkdownString("# Findings\\n\\n- the *petals* are **longer**")
sales = CSVString("month,sales\\nMay,3\\nJune,4")
settings = JSONString('{"lr": 0.1, "layers": [64, 32], "name": "dünn"}')
image = np.tile(np.linspace(0, 255, 64).astype("uint8"), (64, 1))""",
    """%%step count
rows = len(df)""",
)
LISTS = (
    "Client().list_artifact_versions()",
    "Client().get_artifact_version('iris').visualize()",
    "Client().list_run_steps()",
)
THEMES = ("JupyterLab Light", "JupyterLab Dark")
CONTRAST = """element => {
  const light = text => {
    const part = text.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255);
    const [r, g, b] = part.map(v => (v <= 0.04 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const clear = colour => /transparent|, 0(\\.\\d+)?\\)$|\\/ 0(\\.\\d+)?\\)$/.test(colour);
  let below = element;
  while (below.parentElement && clear(getComputedStyle(below).backgroundColor)) {
    below = below.parentElement;
  }
  const ink = light(getComputedStyle(element).color);
  const paper = light(getComputedStyle(below).backgroundColor);
  return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
}"""
"""How well one tells an element's text from what lies below it; 4.5 can be read by all."""


def notebook(*sources):
    cells = [
        {
            "id": uuid.uuid4().hex[:8],
            "cell_type": "code",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for source in sources
    ]
    kernel = {"name": "mlpipe", "display_name": "Python 3 (mlpipe)", "language": "python"}
    return json.dumps(
        {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    )


def set_theme(page, name):
    page.evaluate(
        f"window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{name}'}})"
    )
    dark = "false" if name.endswith("Dark") else "true"
    page.locator(f'body[data-jp-theme-light="{dark}"]').wait_for(state="attached")
    page.wait_for_timeout(500)


@pytest.fixture(scope="module")
def ran(page, lab, open_notebook):
    (lab.root / "looks.ipynb").write_text(notebook(*CELLS, *LISTS))
    open_notebook("looks.ipynb")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.locator('[data-mlpipe-node="step:count"][data-status="succeeded"]').wait_for()
    page.locator('[data-variable="rows"]').wait_for()


def test_a_version_is_called_as_the_user_named_it(page, ran):
    node = page.locator('[data-variable="df"]').first
    assert "raw_2023" in node.text_content()
    node.dispatch_event("click")
    details = page.locator('[data-mlpipe="details"]')
    details.get_by_text("raw_2023 (v1)").wait_for()
    assert details.locator("header").inner_text().split() == ["df", "raw_2023"]
    assert details.locator('[data-mlpipe-version="1"] b').inner_text() == "raw_2023"
    assert "version='raw_2023'" in details.locator(".mlpipe-Code").inner_text()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("variable", ["df", "page", "notes", "sales", "settings", "image"])
def test_a_preview_can_be_read(page, ran, shoot, theme, variable):
    set_theme(page, theme)
    page.locator(f'[data-variable="{variable}"]').first.dispatch_event("click")
    details = page.locator('[data-mlpipe="details"]')
    details.locator("header h2", has_text=variable).wait_for()
    shown = details.locator("section", has_text="Preview").first
    shown.wait_for()
    shoot(f"preview-{theme.split()[1].lower()}-{variable}")
    texts = details.locator("pre, td, th, dd, dt, li, h3, code, figcaption").all()
    assert len(texts) > 10
    assert min(text.evaluate(CONTRAST) for text in texts) > 4.5
    frame = details.locator("iframe")
    if variable == "page":
        assert frame.get_attribute("sandbox") == ""
        scheme = frame.evaluate("frame => getComputedStyle(frame).colorScheme")
        assert scheme == theme.split()[1].lower()
        assert f'content="{scheme}"' in frame.get_attribute("srcdoc")


@pytest.mark.parametrize("theme", THEMES)
def test_lists_and_previews_in_the_notebook_can_be_read(page, ran, shoot, theme):
    set_theme(page, theme)
    for place in range(len(CELLS), len(CELLS) + len(LISTS)):
        cell = page.locator(".jp-Notebook-cell").nth(place)
        cell.scroll_into_view_if_needed()
        texts = cell.locator(".jp-OutputArea td, .jp-OutputArea th").all()
        assert len(texts) > 10
        assert min(text.evaluate(CONTRAST) for text in texts[:60]) > 4.5
    shoot(f"lists-{theme.split()[1].lower()}")
