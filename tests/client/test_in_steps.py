"""What a step's own code asks of the stores by name, and says of itself."""

import pytest

from jupyter_mlpipe import Client, load_artifact, log_artifact_metadata, log_metadata, save_artifact
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import MetadataError, NotebookError
from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.tracking.store import Query

IMPORTS = (
    "from jupyter_mlpipe import Client, ExternalArtifact, load_artifact, log_artifact_metadata\n"
    "from jupyter_mlpipe import log_metadata, save_artifact"
)


@pytest.fixture(autouse=True)
def imports(session):
    session.plain(IMPORTS)


def status(report):
    return report.step_run.status


def versions(session, name):
    return session.context.metadata.find(Query(ArtifactVersion, {"name": name})).items


USE = "%%step use\ntotal = sum(load_artifact('numbers'))"


def test_what_a_step_loads_by_name_is_an_input_of_it(session):
    numbers = save_artifact([1, 2], "numbers")
    run = session.step(USE).step_run
    assert [(i.variable, i.version_id) for i in run.inputs] == [
        ("load_artifact('numbers')", numbers.id)
    ]
    (edge,) = session.context.metadata.lineage(run.outputs[0].version_id)
    assert edge.source == numbers.id
    with Client() as client:
        assert [s.step for s in client.list_run_steps(input_artifact_id=numbers.id)] == ["use"]


def test_a_newer_version_makes_the_step_run_again_with_the_reason(session):
    save_artifact([1, 2], "numbers")
    session.step(USE)
    assert status(session.step(USE)) == "cached"
    save_artifact([5], "numbers")
    again = session.step(USE)
    assert (status(again), session["total"]) == ("succeeded", 5)
    assert again.step_run.reason == "the newest version of numbers is another one"


def test_a_newer_version_with_the_same_content_is_no_reason(session):
    save_artifact([1, 2], "numbers")
    session.step(USE)
    save_artifact([1, 2], "numbers")
    assert status(session.step(USE)) == "cached"


def test_a_step_that_was_given_two_newest_versions_always_runs(session):
    save_artifact([1], "numbers")
    cell = (
        "%%step use\ntotal = len(load_artifact('numbers'))\nsave_artifact([1, 2], 'numbers')\n"
        "total += len(load_artifact('numbers'))"
    )
    session.step(cell)
    assert status(session.step(cell)) == "succeeded"
    assert session["total"] == 4


def test_a_certain_version_stays_a_hit(session):
    save_artifact([1, 2], "numbers", "v1")
    cell = "%%step use\ntotal = sum(load_artifact('numbers', 'v1'))"
    session.step(cell)
    save_artifact([5], "numbers")
    assert status(session.step(cell)) == "cached"


def test_what_the_stores_do_for_a_step_is_not_its_doing(session):
    save_artifact(list(range(100_000)), "numbers")
    run = session.step(USE).step_run
    assert run.uncacheable == ""
    assert {d.kind for d in run.dependencies} & {"file", "written", "inquiry"} == set()


def test_a_step_that_lists_what_is_stored_always_runs(session):
    report = session.step("%%step count\nn = len(Client().list_artifacts())")
    assert "lists what is stored" in report.step_run.uncacheable


def test_a_version_in_a_variable_stays_unloaded_and_counts_as_an_input(session, monkeypatch):
    numbers = save_artifact([1, 2], "numbers")
    session.plain("numbers = Client().get_artifact_version('numbers')")
    cell = "%%step use\ntotal = sum(numbers.load())"
    run = session.step(cell).step_run
    assert [(i.variable, i.version_id) for i in run.inputs] == [("numbers", numbers.id)]
    assert status(session.step(cell)) == "cached"
    save_artifact([5], "numbers")
    session.plain("numbers = Client().get_artifact_version('numbers')")
    assert status(session.step(cell)) == "succeeded"
    assert session["total"] == 5


def test_a_client_from_an_earlier_cell_serves_steps_as_well(session):
    numbers = save_artifact([1, 2], "numbers")
    session.plain("client = Client()\nheld = client.get_artifact_version('numbers')")
    cell = "%%step use\ntotal = sum(client.get_artifact_version('numbers').load() + held.load())"
    run = session.step(cell).step_run
    assert run.uncacheable == ""
    assert {i.version_id for i in run.inputs if not i.is_variable} == {numbers.id}
    assert status(session.step(cell)) == "cached"
    save_artifact([5], "numbers")
    assert status(session.step(cell)) == "succeeded"
    assert session["total"] == 8


def test_a_version_is_itself_something_that_a_step_can_leave(session):
    save_artifact([1, 2], "numbers")
    session.step("%%step pick\npicked = Client().get_artifact_version('numbers')")
    session.variables.drop("picked")
    session.step("%%step pick\npicked = Client().get_artifact_version('numbers')")
    assert session["picked"].load() == [1, 2]


def test_an_external_artifact_by_name_is_its_value_in_the_step_and_a_reference_after(session):
    numbers = save_artifact([1, 2], "numbers")
    session.plain("data = ExternalArtifact(name='numbers')")
    cell = "%%step use\ndata.append(3)\ntotal = sum(data)"
    first = session.step(cell)
    assert session["total"] == 6
    assert type(session["data"]).__name__ == "ExternalArtifact"
    assert [i.version_id for i in first.step_run.inputs] == [numbers.id]
    assert [o.variable for o in first.step_run.outputs] == ["total"]
    assert status(session.step(cell)) == "cached"
    assert load_artifact("numbers") == [1, 2]
    save_artifact([10], "numbers")
    session.step(cell)
    assert session["total"] == 13


