import json

import pytest

from jupyter_mlpipe import Client, save_artifact


@pytest.fixture
def churn(project):
    """A model with two versions, of which the first is in production."""
    save_artifact([1], "weights")
    save_artifact([2], "weights")
    with Client() as client:
        client.create_model("churn", description="who leaves", tags=["team"])
        first = client.create_model_version("churn", {"weights": "weights@1"}, "spring")
        client.create_model_version("churn", {"weights": "weights"}, tags=["good"])
        first.set_stage("production", reason="the first")


def as_json(mlpipe, *arguments):
    status, out, err = mlpipe("model", *arguments, "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert found["format"] == 1
    return found


def test_models_are_listed_with_the_versions_in_use(mlpipe, churn):
    assert [model["name"] for model in as_json(mlpipe, "list", "--tag", "team")["models"]] == [
        "churn"
    ]
    (_, line) = mlpipe("model", "list")[1].splitlines()
    assert line.split()[:3] == ["churn", "2", "spring"]


def test_a_version_is_shown_by_all_that_it_is_called(mlpipe, churn):
    for called, number in (("churn", 2), ("churn@1", 1), ("churn@spring", 1), ("churn@v2", 2)):
        shown = as_json(mlpipe, "show", called)
        assert shown["version"]["version"] == number
        assert shown["artifacts"]["weights"]["version"] == number
    told = mlpipe("model", "show", "churn@production")[1]
    assert told.startswith("churn: who leaves")
    assert "1 (spring) of 2" in told
    assert "weights v1" in told


def test_versions_are_made_and_listed(mlpipe, churn):
    arguments = ("version", "create", "churn", "weights=weights@1", "old=weights")
    made = as_json(mlpipe, *arguments, "--version", "autumn", "--tag", "x")["version"]
    assert (made["version"], list(made["artifacts"])) == (3, ["weights", "old"])
    listed = as_json(mlpipe, "version", "list", "churn")["versions"]
    assert [version["version"] for version in listed] == [3, 2, 1]
    assert "3 (autumn)" in mlpipe("model", "version", "list", "churn", "--tag", "x")[1]
    assert mlpipe("model", "version", "create", "new", "a=weights")[1] == "new 1: a\n"


def test_promoting_is_told_in_the_history_with_who_and_why(mlpipe, churn):
    status, _, err = mlpipe("model", "promote", "churn@2", "--to", "production")
    assert status == 2
    assert "Version 1 of the model 'churn' is in production" in err
    arguments = ("promote", "churn@2", "--to", "production", "--force", "--reason", "better")
    assert as_json(mlpipe, *arguments)["version"]["stage"] == "production"
    told = as_json(mlpipe, "history", "churn")["history"]
    assert [(one["version"], one["to_stage"], one["reason"]) for one in told] == [
        *((1, "archived", "better"), (2, "production", "better"), (1, "production", "the first")),
    ]
    assert "the first" in mlpipe("model", "history", "churn")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["bogus"],
        ["version"],
        ["version", "bogus"],
        ["show", "nowhere"],
        ["show", "churn@9"],
        ["history", "nowhere"],
        ["version", "list", "chrun"],
        ["version", "create", "churn", "weights"],
        ["version", "create", "churn", "a=weights", "a=weights"],
        ["version", "create", "churn", "a=nowhere"],
        ["promote", "churn"],
        ["promote", "churn@2", "--to", "bogus"],
    ],
)
def test_a_bad_command_is_one_line(mlpipe, churn, arguments):
    status, out, err = mlpipe("model", *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("mlpipe: ")


def test_looking_makes_no_metadata_store(mlpipe, project):
    assert mlpipe("model", "list")[0] == 0
    assert not (project / ".mlpipe").exists()


def test_pruning_leaves_what_a_model_groups_and_says_so(mlpipe, churn):
    save_artifact([3], "weights")
    told = mlpipe("artifact", "prune")[1]
    assert "0 versions would be removed" in told
    kept = "weights v2 (weights of churn v2), weights v1 (weights of churn spring)"
    assert f"{kept} stay for their models." in told
    removed = json.loads(mlpipe("artifact", "prune", "--yes", "--json")[1])
    assert (removed["removed"], len(removed["kept"])) == ([], 2)
    with Client() as client:
        assert client.get_model_version("churn", 1).load("weights") == [1]
