import pytest

from jupyter_mlpipe.client import Client, load_artifact
from jupyter_mlpipe.config import load_settings
from jupyter_mlpipe.engine.context import open_context
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import CorruptArtifactError, NotFoundError
from jupyter_mlpipe.model.run import Run, Status, StepRun


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def keep(project):
    """Stores a value as a step would."""
    context = open_context(load_settings(project, {}))
    run = Run(new_id(), "p", "local", Status.SUCCEEDED, 1.0)

    def store(name, value, **facts):
        kept = context.values.keep(value)
        step = StepRun(new_id(), run.id, "p", "load", Status.SUCCEEDED, 2.0)
        version = ArtifactVersion(
            new_id(),
            name,
            kept.digest,
            kept.manifest,
            materializer=kept.materializer,
            step_run=step.id,
            summary=kept.summary,
            **facts,
        )
        return context.metadata.append([run, step, version])[-1]

    yield store
    context.metadata.close()


@pytest.fixture
def client(project):
    with Client() as client:
        yield client


def test_a_value_comes_back_by_its_name(keep):
    keep("numbers", {"a": [1, 2.5, None]})
    assert load_artifact("numbers") == {"a": [1, 2.5, None]}


def test_an_older_version_comes_back_by_number_or_name(keep):
    keep("numbers", [1], version_name="raw")
    keep("numbers", [2])
    assert load_artifact("numbers") == [2]
    assert load_artifact("numbers", 1) == load_artifact("numbers", "raw") == [1]


def test_a_value_is_equal_but_never_the_same_object(keep):
    keep("numbers", [1])
    load_artifact("numbers").append(2)
    assert load_artifact("numbers") == [1]


def test_an_unknown_name_lists_close_ones(keep):
    keep("p::load::df", [1])
    with pytest.raises(NotFoundError, match="'p::load::df'"):
        load_artifact("df")


def test_changed_bytes_are_not_handed_out(keep, project):
    keep("numbers", list(range(1000)))
    for file in (project / ".mlpipe" / "artifacts").rglob("*"):
        if file.is_file():
            file.chmod(0o600)
            file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(CorruptArtifactError):
        load_artifact("numbers")


def test_an_artifact_tells_about_itself_before_it_is_loaded(keep, client):
    record = keep("numbers", [1], tags=("b",), metadata={"team": "x"}, version_name="raw")
    found = client.get_artifact_version("numbers")
    assert (found.id, found.name, found.version) == (record.id, "numbers", 1)
    assert (found.version_name, found.digest, found.tags) == ("raw", record.digest, ("b",))
    assert found.run_metadata["team"] == "x"
    assert found.step.step == "load"
    assert found.load() == [1]
    assert repr(found) == "<StoredArtifact 'numbers' version 1>"


def test_an_id_names_one_version(keep, client):
    old = keep("numbers", [1])
    keep("numbers", [2])
    assert client.get_artifact_version(old.id).load() == [1]


def test_artifacts_and_their_versions_are_listed(keep, client):
    for value in (1, 2):
        keep("numbers", [value])
    keep("words", "x")
    assert {(a.name, a.version) for a in client.list_artifacts()} == {("numbers", 2), ("words", 1)}
    assert [a.version for a in client.list_artifact_versions("numbers")] == [2, 1]
    with pytest.raises(NotFoundError, match="'numbers'"):
        client.list_artifact_versions("number")


def test_runs_are_listed_and_opened(keep, client):
    keep("numbers", [1])
    (run,) = client.list_runs()
    assert run.status == "succeeded"
    assert client.get_pipeline_run("latest") == client.get_pipeline_run(run.id)
    assert [step.step for step in client.get_pipeline_run(run.id).steps] == ["load"]


def test_a_folder_without_records_has_nothing(client):
    assert client.list_runs() == client.list_artifacts() == ()
    with pytest.raises(NotFoundError, match="Nothing is stored yet"):
        client.get_artifact_version("x")


def test_both_are_found_at_the_top_of_the_package():
    import jupyter_mlpipe

    assert jupyter_mlpipe.Client is Client
    assert jupyter_mlpipe.load_artifact is load_artifact
