from pathlib import Path

import pytest

from jupyter_mlpipe.engine.archive import fetch
from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.pipelines.codestore import local_copy, locate, store


def test_an_archive_is_found_under_its_digest(tmp_path):
    kept = store(b"code", str(tmp_path / "artifacts"), tmp_path / "home")
    assert kept.uri.endswith(f"code/{kept.sha256}.tar.gz")
    assert fetch(kept.uri) == b"code"
    assert kept == store(b"code", str(tmp_path / "artifacts"), tmp_path / "home")


def test_with_remote_artifacts_it_is_kept_beside_them_and_here(tmp_path):
    kept = store(b"code", "memory://team/artifacts", tmp_path / "home")
    assert kept.uri.startswith("memory://team/artifacts/code/")
    assert fetch(kept.uri) == fetch(str(local_copy(kept.sha256, tmp_path / "home"))) == b"code"


def test_locating_writes_nothing(tmp_path):
    locate(b"code", str(tmp_path), tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_a_damaged_copy_is_written_anew(tmp_path):
    kept = store(b"code", str(tmp_path), tmp_path / "home")
    Path(kept.uri).write_bytes(b"broken")
    assert fetch(store(b"code", str(tmp_path), tmp_path / "home").uri) == b"code"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StorageError, match="cannot be stored at"):
        store(b"code", str(tmp_path), tmp_path / "home")
