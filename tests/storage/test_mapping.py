"""Stretches of files as one block of memory."""

import os
import random
from array import array

import pytest

from jupyter_mlpipe.storage import mapping
from jupyter_mlpipe.storage.mapping import Stretch, gather

PAGE = 4096


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(os.urandom(40 * PAGE))
    return path


def stretch(path, offset, *sizes):
    return Stretch(path, offset, array("I", sizes))


def expected(stretches):
    return b"".join(s.path.read_bytes()[s.offset : s.offset + s.length] for s in stretches)


@pytest.mark.parametrize("most", [0, 20_000])
def test_stretches_of_any_place_and_length_are_put_together(file, monkeypatch, most):
    monkeypatch.setattr(mapping, "_MOST", most)
    chance = random.Random(0)
    for _ in range(200):
        offsets = [chance.randrange(0, 20 * PAGE) for _ in range(chance.randint(1, 6))]
        stretches = [stretch(file, o, chance.randint(1, 19 * PAGE)) for o in offsets]
        assert bytes(gather(stretches).memory) == expected(stretches)


def test_rows_that_begin_within_a_page_are_mapped_and_not_read(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # reading it would take minutes
    row = (1 << 38) + 8
    memory = gather(
        [stretch(path, row, *[1 << 30] * 256, 8), stretch(path, 2 * row, 1 << 20)]
    ).memory
    assert len(memory) == row + (1 << 20)
    assert not any(memory[row - 1000 : row + 1000])


def test_numbers_in_it_are_aligned(file):
    np = pytest.importorskip("numpy")
    for offset in (0, 8, 100, 1000, 5000):
        memory = gather([stretch(file, offset, 16 * PAGE)]).memory
        assert np.frombuffer(memory, "f8").flags.aligned


def test_writing_to_it_leaves_the_file_alone(file):
    before = file.read_bytes()
    memory = gather([stretch(file, 100, 20 * PAGE)]).memory
    memory[:] = bytes(20 * PAGE)
    assert file.read_bytes() == before


def test_a_file_that_ends_too_early_is_an_error(file):
    with pytest.raises(EOFError):
        gather([stretch(file, 39 * PAGE + 1, PAGE)])


def test_whoever_asked_is_told_before_the_memory_is_given_back(file):
    mapped, told = gather([stretch(file, 0, 20 * PAGE)]), []
    mapped.region.released = lambda: told.append("released")
    part = mapped.memory[5:]
    del mapped
    assert (told, len(part)) == ([], 20 * PAGE - 5)
    del part
    assert told == ["released"]


def test_what_was_read_at_once_is_told(file):
    assert gather([stretch(file, 8, 20 * PAGE)]).read < 2 * PAGE
    assert gather([stretch(file, 0, 4 * PAGE), stretch(file, 9, 3 * PAGE)]).read == 3 * PAGE
