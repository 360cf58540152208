import os
import threading

import pytest

from jupyter_mlpipe.storage.flushing import LaterFlush


class Disk:
    """Stands in the place of `os.fsync`, and holds everybody up until it is let go."""

    def __init__(self, failure=None):
        self.go = threading.Event()
        self.flushed = threading.Semaphore(0)
        self.failure = failure

    def __call__(self, file):
        os.fstat(file)  # it is open still
        self.go.wait(60)
        self.flushed.release()
        if self.failure is not None:
            raise self.failure


def written(tmp_path, name):
    file = (tmp_path / name).open("wb")
    file.write(b"content")
    return file


def test_nobody_waits_for_the_disk(tmp_path, monkeypatch):
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk)
    flush = LaterFlush()
    for name in "abc":
        with written(tmp_path, name) as file:
            flush(file)
    disk.go.set()
    assert all(disk.flushed.acquire(timeout=60) for _ in "abc")


def test_when_the_disk_does_not_keep_up_it_is_waited_for(tmp_path, monkeypatch):
    disk, flush = Disk(), LaterFlush()
    monkeypatch.setattr(os, "fsync", disk)
    with written(tmp_path, "a") as file:
        for _ in range(33):  # one of them is on its way
            flush(file)
        writer = threading.Thread(target=lambda: [flush(file) for _ in range(3)])
        writer.start()
        writer.join(0.2)
        assert writer.is_alive()
        disk.go.set()
        writer.join(60)
    assert not writer.is_alive()


def test_a_disk_that_fails_is_told_of_at_the_next_write(tmp_path, monkeypatch):
    disk, flush = Disk(OSError(5, "broken")), LaterFlush()
    monkeypatch.setattr(os, "fsync", disk)
    disk.go.set()
    with written(tmp_path, "a") as file, pytest.raises(OSError, match="broken"):
        flush_often(flush, file, disk)


def flush_often(flush, file, disk):
    for _ in range(1000):
        flush(file)
        disk.flushed.acquire(timeout=60)
