import json
import os
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlpipe import load_artifact, save_artifact
from jupyter_mlpipe.model.artifact import ArtifactType, Preview
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.testing.records import a_version
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


def listed(mlpipe, *arguments):
    status, out, err = mlpipe("artifact", *arguments, "--json")
    assert status == 0, err
    return [(a["name"], a["version"]) for a in json.loads(out)["artifacts"]]


def test_lists_are_filtered_by_name_type_tag_and_metadata(mlpipe, kept):
    kept("a::x", tags=("good",), type=ArtifactType.MODEL)
    kept("a::y", metadata={"rows": 3, "note": "3"})
    kept("b::z", summary={"rows": 4})
    assert listed(mlpipe, "list", "--name", "a::*", "--tag", "good") == [("a::x", 1)]
    assert listed(mlpipe, "list", "--type", "model") == [("a::x", 1)]
    assert listed(mlpipe, "list", "--meta", "rows=3") == [("a::y", 1)]
    assert listed(mlpipe, "list", "--meta", "note=3") == [("a::y", 1)]
    assert listed(mlpipe, "list", "--meta", "rows=4") == [("b::z", 1)]


def test_all_versions_of_an_artifact_are_listed(mlpipe, kept):
    for name in ("iris", "iris", "model"):
        kept(name)
    assert sorted(listed(mlpipe, "version", "list", "iris")) == [("iris", 1), ("iris", 2)]
    assert len(listed(mlpipe, "version", "list")) == 3
    status, _, err = mlpipe("artifact", "version", "list", "irsi")
    assert (status, "'iris'" in err) == (2, True)


def test_a_version_is_tagged_described_and_untagged(mlpipe, kept):
    kept("iris")
    kept("iris")
    done = mlpipe("artifact", "tag", "iris@1", "raw", "x", "--meta", "rows=3", "--json")[1]
    assert json.loads(done)["artifact"]["tags"] == ["raw", "x"]
    assert json.loads(done)["artifact"]["metadata"] == {"rows": 3}
    status, out, _ = mlpipe("artifact", "tag", "iris@1", "--remove", "x")
    assert (status, out) == (0, "iris v1: raw\n  rows = 3\n")
    assert listed(mlpipe, "version", "list", "--tag", "raw") == [("iris", 1)]


def test_an_artifact_is_tagged_as_a_whole(mlpipe, kept):
    kept("iris")
    kept("iris")
    assert (
        "all versions: flowers" in mlpipe("artifact", "tag", "iris", "flowers", "--all-versions")[1]
    )
    assert len(listed(mlpipe, "version", "list", "--tag", "flowers")) == 2


def test_a_tag_command_that_says_nothing_or_nonsense_is_refused(mlpipe, kept):
    kept("iris")
    for words in ((), ("--meta", "rows")):
        status, _, err = mlpipe("artifact", "tag", "iris", *words)
        assert (status, err.count("\n")) == (2, 1)


def test_the_stored_files_are_downloaded_as_an_archive(mlpipe, project):
    save_artifact({"a": 1}, "the numbers")
    status, out, _ = mlpipe("artifact", "download", "the numbers")
    assert (status, "wrote the-numbers-1.zip" in out) == (0, True)
    again = mlpipe("artifact", "download", "the numbers")
    assert again[0] == 2
    done = mlpipe("artifact", "download", "the numbers@1", "x.zip", "--json")[1]
    with zipfile.ZipFile(json.loads(done)["file"]) as archive:
        assert archive.namelist() == ["value.json"]


def test_prune_lists_first_and_removes_only_what_nobody_used_named_or_tagged(mlpipe, recorded):
    for tags, version in (((), None), ((), None), (("keep",), None), ((), "v1"), ((), None)):
        save_artifact(1, "loose", version, tags)
    before = sorted(listed(mlpipe, "version", "list"))
    unused = json.loads(mlpipe("artifact", "prune", "--json")[1])["unused"]
    assert sorted(v["version"] for v in unused) == [1, 2]
    assert sorted(listed(mlpipe, "version", "list")) == before
    assert mlpipe("artifact", "prune", "--older-than", "1d", "--json")[1].count('"id"') == 0
    assert "2 versions removed" in mlpipe("artifact", "prune", "--yes")[1]
    assert sorted(listed(mlpipe, "version", "list", "loose")) == [
        ("loose", 3),
        ("loose", 4),
        ("loose", 5),
    ]
    assert "0 versions would be removed" in mlpipe("artifact", "prune")[1]


def test_prune_deletes_the_files_that_nothing_names_a_day_after_their_last_use(mlpipe, recorded):
    for number in range(2):
        save_artifact(bytes([number]) * 100_000, "large")
    assert json.loads(mlpipe("artifact", "prune", "--yes", "--json")[1])["freed"]["nbytes"] == 0
    for file in Path(".mlpipe/artifacts").rglob("*"):
        os.utime(file, (time.time() - 200_000, time.time() - 200_000))
    freed = json.loads(mlpipe("artifact", "prune", "--json")[1])["freed"]["nbytes"]
    assert freed >= 100_000
    assert "of files deleted" in mlpipe("artifact", "prune", "--yes")[1]
    assert json.loads(mlpipe("artifact", "prune", "--json")[1])["freed"]["nbytes"] == 0
    assert load_artifact("large") == b"\1" * 100_000


def test_prune_leaves_files_alone_that_other_projects_may_name(mlpipe, recorded, monkeypatch):
    monkeypatch.setenv("MLPIPE_ARTIFACT_STORE", "shared")
    assert "other projects may store theirs" in mlpipe("artifact", "prune", "--yes")[1]


@pytest.mark.parametrize("store", ["shared", "memory://shared"])
def test_prune_deletes_files_elsewhere_where_it_is_told_that_no_other_project_names_them(
    mlpipe, recorded, monkeypatch, store
):
    monkeypatch.setenv("MLPIPE_ARTIFACT_STORE", store)
    save_artifact(bytes(100_000), "large")
    said = mlpipe("artifact", "prune", "--yes", "--no-other-project")[1]
    assert "of files deleted" in said
    assert load_artifact("large") == bytes(100_000)
