import json
import pickle
import re
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from jupyter_mlpipe import HTMLString
from jupyter_mlpipe.client import Client, load_artifact, register_artifact, save_artifact
from jupyter_mlpipe.config import load_settings
from jupyter_mlpipe.engine.context import open_context
from jupyter_mlpipe.model.artifact import ArtifactConfig, ArtifactType, ArtifactVersion
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import (
    CorruptArtifactError,
    MetadataError,
    NotFoundError,
    StorageError,
)
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
    assert repr(found) == "<StoredArtifact 'numbers' version raw>"


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


def test_a_value_is_saved_by_name_and_counted(project):
    first = save_artifact([1], "numbers", "v1.0", tags=["a", "b"])
    second = save_artifact([2], "numbers")
    assert (first.version, first.version_name, first.tags) == (1, "v1.0", ("a", "b"))
    assert (second.version, second.step, second.run) == (2, None, None)
    assert load_artifact("numbers", "v1.0") == [1]


def test_a_config_says_more_than_a_name(project):
    config = ArtifactConfig("numbers", "v1", ["a"], ArtifactType.MODEL, {"rows": 1})
    saved = save_artifact([1], config, tags=["b"])
    assert (saved.type, saved.tags) == ("MODEL", ("a", "b"))
    assert saved.run_metadata["rows"] == 1


@pytest.mark.parametrize("version", ["v1", "7"])
def test_a_version_name_that_is_taken_or_a_number_is_refused(project, version):
    save_artifact([1], "numbers", "v1")
    with pytest.raises(MetadataError, match=r"already has a version|looks like a number"):
        save_artifact([2], "numbers", version)
    assert load_artifact("numbers") == [1]


def test_two_processes_count_one_artifact_without_gaps(project):
    code = "from jupyter_mlpipe import save_artifact\nfor n in range(8): save_artifact(n, 'n')"
    writers = [subprocess.Popen([sys.executable, "-c", code], cwd=project) for _ in range(2)]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    with Client() as client:
        found = sorted(v.version for v in client.list_artifact_versions("n"))
    assert found == list(range(1, 17))


def test_lists_are_filtered_by_type_tag_pattern_and_metadata(keep, client):
    keep("a::x", [1], tags=("good",), type=ArtifactType.MODEL)
    keep("a::y", [1, 2], metadata={"loss": 0.5})
    keep("b::z", "text")

    def names(**filters):
        return {a.name for a in client.list_artifacts(**filters)}

    assert names(type="model") == {"a::x"}
    assert names(tag="good") == {"a::x"}
    assert names(name="a::*") == {"a::x", "a::y"}
    assert names(metadata={"loss": 0.5}) == {"a::y"}
    assert names(metadata={"length": 2}) == {"a::y"}
    assert len(client.list_artifact_versions(tag="good")) == 1
    assert client.list_artifact_versions("a::y", tag="good") == ()


def test_tags_and_metadata_are_added_and_taken_away(keep, client):
    keep("numbers", [1], tags=("old",))
    found = client.get_artifact_version("numbers")
    found.tag("new", "best")
    found.untag("old")
    found.log_metadata({"loss": 0.5})
    assert found.tags == client.get_artifact_version("numbers").tags == ("new", "best")
    assert client.get_artifact_version("numbers").run_metadata["loss"] == 0.5


def test_the_files_of_an_artifact_are_packed_as_they_are(keep, client, project):
    keep("numbers", {"a": 1})
    found = client.get_artifact_version("numbers")
    with zipfile.ZipFile(found.download_files("numbers.zip")) as archive:
        assert json.loads(archive.read("value.json"))["format"] == 1
    with pytest.raises(StorageError, match="there already"):
        found.download_files("numbers.zip")
    assert found.download_files("numbers.zip", overwrite_if_exists=True).exists()
    with pytest.raises(StorageError, match=r"\.zip"):
        found.download_files("numbers.tar")


