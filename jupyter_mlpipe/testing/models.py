"""What holds of models in a metadata store, as tests to inherit."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from jupyter_mlpipe.model.artifact import ArtifactVersion, Removal
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import (
    MetadataError,
    NotFoundError,
    StageTakenError,
    VersionTakenError,
)
from jupyter_mlpipe.model.models import Alias, Model, ModelStages, ModelVersion, Promotion
from jupyter_mlpipe.model.run import Run
from jupyter_mlpipe.testing.projects import ProjectsContract
from jupyter_mlpipe.testing.records import a_run, a_version
from jupyter_mlpipe.tracking.store import MetadataStore, Query

_PRODUCTION, _STAGING = ModelStages.PRODUCTION, ModelStages.STAGING
_ARCHIVED, _NONE = ModelStages.ARCHIVED, ModelStages.NONE


class ModelsContract(ProjectsContract):
    """A part of `MetadataStoreContract`."""

    def test_every_field_of_a_model_comes_back(self, store: MetadataStore) -> None:
        model = Model("churn", 0, 1.5, "who leaves", ("b", "a"), {"team": "é"})
        weights, data = a_version("w"), a_version("d")
        version = replace(
            a_model_version("churn"),
            artifacts={"weights": weights.id, "data": data.id},
            version_name="spring",
            run_id="run",
            description="first try",
            tags=("y", "x"),
            metadata={"auc": [0.5, None]},
        )
        stored = store.append([a_run(), model, weights, data, version])
        assert stored[1] == model
        assert stored[-1] == replace(version, version=1) == store.get(ModelVersion, version.id)
        assert list(store.get(ModelVersion, version.id).artifacts) == ["weights", "data"]
        assert store.get(Model, "churn") == replace(model, last_version=1)

    def test_a_model_is_made_once_or_with_its_first_version(self, store: MetadataStore) -> None:
        versions_of(store, 1)
        assert store.get(Model, "churn").last_version == 1
        with pytest.raises(MetadataError, match="'churn' is there already"):
            store.append([a_run("r"), Model("churn")])
        assert store.find(Query(Run)).total == 0

    def test_versions_of_a_model_count_from_one(self, store: MetadataStore) -> None:
        versions_of(store, 2)
        stored = store.append([a_model_version("churn"), a_model_version("other")])
        assert [one.version for one in stored if isinstance(one, ModelVersion)] == [3, 1]
        newest = store.find(Query(ModelVersion, {"model": "churn"}, limit=1)).items
        assert [one.version for one in newest] == [3]

    def test_a_refused_version_leaves_nothing_and_no_gap(self, store: MetadataStore) -> None:
        (first,) = versions_of(store, 1)
        with pytest.raises(MetadataError, match="never change"):
            store.append([a_run("r"), replace(first, description="other")])
        with pytest.raises(MetadataError, match="never recorded"):
            store.append([replace(a_model_version("churn"), artifacts={"weights": "nowhere"})])
        assert store.find(Query(Run)).total == 0
        assert (
            store.append([a_model_version("churn")])[0]
            == store.find(Query(ModelVersion, {"version": 2})).items[0]
        )

    def test_no_two_versions_of_a_model_are_called_alike(self, store: MetadataStore) -> None:
        named = replace(a_model_version("churn"), version_name="spring")
        store.append([named, replace(a_model_version("other"), version_name="spring")])
        with pytest.raises(VersionTakenError, match="'spring' already"):
            store.append([replace(named, id=new_id())])
        with pytest.raises(MetadataError, match="for good"):
            store.append([Alias(named.id, "spring")])
        store.append([Alias(named.id, "champion")])
        with pytest.raises(VersionTakenError, match="'champion' already"):
            store.append([replace(a_model_version("churn"), version_name="champion")])

    def test_an_alias_leads_to_the_version_that_was_given_it_last(
        self, store: MetadataStore
    ) -> None:
        one, two = versions_of(store, 2)
        store.append([Alias(one.id, "champion"), Alias(one.id, "best")])
        store.append([Alias(two.id, "champion")])
        assert store.get(ModelVersion, one.id).aliases == ("best",)
        called = Query(ModelVersion, {"model": "churn", "called": "champion"})
        assert [found.id for found in store.find(called).items] == [two.id]
        with pytest.raises(NotFoundError, match=r"Version 1 .*'champion'"):
            store.append([Alias(one.id, "champion", dropped=True)])
        store.append([Alias(two.id, "champion", dropped=True)])
        assert store.find(called).total == 0

    def test_a_promotion_is_told_with_where_it_came_from(self, store: MetadataStore) -> None:
        (version,) = versions_of(store, 1)
        wanted = Promotion(new_id(), version.id, _STAGING, "me", "it is good", 3.0)
        (made,) = store.append([wanted])
        assert made == replace(wanted, from_stage=_NONE, model="churn", version=1)
        assert store.get(Promotion, wanted.id) == made
        assert store.get(ModelVersion, version.id).stage is _STAGING
        assert store.append([promotion(version, _STAGING)]) == ()
        assert store.find(Query(Promotion, {"model": "churn"})).items == (made,)

    def test_a_stage_that_another_version_has_is_refused_by_name(
        self, store: MetadataStore
    ) -> None:
        one, two = versions_of(store, 2)
        store.append([promotion(one, _PRODUCTION)])
        with pytest.raises(StageTakenError, match=r"Version 1 .*'churn' is in production"):
            store.append([a_run("r"), promotion(two, _PRODUCTION)])
        assert store.find(Query(Run)).total == 0
        assert stages(store) == [_PRODUCTION, _NONE]

    def test_force_archives_the_version_that_has_the_stage(self, store: MetadataStore) -> None:
        one, two = versions_of(store, 2)
        store.append([promotion(one, _PRODUCTION), promotion(two, _STAGING)])
        store.append([promotion(two, _PRODUCTION, force=True)])
        assert stages(store) == [_ARCHIVED, _PRODUCTION]
        told = store.find(Query(Promotion, {"version_id": one.id}, newest_first=False)).items
        assert [(p.from_stage, p.to_stage) for p in told] == [
            *((_NONE, _PRODUCTION), (_PRODUCTION, _ARCHIVED)),
        ]
        assert store.find(Query(Promotion)).total == 4

    def test_any_number_of_versions_is_archived(self, store: MetadataStore) -> None:
        for version in versions_of(store, 3):
            store.append([promotion(version, _ARCHIVED)])
        assert stages(store) == [_ARCHIVED] * 3

    def test_nothing_is_promoted_that_is_not_recorded(self, store: MetadataStore) -> None:
        for change in (Promotion(new_id(), "nowhere", _STAGING), Alias("nowhere", "x")):
            with pytest.raises(NotFoundError, match="'nowhere'"):
                store.append([a_run("r"), change])
        assert store.find(Query(Run)).total == 0

    def test_of_many_that_promote_at_once_one_has_the_stage(self, store: MetadataStore) -> None:
        versions = versions_of(store, 6)
        with ThreadPoolExecutor(6) as pool:
            forced = [promotion(version, _PRODUCTION, force=True) for version in versions]
            list(pool.map(lambda one: store.append([one]), forced))
        assert sorted(stages(store)) == [*[_ARCHIVED] * 5, _PRODUCTION]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda one: try_to(store, promotion(one, _STAGING)), versions))
        assert stages(store).count(_STAGING) == 1

    def test_what_a_model_version_groups_is_never_removed(self, store: MetadataStore) -> None:
        kept, loose = a_version("a"), a_version("b")
        store.append([kept, loose])
        version = replace(a_model_version("churn"), artifacts={"weights": kept.id})
        store.append([version])
        assert store.append([Removal(kept.id), Removal(loose.id)]) == (Removal(loose.id),)
        assert store.get(ArtifactVersion, kept.id).name == "a"
        grouping = store.find(Query(ModelVersion, {"artifact": (kept.id, loose.id)})).items
        assert [found.id for found in grouping] == [version.id]

    def test_each_project_has_models_of_its_own(
        self, store: MetadataStore, other: MetadataStore
    ) -> None:
        (mine,), (its,) = versions_of(store, 1), versions_of(other, 1)
        assert its.version == 1
        for one, version in ((store, mine), (other, its)):
            one.append([promotion(version, _PRODUCTION), Alias(version.id, "best")])
            assert one.find(Query(ModelVersion, {"stage": "production"})).items[0].id == version.id
            assert one.find(Query(ModelVersion, {"called": "best"})).total == 1
            assert [found.name for found in one.find(Query(Model)).items] == ["churn"]
            assert one.find(Query(Promotion)).total == 1
        assert other.get(ModelVersion, mine.id).id == mine.id
        other.append([promotion(mine, _STAGING)])
        assert store.find(Query(Promotion)).total == 2

    def test_models_are_found_by_tag_stage_and_run(self, store: MetadataStore) -> None:
        good = replace(a_model_version("churn"), tags=("good",), run_id="run")
        store.append([a_run(), Model("tagged", tags=("team",)), good, a_model_version("churn")])
        assert [found.name for found in store.find(Query(Model, tags=("team",))).items] == [
            "tagged"
        ]
        for query in (
            Query(ModelVersion, tags=("good",)),
            Query(ModelVersion, {"run_id": "run"}),
            Query(ModelVersion, {"stage": "none", "version": 1}),
        ):
            assert [found.id for found in store.find(query).items] == [good.id]


def a_model_version(model: str) -> ModelVersion:
    """A version that is yet to be numbered, and groups nothing."""
    return ModelVersion(new_id(), model, created=2.0)


def versions_of(store: MetadataStore, count: int) -> list[ModelVersion]:
    """Further versions of the model `churn`."""
    stored = store.append([a_model_version("churn") for _ in range(count)])
    return [record for record in stored if isinstance(record, ModelVersion)]


def promotion(version: ModelVersion, stage: ModelStages, *, force: bool = False) -> Promotion:
    """Of a version to a stage."""
    return Promotion(new_id(), version.id, stage, created=4.0, force=force)


def stages(store: MetadataStore) -> list[ModelStages]:
    """Those of all versions, in the order of their numbers."""
    found = store.find(Query(ModelVersion, newest_first=False)).items
    return [version.stage for version in found]


def try_to(store: MetadataStore, wanted: Promotion) -> None:
    """Promote, unless another one has the stage."""
    with contextlib.suppress(StageTakenError):
        store.append([wanted])
