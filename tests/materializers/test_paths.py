import json
import os
import shutil
from pathlib import Path, PurePosixPath

import pytest

from jupyter_mlpipe.materializers.paths import FilesMaterializer
from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.model.errors import ValueNotLoadableError
from jupyter_mlpipe.testing.materializers import MaterializerContract


@pytest.fixture
def kept(tmp_path):
    """Stores a path, and gives what loads it."""

    def keep(path):
        store = tmp_path / "store"
        store.mkdir()
        FilesMaterializer().save(path, store)
        return lambda: FilesMaterializer().load(store)

    return keep


def a_folder(place):
    (place / "deep er" / "é").mkdir(parents=True)
    (place / "empty").mkdir()
    (place / "deep er" / "é" / "x.bin").write_bytes(bytes(range(256)))
    (place / "same.bin").write_bytes(b"")
    (place / "run").write_text("#!")
    (place / "run").chmod(0o755)
    return place


class TestFilesMaterializer(MaterializerContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path_factory):
        self.folder = tmp_path_factory.mktemp("made")

    def materializer(self):
        return FilesMaterializer()

    def samples(self):
        folder = self.folder / "folder"
        if not folder.exists():
            a_folder(folder)
        long = self.folder / ("é" * 120)
        long.write_text("long name")
        return [folder, folder / "run", folder / "empty", long]


def test_a_folder_is_found_again_where_it_is_not(kept, tmp_path):
    path = a_folder(tmp_path / "folder")
    load = kept(path)
    shutil.rmtree(path)
    assert load() == path
    assert (path / "deep er" / "é" / "x.bin").read_bytes() == bytes(range(256))
    assert (path / "empty").is_dir()
    assert os.access(path / "run", os.X_OK)


def test_a_relative_path_leads_to_the_file_from_another_folder(kept, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("out.txt").write_text("x")
    load = kept(Path("out.txt"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load().read_text() == "x"


def test_what_lies_there_is_never_written_over(kept, tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("stored")
    load = kept(path)
    path.write_text("newer!")
    with pytest.warns(UserWarning, match="something else by now"):
        assert load() == path
    assert path.read_text() == "newer!"


def test_missing_files_of_a_folder_are_added_to_it(kept, tmp_path):
    path = a_folder(tmp_path / "folder")
    load = kept(path)
    (path / "run").unlink()
    (path / "mine").write_text("beside")
    load()
    assert (path / "run").read_text() == "#!"
    assert (path / "mine").read_text() == "beside"


def test_what_was_taken_away_since_is_not_put_there_again(kept, tmp_path):
    path = a_folder(tmp_path / "folder")
    kept(path)
    shutil.rmtree(path)
    gone = {str(path / "deep er"), str(path / "run")}
    assert FilesMaterializer().load_without(tmp_path / "store", gone) == path
    assert sorted(found.name for found in path.iterdir()) == ["empty", "same.bin"]


def test_files_that_cannot_be_put_there_are_named(kept, tmp_path):
    path = tmp_path / "folder" / "out.txt"
    path.parent.mkdir()
    path.write_text("x")
    load = kept(path)
    shutil.rmtree(path.parent)
    path.parent.write_text("a file now")
    with pytest.raises(ValueNotLoadableError, match="cannot be put there again"):
        load()


@pytest.mark.parametrize("within", ["../out", "/etc/out", "a/../../out"])
def test_nothing_is_written_beside_the_path(kept, tmp_path, within):
    path = a_folder(tmp_path / "folder")
    load = kept(path)
    index = tmp_path / "store" / "path.json"
    told = json.loads(index.read_bytes())
    told["files"][0][0] = within
    index.write_text(json.dumps(told))
    with pytest.raises(ValueNotLoadableError, match="lies elsewhere"):
        load()


def test_paths_to_nothing_and_links_are_not_accepted(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    for path in (tmp_path / "nothing", tmp_path / "link", tmp_path, PurePosixPath("/"), "/tmp"):
        assert not FilesMaterializer().accepts(path)


def test_a_path_is_but_a_name_unless_asked_otherwise(tmp_path):
    (tmp_path / "x").write_text("x")
    assert default_registry().for_value(tmp_path / "x").name == "plain"
    assert default_registry().named("files").accepts(tmp_path / "x")


def test_the_summary_counts_and_the_preview_lists(tmp_path):
    path = a_folder(tmp_path / "folder")
    summary = FilesMaterializer().summary(path)
    assert (summary["files"], summary["bytes"]) == (3, 258)
    assert ("folder/run", "2") in FilesMaterializer().preview(path).rows
