import hashlib
import io
import json
import tarfile

import pytest

from jupyter_mlpipe.engine import archive as archives
from jupyter_mlpipe.engine.archive import fetch, read_pipeline, unpack
from jupyter_mlpipe.model.errors import PipelineError, StorageError
from jupyter_mlpipe.model.pipeline import Pipeline
from jupyter_mlpipe.model.wire import to_json

PIPELINE = json.dumps(to_json(Pipeline("study", "v", ()))).encode()


def packed(*members):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for member, content in members:
            entry = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return data.getvalue()


def opened(data, folder):
    return unpack(data, hashlib.sha256(data).hexdigest(), folder)


def test_what_was_packed_comes_back(tmp_path):
    data = packed(("pipeline.json", PIPELINE), ("definitions/a.py", b"import os\n"))
    unpacked = opened(data, tmp_path)
    assert unpacked.pipeline.name == "study"
    assert unpacked.definitions("a") == "import os\n"


def test_a_changed_byte_is_refused_before_anything_is_written(tmp_path):
    data = packed(("pipeline.json", PIPELINE))
    with pytest.raises(PipelineError, match="changed or cut short"):
        unpack(data[:-1], hashlib.sha256(data).hexdigest(), tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "a\\..\\x", "C:x", ".."])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    with pytest.raises(PipelineError, match="refused"):
        opened(packed(("ok", b"1"), (name, b"")), tmp_path / "in" / "side")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_are_refused(tmp_path, kind):
    member = tarfile.TarInfo("link")
    member.type, member.linkname = kind, "/etc/passwd"
    with pytest.raises(PipelineError, match="not a plain file"):
        opened(packed((member, b"")), tmp_path)


def test_a_size_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 1000)
    with pytest.raises(PipelineError, match="more than"):
        opened(packed(("a", bytes(600)), ("b", bytes(600))), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_file_used_as_a_folder_is_refused(tmp_path):
    with pytest.raises(PipelineError, match="file as a folder"):
        opened(packed(("a", b"1"), ("a/b", b"2")), tmp_path)


@pytest.mark.parametrize("data", [b"", b"no archive", b"\x1f\x8b\x08"])
def test_what_is_no_archive_is_refused(tmp_path, data):
    with pytest.raises(PipelineError):
        opened(data, tmp_path)


def test_a_newer_form_asks_for_an_update():
    newer = json.dumps(to_json(Pipeline("study", "v", (), ir_version=99))).encode()
    with pytest.raises(PipelineError, match="Update jupyter_mlpipe"):
        read_pipeline(newer)


def test_a_missing_archive_is_a_storage_problem(tmp_path):
    with pytest.raises(StorageError, match="cannot be read"):
        fetch(str(tmp_path / "none.tar.gz"))


def test_an_archive_comes_from_any_url(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(b"x")
    assert fetch(f"file://{tmp_path}/a.tar.gz") == b"x"
