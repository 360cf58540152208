"""The guide to artifacts, run from top to bottom."""

import re
from pathlib import Path

from jupyter_mlpipe import load_artifact
from jupyter_mlpipe.analysis.stated import read_stated

GUIDE = Path(__file__).parents[2] / "docs" / "artifacts.md"


def blocks(language):
    text = GUIDE.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_every_cell_of_the_guide_runs_and_every_step_is_kept(session):
    for cell in blocks("python"):
        if not cell.startswith("%%step"):
            session.plain(cell)
            continue
        report = session.step(cell)
        assert report.step_run.status == "succeeded", report.step_run.error
        assert report.warnings == ()
    assert load_artifact("iris", "raw_2023") == [5.1, 4.9, 4.7]
    assert load_artifact("study::locate::point").x == 1.5
    assert session["total"] == 12.5


def test_the_file_in_the_guide_can_be_used():
    (text,) = blocks("yaml")
    stated = read_stated(text, "study")
    assert stated.parameters == {"lr": 0.1}
    assert stated.steps["train"].outputs["model"].version == "production"
