import json
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlpipe.model.errors import NotFoundError, OrchestratorError
from jupyter_mlpipe.model.pipeline import Schedule
from jupyter_mlpipe.model.schedules import PipelineSchedule, ScheduleState
from jupyter_mlpipe.orchestrators.promotion import PromoteOptions, promote
from jupyter_mlpipe.orchestrators.scheduling import end_schedules, schedule_views
from jupyter_mlpipe.tracking.opening import changing
from jupyter_mlpipe.tracking.store import Query

CELLS = ("%%params\nC: float = 1.0", "%%step a\nx = C")
DAILY = Schedule("0 6 * * *", "Europe/Berlin")


@pytest.fixture
def dags(tmp_path):
    return tmp_path / "dags"


@pytest.fixture
def scheduled(settings, write_notebook, dags):
    """Promotes a notebook to Airflow, every day unless it is told otherwise."""

    def schedule(*cells, when=DAILY, out=dags, target="airflow"):
        path = write_notebook(*(cells or CELLS))
        return promote(path, settings, PromoteOptions(target, when, out=out))

    return schedule


@pytest.fixture
def views(settings):
    def look():
        with changing(settings) as store:
            return schedule_views(store, settings)

    return look


def end(settings, *of):
    with changing(settings) as store:
        return end_schedules(store, *of)


def test_a_promotion_with_a_schedule_is_on_record(scheduled, views, dags):
    scheduled()
    (view,) = views()
    assert (view.pipeline, view.orchestrator, view.state) == ("study", "airflow", "current")
    assert (view.cron, view.timezone) == (DAILY.cron, DAILY.timezone)
    assert view.files == (str(dags / "study.py"),)
    assert len(view.next_fires) == 3
    assert "T06:00:00" in view.next_fires[0]
    assert view.user


def test_a_preview_schedules_nothing(scheduled, settings):
    scheduled(out=None)
    assert not settings.home.exists()


def test_promoting_again_takes_the_place_of_the_schedule(scheduled, views, settings):
    scheduled()
    scheduled(when=replace(DAILY, cron="30 7 * * *"))
    assert [view.cron for view in views()] == ["30 7 * * *"]
    with changing(settings) as store:
        assert store.find(Query(PipelineSchedule)).total == 2


def test_promoting_again_without_a_schedule_ends_it(scheduled, views):
    scheduled()
    scheduled(when=None)
    assert views() == ()


def test_schedules_in_two_folders_both_count(scheduled, views, tmp_path):
    scheduled()
    scheduled(out=tmp_path / "elsewhere")
    assert len(views()) == 2


def test_an_edit_of_the_notebook_shows(scheduled, views, write_notebook):
    scheduled()
    write_notebook(CELLS[0], "%%step a\nx = C + 1")
    assert views()[0].state is ScheduleState.CHANGED
    write_notebook(CELLS[0], "%%step a\nx = C  # the same")
    assert views()[0].state is ScheduleState.CURRENT


def test_a_notebook_that_can_no_longer_be_compiled_has_changed(scheduled, views, tmp_path):
    scheduled()
    (tmp_path / "study.ipynb").write_text("{")
    assert views()[0].state is ScheduleState.CHANGED


def test_what_is_missing_is_told(scheduled, views, tmp_path, dags):
    scheduled()
    (tmp_path / "study.ipynb").unlink()
    assert views()[0].state is ScheduleState.NO_NOTEBOOK
    (dags / "study.py").unlink()
    assert views()[0].state is ScheduleState.NO_FILES


def test_a_schedule_is_deleted_with_its_files(scheduled, views, settings, dags):
    scheduled()
    ended = end(settings, "study")
    assert ended.deleted == (str(dags / "study.py"),)
    assert views() == ()
    assert not list(dags.iterdir())


def test_files_on_another_machine_are_named_when_a_schedule_is_deleted(
    scheduled, settings, dags, views
):
    scheduled()
    (dags / "study.py").rename(dags / "elsewhere.py")
    ended = end(settings, "study")
    assert (ended.deleted, ended.missing) == ((), (str(dags / "study.py"),))
    assert views() == ()


def test_only_the_schedules_of_one_target_are_deleted(scheduled, views, settings, tmp_path):
    scheduled()
    scheduled(target="local", out=tmp_path / "cron")
    end(settings, "study", "local")
    assert [view.orchestrator for view in views()] == ["airflow"]


def test_a_file_that_became_the_users_own_is_not_deleted(scheduled, views, settings, dags):
    scheduled()
    (dags / "study.py").write_text("# mine")
    with pytest.raises(OrchestratorError, match="is no longer what promoting 'study' wrote"):
        end(settings, "study")
    assert (dags / "study.py").read_text() == "# mine"
    assert len(views()) == 1


def test_who_asks_for_an_unknown_schedule_is_told_the_known_ones(scheduled, settings):
    scheduled()
    with pytest.raises(NotFoundError, match=r"no schedule on local\. Scheduled are: study on air"):
        end(settings, "study", "local")
    end(settings, "study")
    with pytest.raises(NotFoundError, match="Nothing is scheduled"):
        end(settings, "study")


def test_a_schedule_that_has_run_out_never_fires(scheduled, views):
    scheduled(when=replace(DAILY, start="2020-01-01", end="2021-01-01"))
    assert views()[0].next_fires == ()


def test_the_files_that_are_written_say_whose_they_are(scheduled, tmp_path):
    plan = scheduled(target="local", out=tmp_path / "cron")
    first, second = map(Path, plan.written)
    assert json.loads(first.read_text())["name"] == "study"
    assert '"study"' in second.read_text().splitlines()[0]
