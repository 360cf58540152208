"""What every metadata store must do, as tests to inherit."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpipe.model.artifact import Artifact, ArtifactVersion, Removal
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.environment import EnvironmentSnapshot
from jupyter_mlpipe.model.errors import MetadataError, NotFoundError, VersionTakenError
from jupyter_mlpipe.model.labels import Labels, Subject
from jupyter_mlpipe.model.models import Model, ModelVersion
from jupyter_mlpipe.model.run import (
    Input,
    Run,
    Shared,
    Status,
    StepRun,
)
from jupyter_mlpipe.testing.models import a_model_version
from jupyter_mlpipe.testing.records import a_chain, a_run, a_snapshot, a_step, a_version
from jupyter_mlpipe.testing.schedules import SchedulesContract
from jupyter_mlpipe.tracking.store import MetadataStore, Query, Record


class MetadataStoreContract(SchedulesContract):
    """Inherit, name the class `Test...`, and say how a store is opened."""

    def test_it_has_the_four_verbs(self, store: MetadataStore) -> None:
        assert isinstance(store, MetadataStore)

    def test_every_field_comes_back_as_it_was(self, store: MetadataStore) -> None:
        run, snapshot, (step, version) = a_run(), a_snapshot(), a_step("clean", full=True)
        assert store.append([run, snapshot, step, version]) == (run, snapshot, step, version)
        assert store.get(Run, run.id) == run
        assert store.get(EnvironmentSnapshot, snapshot.digest) == snapshot
        assert store.get(StepRun, step.id) == step
        assert store.get(ArtifactVersion, version.id) == version

    def test_records_outlive_the_store_that_wrote_them(
        self, store: MetadataStore, tmp_path: Path
    ) -> None:
        store.append([a_run("kept")])
        store.close()
        again = self.open_store(tmp_path)
        assert again.get(Run, "kept").id == "kept"
        again.close()

    def test_nothing_under_an_id_is_an_error_of_its_own(self, store: MetadataStore) -> None:
        with pytest.raises(NotFoundError, match=r"step run .*'nowhere'"):
            store.get(StepRun, "nowhere")

    def test_a_run_is_replaced_and_a_version_never(self, store: MetadataStore) -> None:
        run, version = a_run("r"), a_version("a")
        store.append([run, version])
        store.append([replace(run, status=Status.FAILED, ended=9.0)])
        assert store.get(Run, "r").status is Status.FAILED
        with pytest.raises(MetadataError, match="never change"):
            store.append([replace(version, digest="other")])
        assert store.get(ArtifactVersion, version.id).digest == version.digest

    def test_a_step_run_is_replaced_with_its_inputs_and_outputs(self, store: MetadataStore) -> None:
        _, step, version = store.append([a_run(), *a_step("clean")])
        assert isinstance(step, StepRun)
        assert isinstance(version, ArtifactVersion)
        shorter = replace(step, inputs=(Input("x", version.id),), outputs=())
        store.append([shorter])
        assert store.get(StepRun, step.id) == shorter

    def test_versions_count_from_one_per_name(self, store: MetadataStore) -> None:
        stored = store.append([a_version("a"), a_version("b"), a_version("a")])
        assert [version_of(record) for record in stored] == [1, 1, 2]

    def test_a_number_given_is_kept_and_counted_on(self, store: MetadataStore) -> None:
        stored = store.append([replace(a_version("a"), version=7), a_version("a")])
        assert [version_of(record) for record in stored] == [7, 8]

    def test_a_version_name_is_taken_once(self, store: MetadataStore) -> None:
        named = replace(a_version("a"), version_name="raw_2023")
        store.append([named, replace(a_version("b"), version_name="raw_2023")])
        with pytest.raises(VersionTakenError, match="version name"):
            store.append([a_run("r"), replace(named, id=new_id())])
        assert store.find(Query(ArtifactVersion)).total == 2

    def test_a_refused_transaction_leaves_nothing_and_no_gap(self, store: MetadataStore) -> None:
        version = a_version("a")
        with pytest.raises(MetadataError):
            store.append([a_run("r"), version, version])
        assert store.find(Query(Run)).items == ()
        assert [version_of(record) for record in store.append([version])] == [1]

    def test_what_a_record_names_must_be_recorded(self, store: MetadataStore) -> None:
        _, step, version = a_run(), *a_step("clean")
        with pytest.raises(MetadataError, match="never recorded"):
            store.append([step, version])
        assert store.find(Query(ArtifactVersion)).total == 0

    def test_pages_are_ordered_by_time_and_cut(self, store: MetadataStore) -> None:
        store.append([replace(a_run(str(i)), started=float(i)) for i in range(5)])
        page = store.find(Query(Run, limit=2, offset=1))
        assert ([run.id for run in page.items], page.total) == (["3", "2"], 5)
        oldest = store.find(Query(Run, newest_first=False, limit=1))
        assert ([run.id for run in oldest.items], oldest.total) == (["0"], 5)

    def test_fields_are_matched_by_value_by_choice_and_by_absence(
        self, store: MetadataStore
    ) -> None:
        store.append([a_run("r"), replace(a_run("f"), status=Status.FAILED, ended=4.0)])
        assert ids(store, Query(Run, {"status": "failed"})) == {"f"}
        assert ids(store, Query(Run, {"status": (Status.FAILED, "running")})) == {"r", "f"}
        assert ids(store, Query(Run, {"ended": None, "pipeline": "p"})) == {"r"}
        assert ids(store, Query(Run, {"status": ()})) == set()

    def test_an_unknown_field_is_refused_by_name(self, store: MetadataStore) -> None:
        with pytest.raises(MetadataError, match=r"'colour'.*status"):
            store.find(Query(Run, {"colour": "red"}))

    def test_step_runs_are_found_by_what_they_read_and_left(self, store: MetadataStore) -> None:
        chain = a_chain(store, "load", "clean", "train")
        assert names(store, {"input": chain[0]}) == ["clean"]
        assert names(store, {"output": chain[0]}) == ["load"]
        assert names(store, {"step": "train", "input": chain[0]}) == []

    def test_artifact_names_are_matched_as_a_glob(self, store: MetadataStore) -> None:
        store.append([a_version("p::load::df"), a_version("p::train::m"), a_version("P::load::x")])
        found = store.find(Query(ArtifactVersion, name_pattern="p::load*")).items
        assert [version.name for version in found] == ["p::load::df"]

    @pytest.mark.parametrize(
        ("pattern", "expected"),
        [
            ("a.b", ["a.b"]),
            ("a?b", ["a+b", "a.b", "a\\b"]),
            ("a[.+]b", ["a+b", "a.b"]),
            ("a[^.+]b", ["a\\b"]),
            ("*é", ["(é"]),
            ("(*", ["(é"]),
            ("[a", []),
            ("", []),
        ],
    )
    def test_a_glob_has_its_own_signs_and_no_others(
        self, store: MetadataStore, pattern: str, expected: list[str]
    ) -> None:
        store.append([a_version(name) for name in ("a.b", "a+b", "a\\b", "A.b", "(é")])
        found = store.find(Query(ArtifactVersion, name_pattern=pattern)).items
        assert sorted(version.name for version in found) == expected

    def test_the_latest_version_of_each_name(self, store: MetadataStore) -> None:
        store.append([a_version("a"), a_version("a"), a_version("b")])
        page = store.find(Query(ArtifactVersion, latest_only=True))
        assert {(v.name, v.version) for v in page.items} == {("a", 2), ("b", 1)}
        assert page.total == 2
        assert store.find(Query(ArtifactVersion, latest_only=True, name_pattern="a*")).total == 1
        (only,) = store.append([a_version("c")])
        assert isinstance(only, ArtifactVersion)
        store.append([Removal(only.id)])
        assert store.find(Query(ArtifactVersion, latest_only=True)).total == 2

    def test_lineage_goes_both_ways_nearest_first(self, store: MetadataStore) -> None:
        chain = a_chain(store, "load", "clean", "train")
        up = [(edge.source, edge.target) for edge in store.lineage(chain[2])]
        down = [(edge.source, edge.target) for edge in store.lineage(chain[0], "downstream")]
        assert up == [(chain[1], chain[2]), (chain[0], chain[1])]
        assert down == up[::-1]
        assert store.lineage(chain[0]) == ()

    def test_lineage_stops_at_its_depth_and_limit(self, store: MetadataStore) -> None:
        chain = a_chain(store, *(f"s{i}" for i in range(8)))
        assert len(store.lineage(chain[-1], depth=3)) == 3
        assert len(store.lineage(chain[-1], limit=2)) == 2
        assert len(store.lineage(chain[0], "downstream")) == 7

    def test_an_edge_met_twice_is_told_once(self, store: MetadataStore) -> None:
        top, _ = a_chain(store, "load", "clean")
        left, right = (a_version(name, step_run="both") for name in ("l", "r"))
        both = replace(a_step("split")[0], id="both", inputs=(Input("x", top),), outputs=())
        last, end = a_step("join", reads=(left.id, right.id, top))
        store.append([both, left, right, last, end])
        edges = store.lineage(end.id)
        assert len(edges) == len({(edge.source, edge.target) for edge in edges}) == 5

    def test_a_version_read_under_two_names_is_one_edge(self, store: MetadataStore) -> None:
        top, _ = a_chain(store, "load", "clean")
        step, end = a_step("join")
        twice = (Input("x", top), Input("y", top))
        store.append([replace(step, inputs=twice), end])
        assert [edge.source for edge in store.lineage(end.id)] == [top]

    def test_many_ways_to_an_edge_neither_hide_nor_repeat_others(
        self, store: MetadataStore
    ) -> None:
        records: list[Record] = [a_run()]
        left: list[str] = []
        for place in range(30):
            step, version = a_step(f"s{place}", tuple(left[-2:]))
            records += [step, version]
            left.append(version.id)
        store.append(records)
        assert len(store.lineage(left[-1], depth=30)) == 57
        near = [left.index(edge.source) for edge in store.lineage(left[-1], depth=2)]
        assert (sorted(near[:2]), sorted(near[2:])) == ([27, 28], [25, 26, 26, 27])

    @pytest.mark.parametrize("name", ["../../etc/passwd", "a'; DROP TABLE runs; --", "é🦉" * 150])
    def test_any_name_is_only_text(self, store: MetadataStore, name: str) -> None:
        store.append([replace(a_run("r"), pipeline=name), a_version(name)])
        assert ids(store, Query(Run, {"pipeline": name})) == {"r"}
        assert store.find(Query(ArtifactVersion, {"name": name})).items[0].name == name

    @pytest.mark.parametrize("subject", list(Subject))
    def test_anything_recorded_can_be_tagged_and_described_later(
        self, store: MetadataStore, subject: Subject
    ) -> None:
        (step, version), grouping = a_step("clean"), a_model_version("churn")
        store.append([a_run(), step, version, grouping])
        id_ = {
            Subject.ARTIFACT: version.name,
            Subject.VERSION: version.id,
            Subject.STEP_RUN: step.id,
            Subject.RUN: "run",
            Subject.MODEL: "churn",
            Subject.MODEL_VERSION: grouping.id,
        }[subject]
        store.append([Labels(subject, id_, ("good", "old"), {"rows": 3, "team": "x"})])
        store.append([Labels(subject, id_, ("good",), {"rows": 4}, dropped=("old",))])
        found = labelled(store, subject, id_)
        assert found.tags[-1] == "good"
        assert "old" not in found.tags
        assert (found.metadata["rows"], found.metadata["team"]) == (4, "x")

    def test_labels_of_nothing_are_refused_and_leave_nothing(self, store: MetadataStore) -> None:
        with pytest.raises(NotFoundError, match="'nowhere'"):
            store.append([a_run("r"), Labels(Subject.VERSION, "nowhere", ("x",))])
        assert store.find(Query(Run)).total == 0

    def test_a_run_that_goes_on_keeps_its_labels(self, store: MetadataStore) -> None:
        store.append([a_run("r"), Labels(Subject.RUN, "r", ("best",), {"loss": 0.5})])
        store.append([replace(a_run("r"), status=Status.SUCCEEDED)])
        found = store.get(Run, "r")
        assert found.status is Status.SUCCEEDED
        assert (found.tags, found.metadata["loss"]) == (("nightly", "best"), 0.5)

    def test_records_are_found_by_all_of_their_tags(self, store: MetadataStore) -> None:
        both, one = replace(a_version("a"), tags=("x", "y")), replace(a_version("b"), tags=("x",))
        store.append([both, one, a_version("c")])
        for tags, expected in ((("x",), {"a", "b"}), (("y", "x"), {"a"}), (("z",), set())):
            found = store.find(Query(ArtifactVersion, tags=tags))
            assert {version.name for version in found.items} == expected
            assert found.total == len(expected)

    def test_a_tag_of_an_artifact_counts_for_all_its_versions(self, store: MetadataStore) -> None:
        store.append([a_version("a"), a_version("a"), a_version("b")])
        store.append([Labels(Subject.ARTIFACT, "a", ("x",))])
        assert store.find(Query(ArtifactVersion, tags=("x",))).total == 2

    @pytest.mark.parametrize("value", [3, 0.5, "3", True, [1, "é"], {"a": {"b": 2}}])
    def test_records_are_found_by_metadata_of_any_type(
        self, store: MetadataStore, value: object
    ) -> None:
        said = replace(a_version("said"), metadata={'the "key"': value})
        store.append([said, replace(a_version("other"), metadata={'the "key"': "else"})])
        found = store.find(Query(ArtifactVersion, metadata={'the "key"': value})).items
        assert [version.name for version in found] == ["said"]

    def test_metadata_may_have_one_of_several_values_and_be_automatic(
        self, store: MetadataStore
    ) -> None:
        store.append([replace(a_version(f"v{n}"), summary={"rows": n}) for n in range(4)])
        found = store.find(Query(ArtifactVersion, metadata={"rows": (1, 2, "x")})).items
        assert {version.name for version in found} == {"v1", "v2"}

    def test_artifacts_are_listed_by_name(self, store: MetadataStore) -> None:
        store.append([a_version("b"), a_version("a"), a_version("b")])
        page = store.find(Query(Artifact, newest_first=False))
        assert [(one.name, one.last_version) for one in page.items] == [("a", 1), ("b", 2)]

    def test_only_what_no_step_run_uses_is_removed(self, store: MetadataStore) -> None:
        step, left = a_step("clean")
        read, beside, loose = (a_version(name) for name in ("read", "beside", "loose"))
        shared = (Shared("w", beside.id, "f" * 64),)
        step = replace(step, inputs=(Input("x", read.id),), shared=shared)
        store.append([a_run(), read, beside, loose, left, step])
        unused = store.find(Query(ArtifactVersion, unused=True)).items
        assert [version.name for version in unused] == ["loose"]
        every = [Removal(version.id) for version in (left, read, beside, loose)]
        assert store.append(every) == (Removal(loose.id),)
        assert store.find(Query(ArtifactVersion)).total == 3
        assert version_of(store.append([a_version("loose")])[0]) == 2

    def test_threads_share_one_store(self, store: MetadataStore) -> None:
        def write() -> None:
            for _ in range(5):
                store.append([a_version("shared")])

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = store.find(Query(ArtifactVersion, {"name": "shared"})).items
        assert sorted(version.version for version in found) == list(range(1, 21))

    def test_labels_that_several_add_at_once_are_all_there(self, store: MetadataStore) -> None:
        store.append([a_version("a"), a_version("b")])

        def label(name: str, order: tuple[str, str]) -> None:
            for turn in range(10):
                tag = (f"{name}{turn}",)
                store.append([Labels(Subject.ARTIFACT, artifact, tag) for artifact in order])

        pairs = {"one": ("a", "b"), "two": ("b", "a")}
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(label, pairs, pairs.values()))
        for artifact in "ab":
            assert len(store.get(Artifact, artifact).tags) == 20

    def test_a_closed_store_refuses_with_its_own_error(self, store: MetadataStore) -> None:
        store.close()
        with pytest.raises(MetadataError):
            store.find(Query(Run))


def ids(store: MetadataStore, query: Query[Run]) -> set[str]:
    """The ids of the runs found."""
    return {run.id for run in store.find(query).items}


def names(store: MetadataStore, where: dict[str, object]) -> list[str]:
    """The steps of the step runs found."""
    return [step.step for step in store.find(Query(StepRun, where)).items]


def labelled(store: MetadataStore, subject: Subject, id: str) -> Any:
    """What was given tags and metadata."""
    kinds: tuple[type[Any], ...] = (Artifact, ArtifactVersion, StepRun, Run, Model, ModelVersion)
    return store.get(kinds[list(Subject).index(subject)], id)


def version_of(record: Record) -> int:
    """The number that an artifact version was given."""
    assert isinstance(record, ArtifactVersion)
    return record.version
