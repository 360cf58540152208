"""Models from the user's code: made, promoted, found, and loaded in steps."""

import pickle

import pytest

from jupyter_mlpipe import Client, ModelStages, load_artifact, save_artifact
from jupyter_mlpipe.model.errors import (
    MetadataError,
    NotFoundError,
    StageTakenError,
    VersionTakenError,
)
from jupyter_mlpipe.model.run import Run, StepRun


@pytest.fixture(autouse=True)
def imports(session):
    session.plain("from jupyter_mlpipe import Client, ModelStages, save_artifact")


@pytest.fixture
def client(session):
    with Client() as client:
        yield client


@pytest.fixture
def churn(client):
    """Two versions of a model, the first of which is in production."""
    made = []
    for number in (1, 2):
        weights = save_artifact([number], "weights")
        save_artifact({"auc": number / 10}, "metrics")
        made.append(
            client.create_model_version("churn", {"weights": weights, "metrics": "metrics"})
        )
    made[0].set_stage("production", reason="the first")
    return made


def status(report):
    return report.step_run.status


def test_a_version_groups_what_it_is_given_and_loads_it_by_role(client, churn):
    found = client.get_model_version("churn")
    assert (found.version, found.load("weights"), found.load("metrics")) == (2, [2], {"auc": 0.2})
    assert [artifact.version for artifact in found.artifacts.values()] == [2, 2]
    with pytest.raises(NotFoundError, match="no 'data', but 'weights', 'metrics'"):
        found.load("data")


def test_artifacts_are_named_by_version_too(client):
    save_artifact([1], "weights", "raw")
    save_artifact([2], "weights")
    made = client.create_model_version("m", {"old": "weights@raw", "new": "weights"})
    assert (made.load("old"), made.load("new")) == ([1], [2])


def test_only_what_is_stored_can_be_grouped(client):
    with pytest.raises(MetadataError, match=r"found a list\. .*save_artifact"):
        client.create_model_version("m", {"weights": [1]})
    with pytest.raises(NotFoundError, match="'weights'"):
        client.create_model_version("m", {"weights": "weights"})
    with pytest.raises(MetadataError, match="needs a name"):
        client.create_model_version(" ", {})
    assert client.list_models() == ()


def test_a_version_is_found_by_all_that_it_is_called(client, churn):
    named = client.create_model_version("churn", {}, "spring", tags=["good"])
    named.set_alias("champion")
    named.set_stage(ModelStages.STAGING)
    for called in (None, "latest", 3, "3", "v3", "spring", "champion", "staging", named.id[:20]):
        assert client.get_model_version("churn", called) == named
    assert client.get_model_version("churn", ModelStages.PRODUCTION) == churn[0]
    for called, words in (("sping", "newest of its 3 versions are 3 .spring"), ("archived", "Any")):
        with pytest.raises(NotFoundError, match=words):
            client.get_model_version("churn", called)
    with pytest.raises(NotFoundError, match="Close are 'churn'"):
        client.get_model_version("chrun")


@pytest.mark.parametrize("name", ["7", "v7", "production", "Latest", "two words", "a@b", ""])
def test_what_has_a_meaning_already_is_no_name_of_a_version(client, churn, name):
    with pytest.raises(MetadataError):
        client.create_model_version("churn", {}, name)
    with pytest.raises(MetadataError):
        churn[0].set_alias(name)
    assert len(client.list_model_versions("churn")) == 2


def test_a_version_name_is_given_once(client):
    client.create_model_version("churn", {}, "spring")
    with pytest.raises(VersionTakenError):
        client.create_model_version("churn", {}, "spring")
    assert client.create_model_version("churn", {}).version == 2


def test_a_stage_is_taken_from_another_version_by_force_alone(client, churn):
    with pytest.raises(StageTakenError, match=r"Version 1 .*Use force"):
        churn[1].set_stage("production")
    churn[1].set_stage("production", force=True, reason="better")
    assert (churn[0].stage, churn[1].stage) == ("archived", "production")
    (promoted,) = churn[1].history
    assert (promoted.from_stage, promoted.reason) == ("none", "better")
    assert promoted.user
    assert [told.version for told in client.list_promotions("churn")] == [1, 2, 1]
    assert [told.to_stage for told in churn[0].history] == ["archived", "production"]
    with pytest.raises(MetadataError, match="no stage; known are none, staging"):
        churn[1].set_stage("prod")


