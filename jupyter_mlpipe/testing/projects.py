"""What holds of several projects in one metadata store, as tests to inherit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlpipe.model.artifact import Artifact, ArtifactVersion, Removal
from jupyter_mlpipe.model.errors import NotFoundError, VersionTakenError
from jupyter_mlpipe.model.labels import Labels, Subject
from jupyter_mlpipe.model.project import Project
from jupyter_mlpipe.model.run import Input, Run, StepRun
from jupyter_mlpipe.testing.records import a_run, a_step, a_version
from jupyter_mlpipe.tracking.store import MetadataStore, Query


class ProjectsContract(ABC):
    """A part of `MetadataStoreContract`."""

    @abstractmethod
    def open_store(self, folder: Path, project: str = "default") -> MetadataStore:
        """A store that keeps a project's records below `folder`; the same folder, the same ones."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[MetadataStore]:
        """An empty store."""
        store = self.open_store(tmp_path)
        yield store
        store.close()

    @pytest.fixture
    def other(self, tmp_path: Path) -> Iterator[MetadataStore]:
        """That of another project in the same place."""
        other = self.open_store(tmp_path, "other")
        yield other
        other.close()

    def test_each_project_counts_versions_of_its_own(
        self, store: MetadataStore, other: MetadataStore
    ) -> None:
        named = replace(a_version("a"), version_name="v1.0")
        store.append([a_version("a"), named])
        (first,) = other.append([replace(a_version("a"), version_name="v1.0")])
        assert isinstance(first, ArtifactVersion)
        assert first.version == 1
        assert store.get(Artifact, "a").last_version == 2
        assert other.get(Artifact, "a").last_version == 1
        with pytest.raises(VersionTakenError):
            other.append([replace(a_version("a"), version_name="v1.0")])

    def test_each_finds_its_own_records_alone(
        self, store: MetadataStore, other: MetadataStore
    ) -> None:
        store.append([a_run("mine"), a_version("a"), a_version("a")])
        other.append([a_run("its"), a_version("a"), a_version("b")])
        assert [run.id for run in other.find(Query(Run)).items] == ["its"]
        assert [one.name for one in store.find(Query(Artifact)).items] == ["a"]
        for query, mine, its in (
            (Query(ArtifactVersion), 2, 2),
            (Query(ArtifactVersion, {"name": "a"}), 2, 1),
            (Query(ArtifactVersion, {"step_run": None}), 2, 2),
            (Query(ArtifactVersion, latest_only=True), 1, 2),
            (Query(ArtifactVersion, name_pattern="[ab]"), 2, 2),
            (Query(ArtifactVersion, name_pattern="b", latest_only=True), 0, 1),
            (Query(ArtifactVersion, unused=True), 2, 2),
        ):
            pages = store.find(query), other.find(query)
            assert [(len(page.items), page.total) for page in pages] == [(mine, mine), (its, its)]

    def test_records_of_all_are_found_where_that_is_asked_for(
        self, store: MetadataStore, other: MetadataStore
    ) -> None:
        store.append([a_run("mine"), a_version("a"), a_version("a")])
        other.append([a_run("its"), a_version("a")])
        assert store.find(Query(Run, everywhere=True)).total == 2
        assert store.find(Query(ArtifactVersion, everywhere=True)).total == 3
        assert store.find(Query(ArtifactVersion, everywhere=True, latest_only=True)).total == 2

    def test_an_id_leads_to_its_record_in_whatever_project(
        self, store: MetadataStore, other: MetadataStore
    ) -> None:
        made, left = a_step("make")
        store.append([a_run("run"), made, left])
        used, result = a_step("use")
        used = replace(used, run_id="its", inputs=(Input("x", left.id),))
        other.append([a_run("its"), used, result])
        assert other.get(ArtifactVersion, left.id).id == left.id
        assert other.find(Query(StepRun, {"output": left.id})).items[0].id == made.id
        assert store.find(Query(StepRun, {"input": left.id})).items[0].id == used.id
        assert [edge.source for edge in other.lineage(result.id)] == [left.id]

    def test_what_is_said_of_an_artifact_is_said_of_the_projects_own(
        self, store: MetadataStore, other: MetadataStore
    ) -> None:
        store.append([a_version("a")])
        other.append([a_version("a"), Labels(Subject.ARTIFACT, "a", ("good",))])
        assert store.get(Artifact, "a").tags == ()
        assert store.find(Query(ArtifactVersion, tags=("good",))).total == 0
        assert other.find(Query(ArtifactVersion, tags=("good",))).total == 1
        with pytest.raises(NotFoundError):
            store.append([a_version("b"), Labels(Subject.ARTIFACT, "c", ("good",))])

    def test_a_project_is_there_once_it_has_recorded_something(
        self, store: MetadataStore, other: MetadataStore
    ) -> None:
        assert other.find(Query(Project)).total == 0
        other.append([a_run("its")])
        store.append([a_run("mine")])
        store.append([a_run("again")])
        page = store.find(Query(Project, newest_first=False))
        assert [project.name for project in page.items] == ["other", "default"]
        assert store.get(Project, "other").created > 0

    def test_the_newest_version_is_another_once_it_is_removed(
        self, store: MetadataStore, other: MetadataStore
    ) -> None:
        first, second = a_version("a"), a_version("a")
        for kept in (store, other):
            kept.append([replace(first, id=f"{id(kept)}-1"), replace(second, id=f"{id(kept)}-2")])
        store.append([Removal(f"{id(store)}-2")])
        newest = Query(ArtifactVersion, latest_only=True)
        assert [version.version for version in store.find(newest).items] == [1]
        assert [version.version for version in other.find(newest).items] == [2]
        store.append([Removal(f"{id(store)}-1")])
        assert store.find(newest).total == 0
        assert [version.version for version in other.find(newest).items] == [2]
        (third,) = store.append([a_version("a")])
        assert store.find(newest).items == (third,)
