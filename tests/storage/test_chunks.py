"""Chunks in a folder of packs."""

import os
import shutil
import threading

import pytest

from jupyter_mlpipe.model.chunk import CHUNK, Chunk, chunks_of, cut
from jupyter_mlpipe.model.errors import CorruptArtifactError, StorageError
from jupyter_mlpipe.storage.chunks import ChunkFolder

SIZE = 5 * CHUNK + 1000


@pytest.fixture
def root(tmp_path):
    return tmp_path / "packs"


def noise(size=SIZE):
    return bytearray(os.urandom(size))


def put(root, data, sizes=None, folder=None):
    folder = folder or ChunkFolder(root)
    with folder.packing() as packing:
        return packing.add(chunks_of(memoryview(data), sizes or cut(len(data))))


def read(root, digests):
    return bytes(ChunkFolder(root).map(digests).memory)


def packs(root):
    return sorted((p for p in root.iterdir() if len(p.name) == 32), key=lambda p: p.stat().st_ctime)


def overwrite(path, offset, data):
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def test_what_was_packed_comes_back(root):
    data = noise()
    digests = put(root, data)
    assert read(root, digests) == data
    assert ChunkFolder(root).length(digests) == len(data)


def test_one_changed_byte_stores_one_chunk(root):
    data = noise()
    before = put(root, data)
    old = bytes(data)
    data[2 * CHUNK] ^= 1
    after = put(root, data)
    first, second = packs(root)
    assert second.stat().st_size < CHUNK + 1000 < first.stat().st_size
    assert (read(root, before), read(root, after)) == (old, data)


def test_what_is_there_already_is_not_written_again(root):
    data = noise()
    assert put(root, data) == put(root, data)
    assert len(packs(root)) == 1


def test_equal_chunks_of_one_version_are_one(root):
    digests = put(root, bytes(SIZE))
    assert packs(root)[0].stat().st_size < 2 * CHUNK
    assert read(root, digests) == bytes(SIZE)


def test_a_row_that_changed_leaves_the_rows_behind_it_alone(root):
    row = 3 * 65_536 + 8
    data = noise(10 * row)
    sizes = cut(len(data), row)
    put(root, data, sizes)
    data[4 * row : 5 * row] = noise(row)
    assert read(root, put(root, data, sizes)) == data
    assert packs(root)[1].stat().st_size < row + 1000


def test_many_small_packs_are_one_file_again(root):
    data = noise()
    for place in range(0, SIZE, CHUNK):
        put(root, data[: place + 1])
        data[place] ^= 1
    assert read(root, put(root, data)) == data


def test_writing_to_what_was_mapped_changes_nothing(root):
    data = noise()
    digests = put(root, data)
    mapped = ChunkFolder(root).map(digests).memory
    mapped[:] = bytes(SIZE)
    assert read(root, digests) == data


def test_what_is_mapped_outlives_its_pack(root):
    data = noise()
    mapped = ChunkFolder(root).map(put(root, data)).memory
    shutil.rmtree(root)
    assert mapped == data


def test_a_chunk_whose_digest_is_known_is_not_read(root):
    data = noise()
    digests = put(root, data)
    known = [digests[i : i + 32] for i in range(0, len(digests), 32)]
    others = [Chunk(memoryview(bytes(size)), d) for size, d in zip(cut(SIZE), known, strict=True)]
    with ChunkFolder(root).packing() as packing:
        assert packing.add(others) == digests
    assert read(root, digests) == data


def test_memory_that_changed_since_it_was_digested_is_refused(root):
    digest = put(root, b"a" * 5000)
    with pytest.raises(StorageError, match="changed while"), ChunkFolder(root).packing() as packing:
        packing.add([Chunk(memoryview(b"b" * 5000), bytes(32))])
    assert len(packs(root)) == 1
    assert read(root, digest) == b"a" * 5000


@pytest.mark.parametrize("place", [0, CHUNK, SIZE - 1])
@pytest.mark.parametrize("same_process", [True, False])
def test_a_flipped_byte_is_refused(root, place, same_process):
    folder = ChunkFolder(root)
    data = noise()
    digests = put(root, data, folder=folder)
    folder.map(digests)
    overwrite(packs(root)[0], place, bytes([data[place] ^ 1]))
    folder = folder if same_process else ChunkFolder(root)
    with pytest.raises(CorruptArtifactError, match=packs(root)[0].name):
        folder.map(digests)


def test_damage_elsewhere_in_the_pack_does_no_harm(root):
    data = noise()
    digests = put(root, data)
    overwrite(packs(root)[0], SIZE - 1, bytes([data[-1] ^ 1]))
    assert read(root, digests[: 5 * 32]) == data[: 5 * CHUNK]


def test_a_damaged_chunk_is_repaired_when_it_is_put_again(root):
    data = noise()
    digests = put(root, data)
    overwrite(packs(root)[0], CHUNK, b"changed")
    assert put(root, data) == digests
    assert read(root, digests) == data


def test_the_folder_is_the_truth_without_its_index(root):
    data = noise()
    digests = put(root, data)
    for file in root.glob("index.db*"):
        file.unlink()
    assert read(root, digests) == data
    assert put(root, data) == digests
    assert len(packs(root)) == 1


def test_a_pack_that_was_brought_from_elsewhere_is_found(root, tmp_path):
    data = noise()
    digests = put(tmp_path / "other", data)
    folder = ChunkFolder(root)
    put(root, noise(), folder=folder)
    shutil.copy(packs(tmp_path / "other")[0], root)
    assert folder.map(digests).memory == data


def test_a_chunk_that_is_nowhere_is_missing_with_advice(root):
    put(root, noise())
    with pytest.raises(StorageError, match=r"missing.*--no-cache"):
        ChunkFolder(root).map(bytes(32))


def test_a_pack_that_was_deleted_is_stored_again(root):
    data, folder = noise(), ChunkFolder(root)
    digests = put(root, data, folder=folder)
    packs(root)[0].unlink()
    with pytest.raises(StorageError, match="missing"):
        folder.map(digests)
    assert put(root, data, folder=folder) == digests
    assert folder.map(digests).memory == data


def test_a_failure_leaves_nothing_behind(root, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space"):
        put(root, noise())
    assert [p.name for p in root.iterdir() if "index.db" not in p.name] == []


def test_threads_that_store_the_same_leave_it_whole(root):
    data, folder, found = noise(), ChunkFolder(root), []
    threads = [
        threading.Thread(target=lambda: found.append(put(root, data, folder=folder)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert read(root, found[0]) == data


def test_an_interrupted_pack_is_gone(root):
    def store_and_stop():
        with ChunkFolder(root).packing() as packing:
            packing.add(chunks_of(memoryview(noise(40 * CHUNK)), cut(40 * CHUNK)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store_and_stop()
    assert packs(root) == []
    assert not list(root.glob(".*"))


def test_a_cache_lets_go_of_what_was_used_longest_ago(root):
    folder = ChunkFolder(root, most=3 * SIZE)
    kept = [put(root, noise(), folder=folder) for _ in range(3)]
    os.utime(packs(root)[0], (1, 1))
    folder.trim()
    assert len(packs(root)) == 2
    with pytest.raises(StorageError, match="missing"):
        folder.map(kept[0])
    assert len(folder.map(kept[2]).memory) == SIZE