def test_an_alias_moves_and_is_taken_away(client, churn):
    churn[0].set_alias("champion")
    churn[1].set_alias("champion")
    assert (churn[0].aliases, churn[1].aliases) == ((), ("champion",))
    churn[1].remove_alias("champion")
    with pytest.raises(NotFoundError):
        client.get_model_version("churn", "champion")


def test_models_and_versions_are_listed_as_tables(client, churn):
    client.create_model("forecast", description="of sales", tags=["team"], metadata={"due": "may"})
    churn[1].tag("good")
    churn[1].log_metadata({"auc": 0.9})
    assert [model.name for model in client.list_models()] == ["churn", "forecast"]
    assert [model.name for model in client.list_models(tag="team")] == ["forecast"]
    for found in (
        client.list_model_versions("churn", stage="none"),
        client.list_model_versions(tag="good", metadata={"auc": 0.9}),
    ):
        assert list(found) == [churn[1]]
    assert "production" in client.list_model_versions("churn")._repr_html_()
    assert "weights: weights v2" in churn[1]._repr_html_()
    with pytest.raises(NotFoundError, match="no versions yet"):
        client.get_model_version("forecast")
    with pytest.raises(MetadataError, match="there already"):
        client.create_model("churn")


def test_a_pickled_version_is_found_again(client, churn):
    again = pickle.loads(pickle.dumps(churn[0]))
    assert again == churn[0]
    assert again.load("weights") == [1]


def test_a_version_knows_the_run_that_made_all_it_groups(session, client):
    session.step("%%step train\nmodel = [1]\nscore = 2")
    made = client.create_model_version(
        "m", {"weights": "study::train::model", "score": "study::train::score"}
    )
    assert made.run == session.context.metadata.get(Run, "r1")
    save_artifact([1], "loose")
    assert client.create_model_version("m", {"loose": "loose"}).run is None


USE = "%%step use\ntotal = sum(Client().get_model_version('churn', 'production').load('weights'))"


def test_what_a_step_loads_of_a_model_is_an_input_of_it(session, client, churn):
    run = session.step(USE).step_run
    weights = churn[0].artifacts["weights"]
    assert [(i.variable, i.version_id) for i in run.inputs] == [("churn@1: weights", weights.id)]
    assert run.uncacheable == ""
    assert {d.kind for d in run.dependencies} & {"file", "written", "inquiry"} == set()
    (edge,) = session.context.metadata.lineage(run.outputs[0].version_id)
    assert edge.source == weights.id


def test_another_version_in_that_stage_makes_the_step_run_again(session, client, churn):
    session.step(USE)
    assert status(session.step(USE)) == "cached"
    client.create_model_version("churn", {"weights": "weights"})
    assert status(session.step(USE)) == "cached"
    churn[1].set_stage("production", force=True)
    again = session.step(USE)
    assert (status(again), session["total"]) == ("succeeded", 2)
    assert again.step_run.reason == "the production version of the model churn is another one"


@pytest.mark.parametrize("called", ["", ", 'champion'", ", version='latest'"])
def test_so_does_another_latest_version_and_another_one_under_an_alias(
    session, client, churn, called
):
    churn[1].set_alias("champion")
    cell = f"%%step use\nfound = Client().get_model_version('churn'{called}).version"
    session.step(cell)
    assert status(session.step(cell)) == "cached"
    client.create_model_version("churn", {}).set_alias("champion")
    assert (status(session.step(cell)), session["found"]) == ("succeeded", 3)


def test_a_certain_version_stays_a_hit(session, client, churn):
    cell = "%%step use\ntotal = sum(Client().get_model_version('churn', 1).load('weights'))"
    session.step(cell)
    churn[1].set_stage("production", force=True)
    client.create_model_version("churn", {})
    assert status(session.step(cell)) == "cached"