def test_a_reference_that_a_step_made_is_followed_by_the_next(session):
    save_artifact([1, 2], "numbers")
    make = "%%step make\ndata = ExternalArtifact(name='numbers')"
    session.step(make)
    session.step("%%step use\ntotal = sum(data)")
    assert session["total"] == 3
    session.variables.drop("data")
    assert status(session.step(make)) == "cached"
    assert status(session.step("%%step use\ntotal = sum(data)")) == "cached"
    save_artifact([5], "numbers")
    again = session.step("%%step use\ntotal = sum(data)")
    assert again.step_run.reason == "the newest version of numbers is another one"


def test_an_external_artifact_by_value_switches_the_cache_off_and_is_stored_once(session):
    session.plain("data = ExternalArtifact(value=[1, 2])")
    cell = "%%step use\ntotal = sum(data)"
    first, again = session.step(cell), session.step(cell)
    assert status(first) == status(again) == "succeeded"
    assert again.step_run.reason == "always runs: `data` is given by value"
    assert len(versions(session, "study::data")) == 1


def test_an_external_artifact_that_was_uploaded_can_be_cached(session):
    session.plain("data = ExternalArtifact.upload_by_value([1, 2], name='given', tags=['x'])")
    cell = "%%step use\ntotal = sum(data)"
    session.step(cell)
    assert status(session.step(cell)) == "cached"
    assert versions(session, "given")[0].tags == ("x",)


def test_an_external_artifact_of_nothing_refuses_the_step_by_the_name_of_its_variable(session):
    session.plain("data = ExternalArtifact(name='nowhere')")
    with pytest.raises(NotebookError, match=r"`data`: No artifact is called 'nowhere'"):
        session.step("%%step use\ntotal = sum(data)")


def test_a_cell_may_bind_a_name_anew_that_held_a_reference(session):
    session.plain("data = ExternalArtifact(value=[1, 2])")
    session.step("%%step use\ndata = [*data, 3]")
    assert session["data"] == [1, 2, 3]


def test_each_element_of_a_mapped_step_finds_the_value(session):
    save_artifact([1, 2], "numbers")
    session.plain("data = ExternalArtifact(name='numbers')\nxs = [1, 2]")
    cell = "%%step use --map x=xs\ny = x * sum(data) + sum(load_artifact('numbers'))"
    session.step(cell)
    assert session["y"] == [6, 9]
    assert status(session.step(cell)) == "cached"
    save_artifact([5], "numbers")
    session.step(cell)
    assert session["y"] == [10, 15]


def test_metadata_that_a_step_logs_belongs_to_its_run_and_stands_on_a_hit(session):
    cell = "%%step train\nlog_metadata({'loss': 0.5})\nlog_metadata({'epochs': 3})\nm = 1"
    for expected in ("succeeded", "cached"):
        report = session.step(cell)
        assert status(report) == expected
        stored = session.context.metadata.get(StepRun, report.step_run.id)
        assert stored.metadata == {"loss": 0.5, "epochs": 3}


def test_metadata_that_a_failing_step_logged_is_kept(session):
    report = session.step("%%step train\nlog_metadata({'loss': 9.0})\n1 / 0")
    assert report.step_run.metadata == {"loss": 9.0}


@pytest.mark.parametrize("called", ["'model'", "'clf'", "None"])
def test_metadata_of_an_output_is_logged_by_its_variable_its_name_or_where_it_is_the_only_one(
    session, called
):
    cell = f"%%step train --out model=clf\nmodel = 1\nlog_artifact_metadata({{'a': 1}}, {called})"
    session.step(cell)
    assert versions(session, "clf")[0].metadata == {"a": 1}
    assert status(session.step(cell)) == "cached"


def test_metadata_of_an_earlier_artifact_is_logged_from_a_step(session):
    save_artifact(1, "old")
    session.step("%%step check\nlog_artifact_metadata({'ok': True}, artifact_name='old')\nx = 1")
    assert versions(session, "old")[0].metadata == {"ok": True}


def test_metadata_that_belongs_to_nothing_is_a_line_for_the_user(session):
    cell = "%%step two\na, b = 1, 2\nlog_artifact_metadata({'x': 1})"
    report = session.step(cell + "\nlog_artifact_metadata({'x': 1}, 'nowhere')")
    assert status(report) == "succeeded"
    assert any("`a`, `b`" in line for line in report.warnings)
    assert any("'nowhere'" in line for line in report.warnings)


def test_what_a_step_saves_is_left_by_it_also_when_it_fails_later(session):
    report = session.step("%%step train\nsave_artifact([1], 'checkpoint')\n1 / 0")
    (checkpoint,) = versions(session, "checkpoint")
    assert status(report) == "failed"
    assert checkpoint.step_run == report.step_run.id
    assert session.context.metadata.get(StepRun, report.step_run.id).status == "failed"


def test_a_hit_saves_nothing_again(session):
    cell = "%%step train\nsave_artifact([1], 'checkpoint')\nm = 1"
    session.step(cell)
    assert status(session.step(cell)) == "cached"
    assert len(versions(session, "checkpoint")) == 1


def test_outside_of_a_step_metadata_needs_something_to_belong_to(session):
    report = session.step("%%step one\na = 1")
    with pytest.raises(MetadataError, match="Outside of a step"):
        log_metadata({"x": 1})
    with pytest.raises(MetadataError, match="artifact_name="):
        log_artifact_metadata({"x": 1})
    log_metadata({"x": 1}, run_id_name_or_prefix="latest")
    log_metadata({"y": 2}, step_name="one")
    log_metadata({"z": 3}, artifact_name="study::one::a", artifact_version=1)
    store = session.context.metadata
    assert store.get(Run, "r1").metadata == {"x": 1}
    assert store.get(StepRun, report.step_run.id).metadata == {"y": 2}
    assert versions(session, "study::one::a")[0].metadata == {"z": 3}
