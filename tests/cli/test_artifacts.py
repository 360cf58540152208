import json
from dataclasses import replace

import pytest

from jupyter_mlpipe.model.artifact import Preview
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.testing.metadata import a_version
from jupyter_mlpipe.tracking.sql import SqlMetadataStore


@pytest.fixture
def kept(project):
    """Records a version whose manifest holds a preview."""

    def keep(name, **changes):
        folder = project / "value"
        folder.mkdir(exist_ok=True)
        artifacts = ArtifactStore(open_blobs(str(project / ".mlpipe/artifacts"), project / "cache"))
        previews = {"": Preview("text", text="three\x1b[31m rows")}
        manifest = artifacts.commit(folder, "json", pickled=False, previews=previews)
        store = SqlMetadataStore(f"sqlite:///{project / '.mlpipe/metadata.db'}")
        store.append([replace(a_version(name), manifest=manifest, **changes)])
        store.close()

    return keep


def test_the_newest_version_of_each_artifact_is_listed(mlpipe, kept):
    kept("iris")
    kept("iris", version_name="v2.0")
    kept("model")
    listed = json.loads(mlpipe("artifact", "list", "--json")[1])
    assert listed["format"] == 1
    assert {(a["name"], a["version"]) for a in listed["artifacts"]} == {("iris", 2), ("model", 1)}
    assert "2 (v2.0)" in mlpipe("artifact", "list")[1]


def test_an_artifact_is_shown_by_name_number_and_version_name(mlpipe, kept):
    kept("iris", version_name="raw")
    kept("iris")
    for called, version in (("iris", 2), ("iris@1", 1), ("iris@raw", 1)):
        shown = json.loads(mlpipe("artifact", "show", called, "--json")[1])
        assert shown["version"]["version"] == version
        assert shown["preview"]["text"].startswith("three")


def test_a_name_may_hold_an_at_sign(mlpipe, kept):
    kept("mail@example")
    assert mlpipe("artifact", "show", "mail@example")[0] == 0


def test_nothing_that_is_stored_reaches_the_terminal_as_a_command(mlpipe, kept):
    kept("bad\x1b[2Jname")
    for arguments in (("artifact", "list"), ("artifact", "show", "bad\x1b[2Jname")):
        _, out, _ = mlpipe(*arguments)
        assert "\x1b" not in out
        assert "\\x1b[2Jname" in out


def test_a_lost_preview_does_not_hide_the_rest(mlpipe, recorded):
    status, out, _ = mlpipe("artifact", "show", "p::train::x")
    assert status == 0
    assert "made by" in out


def test_an_unknown_name_leads_to_close_ones(mlpipe, kept):
    kept("study::load::df")
    status, _, err = mlpipe("artifact", "show", "df")
    assert status == 2
    assert "study::load::df" in err
