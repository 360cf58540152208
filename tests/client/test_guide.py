"""The guides to artifacts and to models, run from top to bottom."""

import re
import shlex
from pathlib import Path

from jupyter_mlpipe import load_artifact
from jupyter_mlpipe.analysis.stated import read_stated
from jupyter_mlpipe.cli.main import main

DOCS = Path(__file__).parents[2] / "docs"


def blocks(language, guide="artifacts"):
    text = (DOCS / f"{guide}.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def run_cells(session, guide):
    for cell in blocks("python", guide):
        if not cell.startswith("%%step"):
            session.plain(cell)
            continue
        report = session.step(cell)
        assert report.step_run.status == "succeeded", report.step_run.error
        assert report.warnings == ()


def test_every_cell_of_the_guide_runs_and_every_step_is_kept(session):
    run_cells(session, "artifacts")
    assert load_artifact("iris", "raw_2023") == [5.1, 4.9, 4.7]
    assert load_artifact("study::locate::point").x == 1.5
    assert session["total"] == 12.5


def test_every_cell_of_the_guide_to_models_runs(session, capsys):
    run_cells(session, "models")
    assert session["result"] == 2.0
    (commands,) = blocks("bash", "models")
    for command in commands.splitlines():
        words = shlex.split(command.partition(" #")[0])
        assert main(words[1:]) == 0, capsys.readouterr().err
    assert "fewer false alarms" in capsys.readouterr().out


def test_the_file_in_the_guide_can_be_used():
    (text,) = blocks("yaml")
    stated = read_stated(text, "study")
    assert stated.parameters == {"lr": 0.1}
    assert stated.steps["train"].outputs["model"].version == "production"
