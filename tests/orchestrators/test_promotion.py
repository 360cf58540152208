import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.model.errors import NotebookError, OrchestratorError, PipelineError
from jupyter_mlpipe.model.pipeline import Schedule
from jupyter_mlpipe.orchestrators.promotion import PromoteOptions, promote

CELLS = ("%%params\nC: float = 1.0", "%%step a\nx = C", "%%step b --cpu 2\ny = x")
DAILY = Schedule("0 6 * * *", "Europe/Berlin")


def to(target, settings, path, **options):
    return promote(path, settings, PromoteOptions(target, **options))


def test_a_preview_shows_everything_and_writes_nothing(settings, write_notebook, tmp_path):
    path = write_notebook(*CELLS)
    plan = to("airflow", settings, path, schedule=DAILY)
    assert [file.path for file in plan.files] == ["study.py"]
    assert plan.written == ()
    assert [p.name for p in tmp_path.iterdir()] == ["study.ipynb"]


def test_the_next_fires_are_in_the_schedules_time_zone(settings, write_notebook):
    fires = to("local", settings, write_notebook(*CELLS), schedule=DAILY).next_fires
    assert len(fires) == 5
    assert all(datetime.fromisoformat(fire).hour == 6 for fire in fires)


def test_files_and_the_archive_that_they_name_are_written(settings, write_notebook, tmp_path):
    plan = to("local", settings, write_notebook(*CELLS), schedule=DAILY, out=tmp_path / "out")
    assert [Path(p).name for p in plan.written] == ["study.pipeline.json", "study.crontab"]
    stated = json.loads(Path(plan.written[0]).read_text())
    assert Path(stated["code"]["uri"]).is_file()
    assert "study.pipeline.json" in plan.command


def test_promoting_again_gives_the_same_bytes(settings, write_notebook, tmp_path):
    path = write_notebook(*CELLS)
    first = to("airflow", settings, path, out=tmp_path / "out").files
    assert to("airflow", settings, path, out=tmp_path / "out").files == first


def test_chosen_parameters_become_the_defaults(settings, write_notebook):
    plan = to("airflow", settings, write_notebook(*CELLS), parameters={"C": "0.5"})
    assert plan.parameters[0].default == 0.5
    assert "'default': 0.5" in plan.files[0].content


def test_a_file_of_the_users_is_never_overwritten(settings, write_notebook, tmp_path):
    (tmp_path / "study.py").write_text("# mine")
    with pytest.raises(OrchestratorError, match="Move it away"):
        to("airflow", settings, write_notebook(*CELLS), out=tmp_path)
    assert (tmp_path / "study.py").read_text() == "# mine"
    assert not settings.home.exists()


def test_a_file_of_another_pipeline_is_not_overwritten(settings, write_notebook, tmp_path):
    to("airflow", settings, write_notebook(*CELLS), out=tmp_path / "out")
    other = write_notebook("%pipeline Study", *CELLS, name="other.ipynb")
    with pytest.raises(OrchestratorError, match="promoting 'Study'"):
        to("airflow", settings, other, out=tmp_path / "out")


def test_limits_that_the_target_ignores_are_warned_about(settings, write_notebook):
    assert any("--cpu" in w for w in to("airflow", settings, write_notebook(*CELLS)).warnings)


def test_passwords_are_not_written(settings, write_notebook):
    secret = replace(settings, artifact_store="s3://key:hunter2@bucket/x")
    plan = to("airflow", secret, write_notebook(*CELLS))
    assert "hunter2" not in str(plan)
    assert any("MLPIPE_ARTIFACT_STORE" in warning for warning in plan.warnings)


def test_a_database_password_among_its_options_is_not_written(
    settings, write_notebook, postgres, tmp_path
):
    url = postgres.url(tmp_path.name, password="hunter2")
    plan = to("airflow", replace(settings, metadata_store=url), write_notebook(*CELLS))
    assert "hunter2" not in str(plan)
    assert any("MLPIPE_METADATA_STORE" in warning for warning in plan.warnings)


def test_another_clone_gives_the_same_code(settings, write_notebook, tmp_path):
    path = write_notebook(*CELLS)
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "study.ipynb").write_bytes(path.read_bytes())
    one = to("airflow", settings, path).files[0].content
    two = to("airflow", Settings(clone, clone / ".mlpipe"), clone / "study.ipynb").files[0].content
    digest = one.partition("--sha256',")[2].split("'")[1]
    assert digest in two


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"schedule": Schedule("whenever")}, PipelineError),
        ({"parameters": {"D": "1"}}, PipelineError),
        ({"parameters": {"C": "much"}}, PipelineError),
    ],
)
def test_bad_choices_are_refused_before_anything_is_written(
    settings, write_notebook, tmp_path, options, error
):
    with pytest.raises(error):
        to("local", settings, write_notebook(*CELLS), out=tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_notebook_without_steps_says_how_to_make_one(settings, write_notebook):
    with pytest.raises(PipelineError, match="%%step NAME"):
        to("local", settings, write_notebook("x = 1"))


def test_a_missing_notebook_is_named(settings, tmp_path):
    with pytest.raises(NotebookError, match=r"none\.ipynb"):
        to("local", settings, tmp_path / "none.ipynb")


def test_a_folder_that_cannot_be_written_is_named(settings, write_notebook, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OrchestratorError, match="cannot be written"):
        to("local", settings, write_notebook(*CELLS), out=tmp_path / "file")
