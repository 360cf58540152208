import json


def test_runs_are_listed_newest_first(mlpipe, recorded):
    status, out, _ = mlpipe("run", "list", "--json")
    listed = json.loads(out)
    assert status == 0
    assert listed["format"] == 1
    assert [run["id"] for run in listed["runs"]] == ["run", "first"]
    assert set(listed["runs"][0]) >= {"id", "pipeline", "kind", "status", "started", "ended"}


def test_a_list_can_be_cut(mlpipe, recorded):
    assert len(json.loads(mlpipe("run", "list", "--limit", "1", "--json")[1])["runs"]) == 1


def test_a_run_is_shown_with_its_steps_in_the_agreed_form(mlpipe, recorded):
    shown = json.loads(mlpipe("run", "show", "--json")[1])
    assert (shown["format"], shown["run"]["id"]) == (1, "run")
    load, train = shown["steps"]
    assert [load["step"], train["step"]] == ["load", "train"]
    assert set(load) >= {"step", "status", "reason", "inputs", "outputs", "started", "seconds"}
    assert train["inputs"] == [
        {
            "variable": "df",
            "artifact": "p::load::x",
            "version": 1,
            "digest": "d" * 64,
            "produced_by": "load",
            "version_name": None,
        }
    ]
    assert set(train["outputs"][0]) == {
        *("variable", "artifact", "version", "version_name", "digest", "mutated")
    }


def test_latest_and_an_id_mean_the_same_run(mlpipe, recorded):
    assert mlpipe("run", "show", "latest", "--json") == mlpipe("run", "show", "run", "--json")


def test_people_get_aligned_columns(mlpipe, recorded):
    _, out, _ = mlpipe("run", "show")
    title, _tags, _site, headings, load, train = out.splitlines()
    assert title.startswith("run run of p, running")
    assert headings.index("STATUS") == load.index("succeeded") == train.index("succeeded")
    assert train.endswith("edited")


def test_a_notebook_that_is_not_there_is_named(mlpipe, project):
    assert (
        mlpipe("run", "no such.ipynb")[2] == "mlpipe: no such.ipynb: there is no such notebook.\n"
    )


def test_a_parameter_needs_a_name_and_a_value(mlpipe, project):
    (project / "n.ipynb").write_text("{}")
    for pair in ("lr", "=1"):
        status, _, err = mlpipe("run", "n.ipynb", "-p", pair)
        assert status == 2
        assert "expected NAME=VALUE" in err
    assert "given twice" in mlpipe("run", "n.ipynb", "-p", "a=1", "-p", "a=2")[2]


def test_a_run_is_tagged_and_found_by_its_tag_and_metadata(mlpipe, recorded):
    done = mlpipe("run", "tag", "first", "best", "--meta", "loss=0.5", "--json")[1]
    assert json.loads(done)["run"]["tags"] == ["nightly", "best"]
    assert json.loads(done)["run"]["metadata"]["loss"] == 0.5
    assert "tags: nightly, best\nsite = é\nloss = 0.5\n" in mlpipe("run", "show", "first")[1]
    assert "run first: nightly, best" in mlpipe("run", "tag", "first", "best")[1]
    for words in (("--tag", "best"), ("--meta", "loss=0.5")):
        runs = json.loads(mlpipe("run", "list", *words, "--json")[1])["runs"]
        assert [run["id"] for run in runs] == ["first"]