@pytest.mark.parametrize("kind", ["file", "folder", "url"])
def test_existing_data_is_registered_where_it_is(project, client, kind):
    folder = project / "data"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "weights.bin").write_bytes(b"x" * 10_000)
    place = {"file": folder / "deep" / "weights.bin", "folder": folder, "url": f"file://{folder}"}
    registered = register_artifact(place[kind], "weights", tags=["raw"])
    assert load_artifact("weights") == place[kind]
    assert (registered.run_metadata["bytes"], registered.tags) == (10_000, ("raw",))
    stored = sum(
        f.stat().st_size for f in (project / ".mlpipe" / "artifacts").rglob("*") if f.is_file()
    )
    assert stored < 5000
    with zipfile.ZipFile(registered.download_files("x.zip")) as archive:
        (name,) = archive.namelist()
        assert name.endswith("weights.bin")


def test_registered_data_that_changed_is_another_value(project):
    (project / "a.txt").write_text("1")
    first = register_artifact("a.txt", "a")
    again = register_artifact(project / "a.txt", "a")
    (project / "a.txt").write_text("22")
    changed = register_artifact("a.txt", "a")
    assert first.digest == again.digest != changed.digest


def test_nothing_cannot_be_registered(project):
    with pytest.raises(StorageError, match="nothing at missing"):
        register_artifact("missing", "x")


def test_a_preview_is_shown_without_loading_the_value(keep, client):
    keep("page", ["<script>alert(1)</script>"])
    shown = client.get_artifact_version("page").visualize()
    assert "&lt;script&gt;" in shown._repr_html_()
    assert "<script>" not in shown._repr_html_()


def test_a_page_is_shown_in_a_frame_that_runs_and_fetches_nothing(project):
    page = HTMLString("""<script>alert(1)</script><p title='"'>hello</p>""")
    shown = save_artifact(page, "page").visualize()._repr_html_()
    frame = re.search(r"<iframe ([^>]*)>", shown).group(1)
    assert 'sandbox=""' in frame
    assert "default-src &#x27;none&#x27;" in frame
    assert "&lt;script&gt;" in frame
    assert "<script" not in shown


def test_every_record_shows_itself_as_html_in_which_nothing_is_markup(keep, client):
    keep("<b>name</b>", [1], tags=("<i>tag</i>",), metadata={"<u>key</u>": "<s>value</s>"})
    run = client.get_pipeline_run("latest")
    found = client.get_artifact_version("<b>name</b>")
    shown = [client.list_artifacts(), client.list_runs(), client.list_run_steps()]
    shown += [found, found.step, found.run, run, run.run, run.steps[0]]
    for record in shown:
        html = record._repr_html_()
        assert html.startswith("<table>")
        assert not re.search("<[bius]>", html)
    assert "&lt;i&gt;tag" in found._repr_html_()
    assert ">version</th>" in client.list_artifact_versions()._repr_html_()


def test_frames_arrays_and_estimators_tell_about_themselves(project):
    frame = pd.DataFrame({"a": [1.0, None], "b": ["x", "y"]})
    told = save_artifact(frame, "frame").run_metadata
    assert (told["shape"], told["dtypes"], told["nulls"]) == ([2, 2], ["float64", "str"], {"a": 1})
    assert told["bytes"] > 0
    told = save_artifact(np.zeros((2, 3), "int8"), "array").run_metadata
    assert (told["shape"], told["dtype"], told["bytes"]) == ([2, 3], "int8", 6)
    told = save_artifact(Ridge(alpha=0.5), "model").run_metadata
    assert told["class"].endswith("Ridge")
    assert told["params"]["alpha"] == "0.5"


def test_a_version_comes_back_from_pickle_in_the_project_at_hand(keep, client):
    keep("numbers", [1])
    found = pickle.loads(pickle.dumps(client.get_artifact_version("numbers")))
    assert found == client.get_artifact_version("numbers")
    assert found.load() == [1]


def test_all_of_it_is_found_at_the_top_of_the_package():
    import jupyter_mlpipe

    for name in jupyter_mlpipe.__all__:
        assert getattr(jupyter_mlpipe, name).__name__ == name