def test_a_version_in_a_variable_counts_as_the_version(session, client, churn):
    session.plain("held = Client().get_model_version('churn', 'production')")
    cell = "%%step use\ntotal = sum(held.load('weights'))"
    run = session.step(cell).step_run
    assert churn[0].artifacts["weights"].id in {i.version_id for i in run.inputs}
    assert status(session.step(cell)) == "cached"
    churn[1].set_stage("production", force=True)
    assert status(session.step(cell)) == "cached"
    session.plain("held = Client().get_model_version('churn', 'production')")
    assert (status(session.step(cell)), session["total"]) == ("succeeded", 2)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("Client().list_models()", "lists what is stored"),
        ("Client().get_model_version('churn').stage", "asks how a model version stands"),
        ("Client().get_model_version('churn').history", "asks how a model version stands"),
        ("Client().get_model_version('churn').set_stage('staging')", "gives a model version"),
    ],
)
def test_a_step_that_asks_or_changes_how_things_stand_always_runs(session, churn, code, why):
    assert why in session.step(f"%%step ask\nn = str({code})").step_run.uncacheable


def test_a_step_that_missed_a_version_always_runs(session, churn):
    cell = (
        "%%step use\ntry:\n    found = Client().get_model_version('churn', 'staging').version\n"
        "except Exception:\n    found = None"
    )
    assert "is not there" in session.step(cell).step_run.uncacheable
    churn[1].set_stage("staging")
    session.step(cell)
    assert session["found"] == 2


def test_a_step_that_was_given_two_versions_always_runs(session, churn):
    cell = (
        "%%step use\nfirst = Client().get_model_version('churn').version\n"
        "Client().create_model_version('churn', {})\n"
        "second = Client().get_model_version('churn').version"
    )
    assert "was not the same all the while" in session.step(cell).step_run.uncacheable


def test_a_step_makes_a_version_of_what_it_saves(session, client):
    cell = (
        "%%step train\nweights = save_artifact([1], 'weights')\n"
        "Client().create_model_version('churn', {'weights': weights})"
    )
    report = session.step(cell)
    assert status(report) == "succeeded"
    made = client.get_model_version("churn")
    assert made.run.id == "r1"
    assert made.artifacts["weights"].made_by == report.step_run.id
    assert session.context.metadata.get(StepRun, report.step_run.id).status == "succeeded"
    assert status(session.step(cell)) == "cached"
    assert client.get_model_version("churn") == made
    assert load_artifact("weights") == [1]


TRAIN = "%%step train --model churn\nweights = [len(data)]\nauc = 0.5"


def test_the_outputs_of_a_step_become_a_version_of_a_model(session, client):
    session.step("%%step load\ndata = [1, 2]")
    report = session.step(TRAIN)
    made = client.get_model_version("churn")
    assert (report.model.version, made.version, made.run.id) == (1, 1, "r1")
    outputs = {output.variable: output.version_id for output in report.step_run.outputs}
    assert {role: found.id for role, found in made.artifacts.items()} == outputs
    assert made.load("weights") == [2]


def test_a_hit_makes_no_version_and_a_miss_makes_one(session, client):
    session.step("%%step load\ndata = [1, 2]")
    session.step(TRAIN)
    again = session.step(TRAIN)
    assert (status(again), again.model) == ("cached", None)
    session.step("%%step load\ndata = [1, 2, 3]")
    session.step(TRAIN)
    assert [made.load("weights") for made in client.list_model_versions("churn")] == [[3], [2]]


def test_a_step_that_is_to_leave_a_version_from_now_on_runs_once(session, client):
    cell = "%%step train{}\nweights = [1]"
    session.step(cell.format(""))
    report = session.step(cell.format(" --model churn"))
    assert "asks for other outputs" in report.step_run.reason
    assert status(session.step(cell.format(" --model churn"))) == "cached"
    assert client.get_model_version("churn").version == 1


def test_elements_become_one_version_together(session, client):
    session.plain("sizes = [1, 2]")
    cell = "%%step train --map size=sizes --model churn\nweights = [size]"
    session.step(cell)
    session.step(cell)
    (made,) = client.list_model_versions("churn")
    assert made.load("weights") == [[1], [2]]


def test_a_step_that_fails_or_leaves_nothing_makes_no_version(session, client):
    session.step("%%step train --model churn\nweights = [1]\n1 / 0")
    report = session.step("%%step train --model churn\nprint(1)")
    assert "the model 'churn' has no new version" in " ".join(report.warnings)
    assert client.list_models() == ()
