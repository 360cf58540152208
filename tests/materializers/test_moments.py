"""What memory held when it was stored."""

import numpy as np
import pytest

from jupyter_mlpipe.materializers.buffers import LARGE, BufferDigests
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.moments import Moment
from jupyter_mlpipe.materializers.pages import open_tracker
from jupyter_mlpipe.model.chunk import cut


@pytest.fixture(params=["watched", "read"])
def buffers(request):
    tracker = open_tracker() if request.param == "watched" else None
    yield BufferDigests(tracker)
    if tracker is not None:
        tracker.close()


def noise(seed=0):
    return np.random.default_rng(seed).integers(0, 256, 3 * LARGE + 5, "u1")


def test_a_digest_is_the_same_with_and_without_what_is_remembered(buffers):
    pd = pytest.importorskip("pandas")
    grid = noise()[:-5].reshape(3, -1)
    for value in (noise(), grid, grid.T, grid[:, ::2], pd.DataFrame(grid.T.copy()), [grid, "x"]):
        for _ in range(2):
            assert content_digest(value, Moment(buffers)) == content_digest(value)


def test_what_was_stored_counts_whatever_is_written_afterwards(buffers):
    array = noise()
    before = content_digest(array)
    moment = Moment(buffers)
    found = moment.known(memoryview(array), 0)
    if None in found:
        found = [bytes([i]) * 32 for i in range(len(cut(array.nbytes)))]
        moment.settle(memoryview(array), 0, found)
        before = content_digest(array, moment)
    array[5] ^= 1
    assert content_digest(array, moment) == before != content_digest(array)


def test_memory_that_is_used_again_within_a_moment_is_read_again(buffers):
    moment = Moment(buffers)
    digests = {content_digest(noise(seed), moment) for seed in range(20)}
    assert digests == {content_digest(noise(seed)) for seed in range(20)}
    assert len(digests) == 20
