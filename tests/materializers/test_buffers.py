"""Digests of large arrays, with and without pages that Linux watches."""

import contextlib
import mmap
import sys
import threading

import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpipe.materializers import buffers as buffers_module
from jupyter_mlpipe.materializers.buffers import LARGE, BufferDigests, digests_of
from jupyter_mlpipe.materializers.memory import is_private
from jupyter_mlpipe.materializers.pages import open_tracker
from jupyter_mlpipe.storage.scratch import ScratchFolders


@pytest.fixture
def buffers():
    tracker = open_tracker()
    yield BufferDigests(tracker)
    if tracker is not None:
        tracker.close()


def read(buffers, array):
    """What its digest must be, whatever is remembered."""
    if not buffers.tracks or array.nbytes < LARGE:
        return BufferDigests(None).digest(array)
    return xxhash.xxh3_128_digest(b"".join(digests_of(array)))


def noise(count=3 * LARGE, seed=0):
    return np.random.default_rng(seed).integers(0, 256, count, "u1")


def test_an_element_written_in_any_way_is_noticed(buffers):
    array = noise()
    before = buffers.digest(array)
    assert buffers.digest(array) == before
    array[LARGE + 5] += 1
    changed = buffers.digest(array)
    assert changed == read(buffers, array) != before
    array[LARGE + 5] -= 1
    assert buffers.digest(array) == before


def test_a_write_through_one_view_reaches_every_other(buffers):
    array = noise()
    views = [array, array[1000:], array[::2], array.reshape(3, -1).T]
    for view in views:
        buffers.digest(view)
    views[1][-1] += 1
    array[2] += 1
    for view in views:
        assert buffers.digest(view) == read(buffers, view)


def test_memory_lent_to_another_array_is_read_again(buffers):
    for seed in range(20):
        array = noise(seed=seed)
        assert buffers.digest(array) == read(buffers, array)
        del array


def test_an_array_that_was_resized_is_read_again(buffers):
    array = noise()
    buffers.digest(array)
    array.resize(LARGE, refcheck=False)
    array.resize(3 * LARGE, refcheck=False)
    assert buffers.digest(array) == read(buffers, array)


@pytest.mark.parametrize("fill", [0, 1])
def test_untouched_zeros_are_zeros(buffers, fill):
    array = np.zeros(10 * LARGE + 5, "u1")
    array[2 * LARGE] = fill
    assert buffers.digest(array) == read(buffers, array)
    array[7 * LARGE + 3] = 1
    assert buffers.digest(array) == read(buffers, array)
    assert buffers.digest(array[5:]) == read(buffers, array[5:])


def test_looking_at_untouched_zeros_takes_no_memory(buffers):
    if not buffers.tracks:
        pytest.skip("this system tells nothing of written pages")
    array = np.zeros(4 << 30, "u1")
    before = resident()
    buffers.digest(array)
    buffers.digest(array)
    assert resident() - before < 100 << 20


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * mmap.PAGESIZE


def test_memory_that_others_may_write_to_is_always_read(buffers, tmp_path):
    path = tmp_path / "shared"
    path.write_bytes(noise().tobytes())
    for mode in ("r+", "c"):
        array = np.memmap(path, mode=mode)
        before = buffers.digest(array)
        with path.open("r+b") as file:
            file.seek(2 * LARGE)
            file.write(bytes([array[2 * LARGE] ^ 1]))
        assert buffers.digest(array) == read(buffers, array) != before


def test_an_interrupt_while_asking_forgets_no_write(buffers, monkeypatch):
    array = noise()
    before = buffers.digest(array)
    array[0] += 1
    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(buffers_module, "_soil", interrupted)
        buffers.digest(array[10:])
    assert buffers.digest(array) == read(buffers, array) != before


def interrupted(*_):
    raise KeyboardInterrupt


def test_writes_of_another_thread_are_noticed_in_the_end(buffers):
    array = np.zeros(8 * LARGE, "u1")
    stop = threading.Event()

    def write():
        while not stop.is_set():
            array[:: LARGE // 2] += 1

    thread = threading.Thread(target=write)
    thread.start()
    for _ in range(20):
        buffers.digest(array)
    stop.set()
    thread.join()
    assert buffers.digest(array) == read(buffers, array)


shapes = st.sampled_from([(3 * LARGE,), (3, LARGE), (LARGE // 2, 6), (LARGE + 17,)])
slices = st.tuples(st.integers(0, LARGE // 4), st.integers(1, 3), st.booleans())
writes = st.lists(st.tuples(st.integers(0, LARGE), st.integers(0, 255)), max_size=3)


@settings(max_examples=25, deadline=None)
@given(shapes, st.lists(slices, min_size=1, max_size=4), st.lists(writes, max_size=4))
def test_digests_are_those_of_the_bytes_whatever_was_written_before(shape, cuts, rounds):
    tracker = open_tracker()
    buffers = BufferDigests(tracker)
    array = np.zeros(shape, "u1")
    flat = array.reshape(-1)
    views = [array, *(flat[start::step][:: -1 if turned else 1] for start, step, turned in cuts)]
    for written in rounds:
        for at, byte in written:
            flat[at] = byte
        assert [buffers.digest(v) for v in views] == [read(buffers, v) for v in views]
    if tracker is not None:
        tracker.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells of maps")
def test_what_was_mapped_from_a_temporary_folder_of_ours_is_private(tmp_path):
    with ScratchFolders().folder() as folder:
        np.zeros(100_000).tofile(folder / "ours")
        ours = np.memmap(folder / "ours", mode="c")
    np.zeros(100_000).tofile(tmp_path / "theirs")
    assert is_private(ours)
    assert not is_private(np.memmap(tmp_path / "theirs", mode="c"))
