"""What is remembered of packs."""

import os

import pytest

from jupyter_mlpipe.storage.index import ChunkIndex

ONE, TWO = bytes(32), b"\1" * 32


@pytest.fixture
def path(tmp_path):
    return tmp_path / "index.db"


def test_a_chunk_is_in_each_pack_that_holds_it_the_newest_first(path):
    index = ChunkIndex(path)
    index.add("a", ONE + TWO, "as it is")
    index.add("b", TWO, "")
    assert ChunkIndex(path).packs_of([ONE, TWO, b"\2" * 32]) == {ONE: ["a"], TWO: ["b", "a"]}
    assert (index.packs(), index.stamp("a"), index.stamp("c")) == ({"a", "b"}, "as it is", "")


def test_a_pack_that_is_gone_is_forgotten(path):
    index = ChunkIndex(path)
    index.add("a", ONE, "")
    index.add("b", ONE, "")
    index.remove(["a"])
    assert index.packs_of([ONE]) == {ONE: ["b"]}


def test_many_chunks_are_asked_for_at_once(path):
    many = [number.to_bytes(32) for number in range(3000)]
    ChunkIndex(path).add("a", b"".join(many), "")
    assert len(ChunkIndex(path).packs_of(many)) == 3000


@pytest.mark.parametrize("damage", [b"no database" * 1000, b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_database_is_begun_anew(path, damage):
    path.write_bytes(damage)
    index = ChunkIndex(path)
    assert index.packs() == frozenset()
    index.add("a", ONE, "")
    assert ChunkIndex(path).packs_of([ONE]) == {ONE: ["a"]}


def test_where_no_file_can_be_it_is_kept_in_memory(tmp_path):
    (tmp_path / "file").write_text("no folder")
    index = ChunkIndex(tmp_path / "file" / "index.db")
    index.add("a", ONE, "")
    assert index.packs_of([ONE]) == {ONE: ["a"]}


def test_a_forked_child_has_a_connection_of_its_own(path):
    index = ChunkIndex(path)
    index.add("a", ONE, "")
    child = os.fork()
    if child == 0:
        index.add("b", TWO, "")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert index.packs() == {"a", "b"}
