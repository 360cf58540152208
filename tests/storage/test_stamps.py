"""Files as they look from outside."""

import os
import time

import pytest

from jupyter_mlpipe.storage.stamps import is_vouched, look_at, settle, vouched


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return path


def written(path):
    with path.open("r+b") as file:
        settle(file.fileno(), 0o644)
    return look_at(path)


def test_a_write_is_seen_whatever_is_done_to_the_times(file):
    for _ in range(50):
        before, stat = written(file), file.stat()
        with file.open("r+b") as opened:
            opened.write(b"c")
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert look_at(file) != before


def test_reading_changes_nothing(file):
    before = written(file)
    file.read_bytes()
    assert look_at(file) == before


def test_a_copy_is_another_file(file, tmp_path):
    (tmp_path / "copy").write_bytes(file.read_bytes())
    assert look_at(tmp_path / "copy") != look_at(file)


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_that_looks_the_same_is_vouched_for(file, durable):
    look = look_at(file)
    assert is_vouched(vouched(look, durable=durable), look)
    assert not is_vouched(vouched(look, durable=durable), look + "0")
    assert not is_vouched("", look)


def test_what_may_not_be_on_disk_is_trusted_until_the_machine_starts_anew(file):
    look = look_at(file)
    assert vouched(look, durable=False) != look
    assert not is_vouched(f"{look} until another boot", look)


def test_a_clock_that_is_set_back_is_not_waited_for(file, monkeypatch):
    set_back = lambda clock: time.time_ns() - 3600 * 10**9  # noqa: E731
    monkeypatch.setattr(time, "clock_gettime_ns", set_back)
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("waited"))
    for _ in range(50):
        written(file)
