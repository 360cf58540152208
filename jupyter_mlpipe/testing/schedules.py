"""What holds of schedules in a metadata store, as tests to inherit."""

from __future__ import annotations

from dataclasses import replace

from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.pipeline import Schedule
from jupyter_mlpipe.model.schedules import PipelineSchedule
from jupyter_mlpipe.testing.models import ModelsContract
from jupyter_mlpipe.tracking.store import MetadataStore, Query


class SchedulesContract(ModelsContract):
    """A part of `MetadataStoreContract`."""

    def test_every_field_of_a_schedule_comes_back(self, store: MetadataStore) -> None:
        daily = Schedule("0 6 * * *", "Europe/Berlin", True, "replace", "2026-01-01", "2026-12-31")
        made = replace(a_schedule(), schedule=daily, files=("/dags/é.py", "/dags/b"), ended=9.5)
        store.append([made])
        assert store.get(PipelineSchedule, made.id) == made

    def test_a_schedule_that_ended_is_told_from_those_that_count(
        self, store: MetadataStore
    ) -> None:
        first, second = a_schedule(), replace(a_schedule(), created=2.0)
        store.append([first, second])
        store.append([replace(first, ended=3.0)])
        counting = store.find(Query(PipelineSchedule, {"ended": None})).items
        assert [one.id for one in counting] == [second.id]
        assert store.find(Query(PipelineSchedule)).total == 2

    def test_each_project_has_schedules_of_its_own(
        self, store: MetadataStore, other: MetadataStore
    ) -> None:
        mine = a_schedule()
        store.append([mine])
        assert other.find(Query(PipelineSchedule)).items == ()
        other.append([replace(mine, ended=3.0)])
        assert store.find(Query(PipelineSchedule)).items[0].ended == 3.0


def a_schedule() -> PipelineSchedule:
    """Daily, of a pipeline called `study` on Airflow."""
    return PipelineSchedule(
        id=new_id(),
        pipeline="study",
        orchestrator="airflow",
        schedule=Schedule("0 6 * * *"),
        pipeline_version="v1",
        notebook="study.ipynb",
        files=("/dags/study.py",),
        user="me",
        created=1.0,
    )
