"""What Linux tells of written pages; without it there is nothing to test."""

import mmap
import os
import sys

import numpy as np
import pytest

from jupyter_mlpipe.materializers.pages import open_tracker

SIZE = mmap.PAGESIZE


@pytest.fixture
def tracker():
    opened = open_tracker()
    if opened is None:
        pytest.skip("this system tells nothing of written pages")
    yield opened
    opened.close()


def place(memory):
    return np.frombuffer(memory, np.uint8).__array_interface__["data"][0]


@pytest.fixture
def memory():
    return mmap.mmap(-1, 64 * SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def pages(tracker, memory, start=0, end=64 * SIZE):
    address = place(memory)
    found = tracker.written(address + start, address + end)
    return [((a - address) // SIZE, (b - address) // SIZE) for a, b, _ in found]


def test_the_first_look_tells_filled_pages_from_untouched_ones(tracker, memory):
    memory[3 * SIZE] = 1
    address = place(memory)
    found = tracker.watch(address, address + 64 * SIZE)
    assert [r for r in found if r[2]] == [(address + 3 * SIZE, address + 4 * SIZE, True)]


def test_a_page_is_told_once_after_each_write(tracker, memory):
    tracker.watch(place(memory), place(memory) + 64 * SIZE)
    memory[5 * SIZE + 7] = 1
    assert pages(tracker, memory) == [(5, 6)]
    assert pages(tracker, memory) == []
    memory[5 * SIZE + 7] = 1
    assert pages(tracker, memory) == [(5, 6)]


def test_reading_is_no_writing(tracker, memory):
    tracker.watch(place(memory), place(memory) + 64 * SIZE)
    assert sum(memory[:]) == 0
    assert pages(tracker, memory) == []


def test_the_system_writing_into_memory_counts(tracker, memory):
    tracker.watch(place(memory), place(memory) + 64 * SIZE)
    with open("/dev/zero", "rb", buffering=0) as zeros:
        zeros.readinto(memoryview(memory)[SIZE : SIZE + 10])
    assert pages(tracker, memory) == [(1, 2)]


def test_pages_given_back_to_the_system_count(tracker, memory):
    memory[:] = b"x" * len(memory)
    tracker.watch(place(memory), place(memory) + 64 * SIZE)
    memory.madvise(mmap.MADV_DONTNEED, 0, 2 * SIZE)
    assert pages(tracker, memory) == [(0, 2)]


def test_part_of_a_page_counts_as_all_of_it(tracker, memory):
    tracker.watch(place(memory) + 10, place(memory) + 20)
    memory[4000] = 1
    assert pages(tracker, memory, 10, 20) == [(0, 1)]


def test_many_scattered_pages_are_all_told(tracker):
    memory = mmap.mmap(-1, 4000 * SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    tracker.watch(place(memory), place(memory) + len(memory))
    for page in range(0, 4000, 2):
        memory[page * SIZE] = 1
    assert len(pages(tracker, memory, 0, len(memory))) == 2000


def test_nothing_is_told_of_memory_that_is_not_watched(tracker, memory):
    assert tracker.written(place(memory), place(memory) + SIZE) is None


def test_a_forked_process_is_told_nothing(tracker, memory):
    address = place(memory)
    tracker.watch(address, address + SIZE)
    memory[0] = 1
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os._exit(0 if tracker.written(address, address + SIZE) is None else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert pages(tracker, memory, 0, SIZE) == [(0, 1)]


def test_a_private_map_tells_what_is_the_files_no_more_without_being_watched(tracker, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * (16 * SIZE // 256))
    with path.open("rb") as file:
        memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    address = place(memory)

    def altered():
        found = tracker.altered(address, address + 16 * SIZE)
        return [((a - address) // SIZE, (b - address) // SIZE) for a, b, _ in found]

    assert altered() == []
    memory[:]  # reading makes no difference
    assert altered() == []
    memory[3 * SIZE] = memory[3 * SIZE]
    assert altered() == altered() == [(3, 4)]
    tracker.watch(address, address + 16 * SIZE)
    memory[5 * SIZE + 7] = 1
    assert altered() == [(3, 4), (5, 6)]
